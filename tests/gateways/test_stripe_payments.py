"""Payments through Stripe's own library, and their objects against Stripe's own specification."""

import pytest
import requests
import stripe

from sandbox.gateways.control import Gateways
from tests.gateways import spec
from tests.gateways.receiver import Receiver

PAID = {"amount": 2000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}


def card_of(client: stripe.StripeClient, card: str = "pm_card_visa") -> tuple[str, str]:
    """A customer and a method that is kept on it."""
    customer = client.v1.customers.create({"email": "ada@example.com", "name": "Ada"})
    method = client.v1.payment_methods.attach(card, {"customer": customer.id})
    return customer.id, method.id


def test_a_charge_in_two_steps_moves_the_money_once(world: Gateways, client: stripe.StripeClient) -> None:
    customer, method = card_of(client)
    made = client.v1.payment_intents.create(
        {"amount": 2000, "currency": "usd", "customer": customer, "payment_method": method,
         "metadata": {"reference": "pay-1"}}, {"idempotency_key": "pay-1-create"},
    )  # fmt: skip
    assert made.status == "requires_confirmation" and world.ledger(kind="charge") == []
    paid = client.v1.payment_intents.confirm(
        made.id, {"off_session": True}, {"idempotency_key": "pay-1-confirm"}
    )
    assert paid.status == "succeeded" and paid.amount_received == 2000
    (moved,) = world.ledger(kind="charge")
    assert (moved["reference"], moved["amount"], moved["currency"]) == ("pay-1", 2000, "USD")
    assert moved["key"] == "pay-1-confirm" and moved["object"] == paid.latest_charge
    assert world.balances("stripe")["stripe:platform:pending"] == {"USD": 2000 - 88}
    world.advance(3 * 86_400)
    assert world.balances("stripe")["stripe:platform:available"] == {"USD": 2000 - 88}
    balance = client.v1.balance.retrieve()
    assert balance.available[0].amount == 1912 and balance.pending[0].amount == 0


def test_answers_fit_the_published_schemas(
    world: Gateways, client: stripe.StripeClient, receiver: Receiver
) -> None:
    customer, method = card_of(client)
    paid = client.v1.payment_intents.create({**PAID, "customer": customer, "payment_method": method})
    refund = client.v1.refunds.create({"payment_intent": paid.id, "amount": 500})
    setup = client.v1.setup_intents.create({"customer": customer, "payment_method": method, "confirm": True})
    world.give("stripe:platform:available", "usd", 100_000)
    bank = {"object": "bank_account", "country": "US", "currency": "usd", "account_number": "000123456789"}
    account = client.v1.accounts.create({"type": "custom", "country": "US", "external_account": bank})
    moved = client.v1.transfers.create({"amount": 5000, "currency": "usd", "destination": account.id})
    back = client.v1.transfers.reversals.create(moved.id, {"amount": 100})
    payout = client.v1.payouts.create({"amount": 900, "currency": "usd"}, {"stripe_account": account.id})
    found = {
        "payment_intent": paid, "refund": refund, "setup_intent": setup, "account": account, "transfer": moved,
        "transfer_reversal": back, "payout": payout, "balance": client.v1.balance.retrieve(),
        "customer": client.v1.customers.retrieve(customer),
        "payment_method": client.v1.payment_methods.retrieve(method),
        "balance_transaction": client.v1.balance_transactions.list().data[0],
        "event": client.v1.events.list().data[0],
    }  # fmt: skip
    wrong = {name: spec.faults(name, each.to_dict()) for name, each in found.items()}
    assert {name: said for name, said in wrong.items() if said} == {}


def test_a_refused_card_answers_402_and_keeps_the_intent(
    world: Gateways, client: stripe.StripeClient
) -> None:
    customer, method = card_of(client, "pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_intents.create({**PAID, "customer": customer, "payment_method": method})
    error = refused.value.error
    assert refused.value.code == "card_declined" and error.decline_code == "generic_decline"
    assert error.payment_intent.status == "requires_payment_method"
    assert (
        client.v1.payment_intents.retrieve(error.payment_intent.id).last_payment_error.code == "card_declined"
    )
    assert world.ledger(kind="charge") == []


@pytest.mark.parametrize(
    ("token", "code", "decline"),
    [
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
    ],
)
def test_each_test_card_is_refused_in_its_own_way(
    client: stripe.StripeClient, token: str, code: str, decline: str
) -> None:
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_intents.create({**PAID, "payment_method": token})
    assert (refused.value.code, refused.value.error.decline_code) == (code, decline)


def test_a_card_number_makes_a_method_and_only_its_last_digits_are_kept(
    world: Gateways, client: stripe.StripeClient
) -> None:
    card = {"number": "4242424242424242", "exp_month": 8, "exp_year": 2034, "cvc": "123"}
    method = client.v1.payment_methods.create({"type": "card", "card": card})
    assert method.card.last4 == "4242" and method.card.brand == "visa"
    assert "4242424242424242" not in str(world.requests())


def test_the_payer_is_asked_and_answers_on_a_page(world: Gateways, client: stripe.StripeClient) -> None:
    customer, method = card_of(client, "pm_card_authenticationRequired")
    paid = {**PAID, "customer": customer, "payment_method": method}
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_intents.create({**paid, "off_session": True})
    assert refused.value.code == "authentication_required"
    asked = client.v1.payment_intents.create({**paid, "return_url": "http://127.0.0.1:1/back"})
    assert asked.status == "requires_action"
    url = asked.next_action.redirect_to_url.url
    assert "was it you" in requests.get(url, timeout=5).text
    went = requests.post(url, data={"do": "yes"}, timeout=5, allow_redirects=False)
    assert went.headers["location"].startswith("http://127.0.0.1:1/back?payment_intent=pi_")
    assert client.v1.payment_intents.retrieve(asked.id).status == "succeeded"


def test_a_card_that_was_set_up_is_not_asked_again(world: Gateways, client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({}).id
    setup = client.v1.setup_intents.create({"customer": customer})
    url = f"{world.url}/stripe/pay/{setup.client_secret}"
    requests.post(url, data={"do": "card", "card": "pm_card_authenticationRequired"}, timeout=5)
    assert client.v1.setup_intents.retrieve(setup.id).status == "requires_action"
    requests.post(url, data={"do": "yes"}, timeout=5)
    done = client.v1.setup_intents.retrieve(setup.id)
    assert done.status == "succeeded"
    kept = client.v1.payment_methods.list({"customer": customer}).data
    assert [each.id for each in kept] == [done.payment_method]
    paid = {**PAID, "customer": customer, "payment_method": kept[0].id, "off_session": True}
    assert client.v1.payment_intents.create(paid).status == "succeeded"


def test_a_canceled_or_paid_intent_is_never_confirmed(client: stripe.StripeClient) -> None:
    made = client.v1.payment_intents.create(
        {"amount": 2000, "currency": "usd", "payment_method": "pm_card_visa"}
    )
    assert client.v1.payment_intents.cancel(made.id).status == "canceled"
    paid = client.v1.payment_intents.create(PAID)
    for each in (made, paid):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.payment_intents.confirm(each.id)
        assert refused.value.code == "payment_intent_unexpected_state"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.cancel(paid.id)


def test_what_processes_ends_later_as_it_was_decided(world: Gateways, client: stripe.StripeClient) -> None:
    world.decide("stripe", "slow-1", outcome="processing", then="failed")
    made = client.v1.payment_intents.create({**PAID, "metadata": {"reference": "slow-1"}})
    assert made.status == "processing"
    world.advance(3601)
    assert client.v1.payment_intents.retrieve(made.id).status == "requires_payment_method"


def test_refunds_stay_within_what_was_paid(world: Gateways, client: stripe.StripeClient) -> None:
    paid = client.v1.payment_intents.create(PAID)
    client.v1.refunds.create({"payment_intent": paid.id, "amount": 1500, "metadata": {"reference": "back-1"}})
    with pytest.raises(stripe.InvalidRequestError, match="greater than"):
        client.v1.refunds.create({"payment_intent": paid.id, "amount": 501})
    client.v1.refunds.create({"payment_intent": paid.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": paid.id})
    assert refused.value.code == "charge_already_refunded"
    assert sum(each["amount"] for each in world.ledger() if each["target"].endswith("payers")) == 2000


def test_a_refund_may_fail_after_it_succeeded(
    world: Gateways, client: stripe.StripeClient, receiver: Receiver
) -> None:
    paid = client.v1.payment_intents.create({**PAID, "payment_method": "pm_card_refundFail"})
    refund = client.v1.refunds.create({"payment_intent": paid.id})
    assert refund.status == "succeeded"
    world.advance(10)
    failed = client.v1.refunds.retrieve(refund.id)
    assert failed.status == "failed" and failed.failure_balance_transaction
    assert [each["amount"] for each in world.ledger(kind="return")] == [2000]
    world.quiet()
    assert any(b'"refund.failed"' in each.body for each in receiver.taken)


def test_a_dispute_takes_the_money_and_blocks_refunds_until_it_is_won(
    world: Gateways, client: stripe.StripeClient
) -> None:
    paid = client.v1.payment_intents.create({**PAID, "metadata": {"reference": "pay-9"}})
    opened = world.do("stripe", "dispute", payment_intent=paid.id, reason="fraudulent")
    assert opened["status"] == "needs_response" and opened["amount"] == 2000
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": paid.id})
    assert refused.value.code == "charge_disputed"
    sent = client.v1.disputes.update(
        opened["id"], {"evidence": {"uncategorized_text": "it was used"}, "submit": True}
    )
    assert sent.status == "under_review"
    world.do("stripe", "decide_dispute", dispute=opened["id"], won=True)
    assert client.v1.disputes.retrieve(opened["id"]).status == "won"
    kinds = [
        (each["kind"], each["amount"], each["reference"])
        for each in world.ledger()
        if "dispute" in each["kind"]
    ]
    assert kinds == [("dispute", 2000, "pay-9"), ("dispute_return", 2000, "pay-9")]
    types = [each.type for each in client.v1.events.list({"types": ["charge.dispute.*"], "limit": 50}).data]
    assert types == ["charge.dispute.funds_reinstated", "charge.dispute.closed", "charge.dispute.updated",
                     "charge.dispute.funds_withdrawn", "charge.dispute.created"]  # fmt: skip


def test_a_dispute_that_nobody_answers_is_lost(world: Gateways, client: stripe.StripeClient) -> None:
    client.v1.payment_intents.create({**PAID, "payment_method": "pm_card_createDispute"})
    world.advance(8 * 86_400)
    (dispute,) = client.v1.disputes.list().data
    assert dispute.status == "lost" and dispute.evidence_details.past_due


def test_lists_have_cursors_filters_and_expanded_members(client: stripe.StripeClient) -> None:
    customer, method = card_of(client)
    mine = {**PAID, "customer": customer, "payment_method": method}
    ids = [client.v1.payment_intents.create(mine).id for _ in range(5)]
    client.v1.payment_intents.create(PAID)
    listed = client.v1.payment_intents.list({"customer": customer, "limit": 2})
    assert [each.id for each in listed.auto_paging_iter()] == list(reversed(ids))
    assert listed.has_more
    before = client.v1.payment_intents.list({"customer": customer, "ending_before": ids[0], "limit": 2})
    assert [each.id for each in before.data] == [ids[2], ids[1]]
    one = client.v1.payment_intents.retrieve(
        ids[0], {"expand": ["latest_charge.balance_transaction", "customer"]}
    )
    assert one.latest_charge.balance_transaction.fee == 88 and one.customer.id == customer


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"currency": "usd"}, "parameter_missing", "amount"),
        ({"amount": 2000}, "parameter_missing", "currency"),
        ({"amount": 49, "currency": "usd"}, "amount_too_small", "amount"),
        ({"amount": 2000, "currency": "usd", "colour": "red"}, "parameter_unknown", "colour"),
        ({"amount": 2000, "currency": "usd", "customer": "cus_none"}, "resource_missing", "customer"),
    ],
)
def test_what_does_not_fit_is_refused(
    client: stripe.StripeClient, params: dict, code: str, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.create(params)
    assert (refused.value.code, refused.value.param) == (code, param)


def test_another_key_is_refused(world: Gateways) -> None:
    base = {"api": f"{world.url}/stripe"}
    with pytest.raises(stripe.AuthenticationError):
        stripe.StripeClient("sk_test_other", base_addresses=base).v1.balance.retrieve()
