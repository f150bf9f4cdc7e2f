"""manage.py create_api_key"""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from engine.core import clock
from engine.core.actor import of_shell
from engine.rest import ids, keys, scopes
from ops import arguments
from ops.console import Answer, AnsweringCommand, Table

_MOST_DAYS = 3650


def _days(text: str) -> float:
    days = arguments.above_zero(text)
    if days > _MOST_DAYS:
        raise ArgumentTypeError(f"must be {_MOST_DAYS} at most")
    return days


class Command(AnsweringCommand):
    help = (
        "Make a key for the REST API and print it. It is shown this once and stored as a digest alone. Send it as "
        "`Authorization: Bearer <key>`."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="whose it is: shown in the audit and in lists")
        parser.add_argument(
            "--scope", action="append", metavar="SCOPE", choices=scopes.SCOPES,
            help=f"what it may do, may be repeated (default {scopes.READ_ALL}); there are: {', '.join(scopes.SCOPES)}",
        )  # fmt: skip
        parser.add_argument(
            "--days",
            type=_days,
            metavar="N",
            help=f"it ends after so many days, {_MOST_DAYS} at most (default: never)",
        )

    def work(self, **options: Any) -> Answer:
        ends = options["days"] and clock.machine_now() + timedelta(days=options["days"])
        made = keys.create(
            options["name"], options["scope"] or [scopes.READ_ALL], by=of_shell(), expires_at=ends
        )
        return answer(made)


def answer(made: keys.Made) -> Answer:
    """The key with its secret."""
    key = made.key
    data = {
        "id": ids.show("key", key.pk), "name": key.name, "scopes": key.scopes, "expires_at": key.expires_at,
        "secret": made.secret,
    }  # fmt: skip
    rows = [(name.replace("_", " "), ", ".join(value) if isinstance(value, list) else value or "never")
            for name, value in data.items()]  # fmt: skip
    return Answer(data, [Table("API key", ("", ""), rows)], ["Keep the secret now: it can't be shown again."])
