"""What can go wrong at start, said in one line to the person at the terminal."""


class RunError(Exception):
    """The start can't go on; the message is one line that names what to do."""


class Stopped(Exception):
    """Ctrl-C or SIGTERM came while something was still starting."""


class StartFailed(RunError):
    """A part ended or stayed silent before it was ready; `tail` holds the end of its log."""

    def __init__(self, message: str, tail: list[str]) -> None:
        super().__init__(message)
        self.tail = tail
