"""One poisonous subscription among thousands, and one poisonous payment: the others never notice."""

from __future__ import annotations

import pytest

from sandbox.live import servers
from sandbox.live.house import Cohort, house

pytestmark = pytest.mark.live
BY_HAND = 3000
PAID = 6


def test_one_poisonous_subscription_among_thousands() -> None:
    with house(servers.given()) as home:
        cohort = home.subscribe(PAID + 2)
        bad_period, bad_method = cohort.subscriptions[1], cohort.subscriptions[2]
        plan = home.plans[0]["plan"]
        many = home.nursery.errand("subscribe_unpayable", count=BY_HAND, plan=plan, clock_id=cohort.clock_id)
        home.cohorts[:] = [Cohort(cohort.clock_id, [*cohort.subscriptions, *many])]
        home.sql(
            "UPDATE billing_subscription SET anchor_at = anchor_at - interval '1 year' WHERE id = %(id)s",
            {"id": bad_period},
        )
        home.sql(
            """UPDATE payments_paymentmethod SET details = details || '{"payer": "nobody"}'::jsonb
                WHERE id = (SELECT method_id FROM billing_subscription WHERE id = %(id)s)""",
            {"id": bad_method},
        )
        home.staff(money=2, io=2)
        home.make_due()
        home.owed -= 1  # the poisonous one gets no invoice
        assert home.settle(), home.verdict()
        verdict = home.verdict()
        assert not verdict.double and not verdict.wrong, verdict
        assert (verdict.succeeded, verdict.parked) == (PAID, 1), verdict
        held = home.sql("SELECT id::text, held_code FROM billing_subscription WHERE held_code <> ''")
        assert held == [(bad_period, "bad_data")]
        assert home.sql("SELECT count(*) FROM billing_invoice WHERE state = 'open'") == [(BY_HAND + 1,)]
        (reason,) = home.sql("SELECT parked_reason FROM payments_payment WHERE parked_at IS NOT NULL")[0]
        assert "can't be signed" in reason
