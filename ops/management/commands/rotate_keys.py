"""manage.py rotate_keys"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.db.models import Q

from engine.core.actor import of_shell
from engine.core.errors import Refusal
from engine.rest import ids, keys
from engine.rest.models import ApiKey
from ops import arguments, console, rewrap
from ops.console import Answer, AnsweringCommand, Table
from ops.management.commands.create_api_key import answer


class Command(AnsweringCommand):
    help = (
        "With --api-key: a new secret for a REST key; the old one goes on for the overlap. With --fields: encrypt the "
        "columns at rest with the newest of FIELD_KEYS, in batches, while everything runs; when nothing is left under "
        "an older key, take that key out of FIELD_KEYS."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument(
            "--api-key", metavar="KEY", help="its id, the beginning of its secret, or its name"
        )
        which.add_argument("--fields", action="store_true", help="the columns that FIELD_KEYS encrypt")
        parser.add_argument(
            "--overlap-hours", type=arguments.zero_or_more, default=24.0, metavar="H",
            help="the old API key works for so long (default %(default)g; 0: it ends now)",
        )  # fmt: skip
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be changed, change nothing"
        )

    def work(self, **options: Any) -> Answer:
        return _fields(options["dry_run"]) if options["fields"] else _api_key(options)


def _api_key(options: dict[str, Any]) -> Answer:
    key = _find(options["api_key"])
    hours = options["overlap_hours"]
    if options["dry_run"]:
        data = {"dry_run": True, "id": ids.show("key", key.pk), "name": key.name, "overlap_hours": hours}
        return Answer(data, notes=[f"Would rotate {key}; the old one would work for {hours:g} h more."])
    made = keys.rotate(key.pk, overlap_seconds=round(hours * 3600), by=of_shell())
    shown = answer(made)
    note = f"The old one ({key.prefix}…) works for {hours:g} h more."
    return shown._replace(
        data={"dry_run": False, **shown.data, "overlap_hours": hours}, notes=[*shown.notes, note]
    )


def _find(term: str) -> ApiKey:
    named = Q(name=term) | Q(prefix=term[:14]) if len(term) >= 14 else Q(name=term)
    key_id = ids.read("key", term)
    live = ApiKey.objects.filter(revoked_at=None)
    found = list(live.filter(Q(pk=key_id) if key_id else named).order_by("-pk")[:3])
    found = [key for key in found if not live.filter(rotated_from=key).exists()]
    if len(found) != 1:
        why = "there is no live key" if not found else "there are several keys"
        raise Refusal("key_unknown", f"{why} {term!r}; name it by its id (GET /api/keys)", param="key")
    return found[0]


def _fields(dry_run: bool) -> Answer:
    with console.progress() as bar:
        task = bar.add_task("rows", total=None)
        done = rewrap.fields(dry_run=dry_run, say=lambda seen: bar.update(task, completed=seen))
    data = {"dry_run": dry_run, **done._asdict()}
    word = "would be encrypted anew" if dry_run else "encrypted anew"
    rows = [("rows", done.seen), (word, done.rewrapped), ("no key opens", done.unreadable)]
    notes = ["Nothing was written." if dry_run else "Every readable row is under the newest key."]
    failure = "some rows can't be opened: put their key back into FIELD_KEYS" if done.unreadable else ""
    return Answer(
        data, [Table("Signed transactions and callbacks at rest", ("", "count"), rows)], notes, failure
    )
