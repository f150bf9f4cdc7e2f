"""What operators see of the books: accounts with the moment's balance, and transfers. Nothing is editable."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q
from django.http import HttpRequest

from engine.core import readonly
from engine.core.readonly import Rows
from engine.ledger import balances, chart
from engine.ledger.models import Account, Transfer


class ReadOnly(readonly.ReadOnly):
    """Shows rows; posting.py alone writes them."""

    search_fields = ("pk",)

    def named(self, term: str) -> Q:
        """The rows that an id names. Raises ValueError for what is none."""
        raise NotImplementedError

    def get_search_results(self, request: HttpRequest, queryset: Rows, search_term: str) -> tuple[Rows, bool]:
        if not search_term.strip():
            return queryset, False
        try:
            return queryset.filter(self.named(search_term.strip())), False
        except ValueError:
            return queryset.none(), False


class ByKind(admin.SimpleListFilter):
    """The kinds of the chart: no scan of the table for what there is."""

    title, parameter_name = "kind", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kinds = [kind.value for kind in chart.Kind]
        if model_admin.model is Transfer:
            kinds = sorted({event.kind for event in chart.EVENTS})
        return [(kind, kind) for kind in kinds]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        # A clearing account's kind goes on with its provider.
        return queryset.filter(kind__startswith=self.value()) if self.value() else queryset


class WithBalances(ChangeList):
    """A page of accounts with their balances, in one statement."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        page = list(self.result_list)
        found = balances.balances(account.pk for account in page)
        for account in page:
            account.now_minor = found[account.pk]
        self.result_list = page  # type: ignore[assignment]


@admin.register(Account)
class AccountAdmin(ReadOnly):
    list_display = ("id", "kind", "owner_id", "currency", "now", "guarded")
    list_filter = (ByKind, "guarded")
    readonly_fields = ("now",)
    search_help_text = "number of an account, or id of its owner"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WithBalances

    @admin.display(description="balance (minor units, debits less credits)")
    def now(self, account: Account) -> int:
        """Stored balance and open deltas."""
        known = getattr(account, "now_minor", None)
        return balances.balances([account.pk])[account.pk] if known is None else known

    def named(self, term: str) -> Q:
        return Q(pk=int(term)) if term.isdecimal() and len(term) < 19 else Q(owner_id=UUID(term))


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
    list_filter = (ByKind,)
    list_select_related = ("debit", "credit")
    search_help_text = "id of a transfer or of its source: payment, attempt, invoice"

    def named(self, term: str) -> Q:
        return Q(pk=UUID(term)) | Q(source_id=UUID(term))
