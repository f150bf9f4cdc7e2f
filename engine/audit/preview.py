"""A verb on chosen rows: first what it would do to each, found by doing it and rolling back; then, with a
reason, for real and one by one. The selection is frozen in the form. Who may is the verb's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import structlog
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme

from engine.audit.act import check_reason
from engine.audit.models import Entry
from engine.core import money
from engine.core.actor import Actor, NotAllowed, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.core.readonly import ReadOnly, Rows, actor, key_of, list_of
from engine.core.timeline import changes

MOST = 100  # rows at once: each is done twice, and an answer must come within seconds
Verb = Callable[..., object]  # verb(pk, reason=, by=)
_YOURS = "(your reason)"
_BUSY = "somebody else has it at this moment; try again"


class Foreseen(NamedTuple):
    """One row of a preview: what would change, or why it is left out."""

    key: str
    label: str
    worth: str
    changes: list[tuple[str, str, str]]
    refused: str


class Verbs:
    """The verbs of a page's rows. Buttons are shown by role; a posted verb reaches the verb, and that refuses."""

    actions: Any = ()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = super().get_actions(request)  # type: ignore[misc]
        found.pop("delete_selected", None)
        if request.method == "POST":
            return found
        role = actor(request).role
        return {name: each for name, each in found.items() if role >= getattr(each[0], "role", Role.OPERATOR)}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """What is chosen is what can be a key: Django itself asks the database for anything else, and fails."""
        if request.method == "POST":
            post, model = request.POST.copy(), self.model  # type: ignore[attr-defined]
            chosen = post.getlist("_selected_action")
            post.setlist("_selected_action", [text for text in chosen if key_of(model, text) is not None])
            request.POST = post  # type: ignore[assignment]
        return super().changelist_view(request, extra_context)  # type: ignore[misc]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "",
                    extra_context: dict[str, Any] | None = None) -> HttpResponse:  # fmt: skip
        role = actor(request).role
        found = [getattr(self, each) if isinstance(each, str) else each for each in self.actions]
        buttons = [(each.__name__, each.short_description) for each in found if role >= each.role]
        pk = unquote(object_id)
        more = {"buttons": buttons, "row": {"pk": pk}, "links": [self.audit(pk)], **(extra_context or {})}
        shown: HttpResponse = super().change_view(request, object_id, form_url, more)  # type: ignore[misc]
        return shown

    def audit(self, pk: object) -> tuple[str, str]:
        """The link to all that was done to a row."""
        kind = self.model._meta.model_name  # type: ignore[attr-defined]
        return "audit", list_of("engine_audit_entry", f"{kind} {pk}")

    def worth(self, row: Any) -> tuple[str, int] | None:
        """(currency, minor units) that a row is about, for the sums of a preview."""
        if hasattr(row, "amount_minor"):
            return row.currency, row.amount_minor
        return None


class Operated(Verbs, ReadOnly):
    """A page of rows that verbs alone change."""

    def links(self, row: Any) -> list[tuple[str, str]]:
        return [*super().links(row), self.audit(row.pk)]


def action(
    description: str, verb: Verb, promise: str, *, role: Role = Role.OPERATOR, most: int = MOST
) -> Any:
    """An admin action for `verb(pk, reason=, by=)`. `promise`: what it does, in a sentence; `role`: whose button.

    `most`: how many rows at once, fewer where the verb waits for a provider.
    """

    @admin.action(description=description)
    def act(self: Operated, request: HttpRequest, rows: Rows) -> HttpResponse | None:
        keys = _chosen(request, rows)
        if "confirmed" not in request.POST:
            return _preview(self, request, act, keys, "")
        try:
            check_reason(request.POST.get("reason", ""))
        except Refusal as fault:
            return _preview(self, request, act, keys, fault.message)
        return _do(self, request, act, keys)

    act.__name__ = description.lower().replace(" ", "_")
    act.verb, act.promise, act.role, act.most = verb, promise, role, most  # type: ignore[attr-defined]
    return act


def foresee(page: Operated, verb: Verb, keys: Sequence[Any], by: Actor) -> list[Foreseen]:
    """What `verb` would do to each, as it is now: each is done and rolled back. Commits nothing."""
    found = page.model._default_manager.in_bulk(list(keys))
    return [_foresee(page, verb, key, found.get(key), by) for key in keys]


def _foresee(page: Operated, verb: Verb, key: Any, row: Any, by: Actor) -> Foreseen:
    if row is None:
        return Foreseen(str(key), str(key), "", [], "it is not there")
    mark, refused, entry = uuid7(), "", None
    with structlog.contextvars.bound_contextvars(preview=True), transaction.atomic():
        try:
            with transaction.atomic():
                verb(key, reason=_YOURS, by=by)
                kind = page.model._meta.model_name
                entry = Entry.objects.filter(pk__gt=mark, object_kind=kind, object_id=str(key)).last()
        except Refusal as fault:
            refused = fault.message
        except OperationalError:
            refused = _BUSY
        transaction.set_rollback(True)
    changed = changes(entry.before, entry.after) if entry else []
    worth = page.worth(row)
    return Foreseen(str(key), str(row), money.shown(worth[1], worth[0]) if worth else "", changed, refused)


def _preview(page: Operated, request: HttpRequest, act: Any, keys: list[Any], fault: str) -> HttpResponse:
    by = actor(request)
    seen = foresee(page, act.verb, keys[: act.most], by)
    going = [one for one in seen if not one.refused]
    worths = page.model._default_manager.in_bulk([page.model._meta.pk.to_python(one.key) for one in going])  # type: ignore[union-attr]
    sums: dict[str, int] = {}
    for row in worths.values():
        if worth := page.worth(row):
            sums[worth[0]] = sums.get(worth[0], 0) + worth[1]
    context = {
        **page.admin_site.each_context(request), "opts": page.model._meta, "title": act.short_description,
        "promise": act.promise, "action": act.__name__, "going": going, "fault": fault,
        "excluded": [one for one in seen if one.refused], "too_many": len(keys) > act.most, "most": act.most,
        "sums": [money.shown(minor, currency) for currency, minor in sorted(sums.items())],
        "reason": request.POST.get("reason", ""), "next": _next(request), "by": by, "role": by.role.name.lower(),
    }  # fmt: skip
    if fault:
        page.message_user(request, fault, messages.ERROR)
    return TemplateResponse(request, "clearbeat/preview.html", context)


def _do(page: Operated, request: HttpRequest, act: Any, keys: list[Any]) -> HttpResponse:
    """Each alone, so that one that is refused stops no other; what came of each is told."""
    reason, by, done = request.POST["reason"], actor(request), act.short_description
    rows = page.model._default_manager.in_bulk(keys[: act.most])
    for key in keys[: act.most]:
        name = str(rows.get(key, key))
        try:
            act.verb(key, reason=reason, by=by)
        except NotAllowed as fault:
            page.message_user(request, f"{name}: {fault.message}", messages.ERROR)
        except Refusal as fault:
            page.message_user(request, f"{name}: not done, {fault.message}", messages.WARNING)
        except OperationalError:
            page.message_user(request, f"{name}: not done, {_BUSY}", messages.WARNING)
        else:
            page.message_user(request, f"{done}: {name}", messages.SUCCESS)
    return HttpResponseRedirect(_next(request) or request.path)


def _chosen(request: HttpRequest, rows: Rows) -> list[Any]:
    """The keys of the form; of `select all` the newest that match now. From then on they stand in the form."""
    if request.POST.get("select_across", "0") not in ("0", "", "false"):
        return list(rows.values_list("pk", flat=True)[: MOST + 1])
    chosen = request.POST.getlist("_selected_action")[: MOST + 1]
    found = [key_of(rows.model, text) for text in chosen]
    return list(dict.fromkeys(key for key in found if key is not None))


def _next(request: HttpRequest) -> str:
    """The page to go back to, if it is one of ours."""
    wanted = request.POST.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else ""
