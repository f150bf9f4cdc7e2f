"""A whole life by REST alone, against a running product: web, workers, beat, chain. Nothing else acts on it."""

from __future__ import annotations

import time

import pytest

from sandbox.live.house import House
from tests.e2e.conftest import FLOWER
from tests.e2e.shop import Document, Payer, Shop, received

pytestmark = pytest.mark.live
PRICE, FEE_BPS = 7_000_000, 500
FEE = PRICE * FEE_BPS // 10_000
PERIOD_SECONDS = 10


class Life:
    """What is asked about a subscription, each time over HTTP."""

    def __init__(self, shop: Shop, subscription: str) -> None:
        self.shop, self.id = shop, subscription
        self.tasks: set[str] = set()  # Flower's page of each task that sent a payment

    def subscription(self) -> Document:
        return self.shop.get(f"subscriptions/{self.id}")

    def invoices(self) -> list[Document]:
        """Oldest first."""
        return self.shop.all("invoices", subscription=self.id, ordering="created")

    def paid(self, count: int) -> list[Document]:
        """The first `count` invoices, once all of them are paid."""

        def look() -> list[Document]:
            found = [each for each in self.invoices() if each["state"] == "paid"]
            return found[:count] if len(found) >= count else []

        return self.shop.until(look, f"{count} invoices are paid")  # type: ignore[no-any-return]

    def is_paid_well(self, invoice: Document) -> None:
        """The invoice, its payment, that one's attempt, the evidence, the job and the events all say the same."""
        whole = self.shop.get(f"invoices/{invoice['id']}")
        assert (whole["due_minor"], whole["collected_minor"], whole["collecting_minor"]) == (PRICE, PRICE, 0)
        assert [line["amount_minor"] for line in whole["lines"]] == [PRICE]
        payment = self.shop.get(f"payments/{whole['payments'][-1]}")
        assert (payment["state"], payment["settled_minor"], payment["fee_minor"]) == ("succeeded", PRICE, FEE)
        assert payment["source"] == {"object": "invoice", "id": invoice["id"]}
        attempt = self.shop.get(f"attempts/{payment['attempts'][-1]['id']}")
        said = attempt["evidence"][-1]
        assert (attempt["state"], said["outcome"], said["gross_minor"]) == ("succeeded", "succeeded", PRICE)
        job = self.shop.get(f"jobs/{payment['id']}")["data"]
        assert (job["status"], job["progress"]) == ("completed", 100)
        assert job["result"]["transactionHash"] == attempt["identity"]
        self.tasks.add(job["flowerUrl"])
        self.told(payment["id"], "payment.succeeded")

    def told(self, about: str, last: str) -> list[str]:
        """The types of an object's events once the feed shows `last`: it ends below the oldest transaction of the whole
        cluster, also of another test's.
        """
        types: list[str] = []
        for _ in range(600):
            types = [each["type"] for each in self.shop.all("events", about=about)]
            if last in types:
                return types
            time.sleep(0.1)
        raise AssertionError((last, types))


def test_creator_plan_customer_approval_subscription_renewal_failure_recovery_cancel(
    home: House, address: str
) -> None:
    shop = Shop(address, home.nursery.errand("api_key"))
    payer, payee = Payer(home.chain, funds=2 * PRICE + 1), home.chain.creators(1)[0]
    life = joins(shop, payer, payee)
    renews(life, payer)
    fails(life, payer)
    recovers(life, payer)
    paid = leaves(life)
    the_money_is_where_it_should_be(home, payer, payee, paid)
    each_task_is_known(home, life.tasks)


def joins(shop: Shop, payer: Payer, payee: str) -> Life:
    """Creator, plan, customer, an approval that the wallet signs, a subscription, and its first payment."""
    creator = shop.post("creators", {"name": "Studio Nine", "wallet": payee, "fee_bps": FEE_BPS})["id"]
    terms = {
        "price_minor": PRICE,
        "currency": "USDC",
        "interval_unit": "second",
        "interval_count": PERIOD_SECONDS,
    }
    plan = shop.post("plans", {"creator": creator, "number": 1, "name": "Pro", **terms})["id"]
    customer = shop.post("customers", {"name": "Ada Okafor", "wallet": payer.address})["id"]
    asked = shop.post("payment-methods", {"customer": customer, "wallet": payer.address, "currency": "USDC",
                                          "add_minor": 12 * PRICE})  # fmt: skip
    assert (asked["state"], asked["approval"]["amount_minor"]) == ("pending", 12 * PRICE)
    early = shop.post(f"payment-methods/{asked['id']}/confirm", {"needed_minor": PRICE}, status=409)
    assert early["error"]["money_moved"] == "no"
    payer.approve(asked["approval"]["transaction"])
    method = shop.post(f"payment-methods/{asked['id']}/confirm", {"needed_minor": PRICE}, status=200)
    assert (method["state"], method["allowance_minor"]) == ("active", 12 * PRICE)
    made = shop.post("subscriptions", {"customer": customer, "plan": plan, "payment_method": method["id"]})
    assert made["state"] == "incomplete", "until its first payment"
    life = Life(shop, made["id"])
    (first,) = life.paid(1)
    assert life.subscription()["state"] == "active"
    life.is_paid_well(first)
    return life


def renews(life: Life, payer: Payer) -> None:
    """The second period is billed by itself; the payer has spent the rest before the third."""
    second = life.paid(2)[1]
    payer.spend_all()
    life.is_paid_well(second)
    assert second["period_no"] == 1
    assert life.subscription()["payments_made"] == 2


def fails(life: Life, payer: Payer) -> None:
    """Nothing is left to pull: after the grace window the payment fails, and everything says why."""

    def past_due() -> Document:
        found = life.subscription()
        return found if found["state"] == "past_due" else {}

    found = life.shop.until(past_due, "the subscription is past due")
    assert found["reason_code"] == "insufficient_funds"
    assert found["reason"]
    owed = next(each for each in life.invoices() if each["state"] == "open")
    assert (owed["reason_code"], owed["collected_minor"]) == ("insufficient_funds", 0)
    payment = life.shop.get(f"payments/{life.shop.get('invoices/' + owed['id'])['payments'][0]}")
    assert (payment["state"], payment["failure_code"]) == ("failed", "insufficient_funds")
    assert payment["sentence"]
    job = life.shop.get(f"jobs/{payment['id']}")["data"]
    assert (job["status"], bool(job["reason"])) == ("failed", True)
    life.told(life.id, "subscription.past_due")
    assert payer.balance() == 0


def recovers(life: Life, payer: Payer) -> None:
    """Funds come, a trigger collects what is owed: the answer names the jobs that do it."""
    payer.fund(20 * PRICE)
    asked = life.shop.post(f"subscriptions/{life.id}/trigger", {"reason": "the payer called"}, status=202)
    assert asked["jobs"]
    job = asked["jobs"][0]

    def done() -> bool:
        return bool(life.shop.get(f"jobs/{job}")["data"]["status"] == "completed")

    life.shop.until(done, f"{job} is completed")
    paid = {each["id"]: each for each in life.invoices() if each["state"] == "paid"}
    life.is_paid_well(paid[asked["invoices"][0]])
    life.shop.until(lambda: life.subscription()["state"] == "active", "the subscription is active again")


def leaves(life: Life) -> int:
    """The end; how many invoices were paid when nothing was under way any more."""
    ended = life.shop.post(f"subscriptions/{life.id}/cancel", {"reason": "moved on"}, status=200)
    assert (ended["state"], ended["next_due_at"]) == ("canceled", None)

    def still() -> bool:
        open_ones = [
            each for state in ("scheduled", "in_flight") for each in life.shop.all("payments", state=state)
        ]
        return not open_ones and not life.shop.all("invoices", subscription=life.id, state="draft")

    life.shop.until(still, "nothing is under way")
    assert life.told(life.id, "subscription.canceled")[-1] == "subscription.canceled"
    return len([each for each in life.invoices() if each["state"] == "paid"])


def each_task_is_known(home: House, tasks: set[str]) -> None:
    """The pages in Flower that the jobs lead to are those of tasks that sent something."""
    sending = "('payments.send', 'payments.verify')"
    known = f"SELECT task_id FROM django_celery_results_taskresult WHERE task_name IN {sending}"
    assert tasks
    assert home.until(lambda: tasks <= {f"{FLOWER}/task/{row[0]}" for row in home.sql(known)}), tasks


def the_money_is_where_it_should_be(home: House, payer: Payer, payee: str, paid: int) -> None:
    """Chain, ledger and invoices, one to one; and the wallets hold what they should."""
    assert paid >= 3
    assert payer.balance() == (20 + 2 - paid) * PRICE
    assert received(home.chain, payee) == paid * (PRICE - FEE)
    assert received(home.chain, str(home.chain.fee_wallet.pubkey())) == paid * FEE
    verdict = home.verdict()
    assert (verdict.succeeded, verdict.on_chain, verdict.unknown, verdict.parked) == (paid, paid, 0, 0)
    assert (verdict.double, verdict.missing, verdict.wrong) == ([], [], [])
