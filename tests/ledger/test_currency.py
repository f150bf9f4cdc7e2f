"""A leg moves its own currency between two accounts of it, or nothing is booked."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from engine.core import clock
from engine.core.ids import uuid7
from engine.ledger import accounts, posting
from engine.ledger.models import Delta, Transfer


@pytest.mark.django_db
@pytest.mark.parametrize(("debit", "credit"), [("SOL", "USDC"), ("USDC", "SOL"), ("SOL", "SOL")])
def test_a_leg_of_another_currency_refuses_the_whole_posting(debit: str, credit: str):
    now = clock.machine_now()
    keys = [accounts.Key("receivable", debit, uuid7()), accounts.Key("billed", credit, uuid7())]
    good = [accounts.Key("receivable", "USDC", uuid7()), accounts.Key("billed", "USDC", uuid7())]
    found = accounts.ensure(keys + good)

    def leg(pair: list[accounts.Key]) -> posting.Leg:
        return posting.Leg("k", uuid7(), 0, found[pair[0]], found[pair[1]], "USDC", 5, now)

    with pytest.raises(IntegrityError), transaction.atomic():
        posting.post([leg(good), leg(keys)], machine_at=now)
    assert not Transfer.objects.exists()
    assert not Delta.objects.exists()
