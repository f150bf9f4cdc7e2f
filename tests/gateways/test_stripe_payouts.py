"""Connect: transfers that a lost answer does not hide, payouts that come back."""

import pytest
import stripe

from sandbox.gateways.control import Gateways

ACCOUNT = {"type": "custom", "country": "US"}


def account_of(client: stripe.StripeClient, number: str = "000123456789") -> str:
    bank = {"object": "bank_account", "country": "US", "currency": "usd", "account_number": number}
    return client.v1.accounts.create({**ACCOUNT, "external_account": bank}).id


@pytest.fixture
def rich(world: Gateways) -> Gateways:
    world.give("stripe:platform:available", "usd", 100_000)
    return world


def test_a_transfer_is_found_by_its_group(rich: Gateways, client: stripe.StripeClient) -> None:
    account = account_of(client)
    sent = client.v1.transfers.create(
        {"amount": 5000, "currency": "usd", "destination": account, "transfer_group": "po_42"}
    )
    client.v1.transfers.create(
        {"amount": 1, "currency": "usd", "destination": account, "transfer_group": "po_43"}
    )
    found = client.v1.transfers.list({"transfer_group": "po_42"}).data
    assert [each.id for each in found] == [sent.id]
    (moved,) = rich.ledger(reference="po_42")
    assert moved["target"] == f"stripe:{account}:available"
    back = client.v1.transfers.reversals.create(sent.id, {"amount": 2000})
    again = client.v1.transfers.retrieve(sent.id)
    assert back.amount == 2000 and again.amount_reversed == 2000 and not again.reversed


def test_no_more_is_transferred_than_is_available(rich: Gateways, client: stripe.StripeClient) -> None:
    params = {"amount": 100_001, "currency": "usd", "destination": account_of(client)}
    key = {"idempotency_key": "k-1"}
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.transfers.create(params, key)
        assert refused.value.code == "balance_insufficient"
        rich.give("stripe:platform:available", "usd", 100_000)
    assert rich.requests()[-1]["outcome"] == "replayed", "the work had begun, so the key keeps the refusal"


def test_a_charge_is_transferred_before_it_is_available(world: Gateways, client: stripe.StripeClient) -> None:
    paid = client.v1.payment_intents.create(
        {"amount": 3000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    )
    account = account_of(client)
    params = {"amount": 2500, "currency": "usd", "destination": account}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.create(params)
    client.v1.transfers.create({**params, "source_transaction": paid.latest_charge})
    assert client.v1.balance.retrieve(options={"stripe_account": account}).pending[0].amount == 2500
    world.advance(3 * 86_400)
    assert client.v1.balance.retrieve(options={"stripe_account": account}).available[0].amount == 2500
    assert world.assertions()["overdrawn"] == []


def test_a_payout_goes_its_way(rich: Gateways, client: stripe.StripeClient) -> None:
    account = account_of(client)
    options = {"stripe_account": account}
    client.v1.transfers.create({"amount": 5000, "currency": "usd", "destination": account})
    made = client.v1.payouts.create(
        {"amount": 5000, "currency": "usd", "metadata": {"payout_id": "42"}}, options
    )
    assert made.status == "pending" and rich.ledger(kind="payout") == []
    rich.advance(3601)
    assert client.v1.payouts.retrieve(made.id, options=options).status == "in_transit"
    rich.advance(86_400)
    assert client.v1.payouts.retrieve(made.id, options=options).status == "paid"
    (moved,) = rich.ledger(kind="payout")
    assert (moved["reference"], moved["amount"]) == ("42", 5000)
    events = client.v1.events.list({"types": ["payout.created", "payout.paid"]}, options).data
    assert [(each.type, each.account) for each in events] == [
        ("payout.paid", account),
        ("payout.created", account),
    ]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payouts.retrieve(made.id)  # it is the account's, not the platform's


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("000111111116", "no_account"),
        ("000111111113", "account_closed"),
        ("000222222227", "insufficient_funds"),
        ("000333333335", "debit_not_authorized"),
        ("000444444440", "invalid_currency"),
    ],
)
def test_magic_accounts_send_payouts_back(
    rich: Gateways, client: stripe.StripeClient, number: str, code: str
) -> None:
    account = account_of(client, number)
    options = {"stripe_account": account}
    client.v1.transfers.create({"amount": 5000, "currency": "usd", "destination": account})
    made = client.v1.payouts.create({"amount": 5000, "currency": "usd"}, options)
    rich.advance(2 * 86_400)
    failed = client.v1.payouts.retrieve(made.id, options=options)
    assert (failed.status, failed.failure_code) == ("failed", code)
    assert failed.failure_balance_transaction
    assert rich.balances()[f"stripe:{account}:available"] == {"USD": 5000}
    assert rich.balances()[f"stripe:{account}:transit"] == {"USD": 0}
    assert rich.ledger(kind="payout") == []


def test_a_paid_payout_may_still_fail(rich: Gateways, client: stripe.StripeClient) -> None:
    rich.fault("paid_then_failed", route="POST /payouts", days=3)
    made = client.v1.payouts.create({"amount": 700, "currency": "usd"})
    rich.advance(86_401)
    assert client.v1.payouts.retrieve(made.id).status == "paid"
    rich.advance(3 * 86_400)
    assert client.v1.payouts.retrieve(made.id).status == "failed"
    assert rich.balances()["stripe:platform:available"] == {"USD": 100_000}


def test_a_payout_is_canceled_while_pending_and_reversed_once_paid(
    rich: Gateways, client: stripe.StripeClient
) -> None:
    first, second = (client.v1.payouts.create({"amount": 700, "currency": "usd"}) for _ in range(2))
    assert client.v1.payouts.cancel(first.id).status == "canceled"
    rich.advance(86_401)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payouts.cancel(second.id)
    back = client.v1.payouts.reverse(second.id)
    assert (back.amount, back.original_payout) == (-700, second.id)
    assert rich.balances()["stripe:platform:available"] == {"USD": 100_000}


def test_an_account_may_be_stopped(rich: Gateways, client: stripe.StripeClient) -> None:
    account = account_of(client)
    rich.do("stripe", "limit_account", account=account, payouts_enabled=False, transfers="inactive")
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.create({"amount": 5, "currency": "usd", "destination": account})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payouts.create({"amount": 5, "currency": "usd"}, {"stripe_account": account})
