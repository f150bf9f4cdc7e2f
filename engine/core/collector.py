"""Python's cycle collector leaves alone what a process loads at its start and keeps until its end.

A boot makes 180 000 objects that all stay. The collector would look through them again and again, and so would the
interpreter's end: together a quarter of the CPU of a short command, and most of what an idle worker needs to end,
where a stop has ten processes end side by side. In a forked child each look would copy the pages that it shares.
"""

import atexit
import gc

_USUAL = gc.get_threshold()
_RARELY = 50_000


def loading() -> None:
    """From here on what is made is likely to stay: look for garbage rarely. At the end look at nothing any more."""
    gc.set_threshold(_RARELY, *_USUAL[1:])
    atexit.register(gc.freeze)


def loaded() -> None:
    """What is there by now stays and is never looked at again; from here on garbage is looked for as usual."""
    gc.freeze()
    gc.set_threshold(*_USUAL)
