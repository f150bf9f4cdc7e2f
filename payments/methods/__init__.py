"""Payment methods: approved on a chain or set up at a gateway, described, made the default, removed, looked after.

A file per verb. Whatever calls out does so outside any transaction; what it learns is stored with its time.
"""

from payments.methods.approve import DEFAULT, Added, activate, add, ask, ask_again, keep, look, use
from payments.methods.check import Need, check
from payments.methods.default import default_of, make_default
from payments.methods.describe import describe
from payments.methods.due import waiting, work
from payments.methods.remove import remove
from payments.methods.setup import (
    Begun,
    begin,
    keep_setup,
    look_at_setup,
    setup_may_be_done,
    take_setup,
)

__all__ = [
    "DEFAULT", "Added", "Begun", "Need", "activate", "add", "ask", "ask_again", "begin", "check", "default_of",
    "describe", "keep", "keep_setup", "look", "look_at_setup", "make_default", "remove", "setup_may_be_done",
    "take_setup", "use", "waiting", "work",
]  # fmt: skip
