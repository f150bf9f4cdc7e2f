"""What operators see of the books: accounts with the moment's balance, and transfers. Nothing is editable."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from unfold.views import ChangeList

from engine.core.listing import ByDay, Choice, one_of
from engine.core.readonly import ReadOnly
from engine.ledger import balances, chart
from engine.ledger.models import Account, Delta, Transfer


def _kinds() -> list[Choice]:
    """The kinds of the chart. A clearing account's kind goes on with its provider."""
    own = [kind.value for kind in chart.Kind if kind is not chart.Kind.CLEARING]
    found: list[Choice] = [(kind, kind, Q(kind=kind)) for kind in own]
    clearing = [f"{chart.Kind.CLEARING}:{name}" for name in settings.PROVIDERS]
    return [*found, ("clearing", "clearing", Q(kind__in=clearing))]


class WithBalances(ChangeList):
    """A page of accounts with their balances, in one statement."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        page: list[Any] = list(self.result_list)  # type: ignore[has-type]
        found = balances.balances(account.pk for account in page)
        for account in page:
            account.now_minor = found[account.pk]
        self.result_list = page  # type: ignore[assignment]


@admin.register(Account)
class AccountAdmin(ReadOnly):
    list_display = ("id", "kind", "owner_id", "currency", "now", "guarded")
    list_filter = (one_of("kind", "kind", _kinds),)
    readonly_fields = ("now",)
    search_help_text = "number of an account, or id of its owner"
    ids = ("owner_id",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WithBalances

    @admin.display(description="balance (minor units, debits less credits)")
    def now(self, account: Account) -> int:
        """Stored balance and open deltas."""
        known = getattr(account, "now_minor", None)
        return balances.balances([account.pk])[account.pk] if known is None else known

    def links(self, row: Account) -> list[tuple[str, str]]:
        there = reverse("admin:engine_ledger_transfer_changelist")
        return [(f"transfers, {side}", f"{there}?{side}__id__exact={row.pk}") for side in ("debit", "credit")]

    def keys(self, term: str) -> set[Any]:
        return {int(term)} if term.isdecimal() and len(term) < 19 else super().keys(term)


@admin.register(Transfer)
class TransferAdmin(ReadOnly):
    list_display = (
        "id",
        "kind",
        "source_id",
        "seq",
        "debit",
        "credit",
        "amount_minor",
        "currency",
        "business_at",
    )
    list_filter = (ByDay,)
    list_select_related = ("debit", "credit")
    search_help_text = "id of a transfer or of its source: payment, attempt, invoice"
    ids = ("pk", "source_id")


@admin.register(Delta)
class DeltaAdmin(ReadOnly):
    list_display = ("id", "account_id", "amount_minor")
    search_fields = ()
