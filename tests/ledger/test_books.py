"""Whatever is posted and whenever it is rolled up: the books sum to zero and stored equals summed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.ids import uuid7
from engine.ledger import posting, rollup
from engine.ledger.balances import balances
from engine.ledger.models import Account
from tests.ledger.conftest import NOW, leg

ACCOUNTS = 4
legs = st.tuples(st.integers(0, ACCOUNTS - 1), st.integers(0, ACCOUNTS - 1), st.integers(1, 10**15)).filter(
    lambda drawn: drawn[0] != drawn[1]
)
# A step is a posting of several legs, or (an empty one) a roll-up.
steps = st.lists(st.lists(legs, max_size=6), max_size=8)


@given(steps=steps)
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_books_sum_to_zero_and_roll_up_equals_recomputation(
    db: None, make_accounts: Callable[[int], list[int]], steps: list[list[tuple[int, int, int]]]
) -> None:
    ids = make_accounts(ACCOUNTS)
    expected: Counter[int] = Counter()
    for step in steps:
        for debit, credit, amount in step:
            expected[ids[debit]] += amount
            expected[ids[credit]] -= amount
        source = uuid7()
        drawn = [leg(ids[d], ids[c], a, source_id=source, seq=n) for n, (d, c, a) in enumerate(step)]
        posting.post(drawn, machine_at=NOW)
        if not step:
            rollup.roll_up()
        now = balances(ids)
        assert now == {account: expected[account] for account in ids}
        assert sum(now.values()) == 0
    rollup.roll_up()
    stored = dict(Account.objects.filter(pk__in=ids).values_list("pk", "balance_minor"))
    assert stored == {account: expected[account] for account in ids}
