"""Stripe: the calls of its v1 API that money needs, as the gateways' papers and its own SDK have them.

What it does not do: cards alone (no debits, no wallets), no capture by hand, no destination charges, no search, no
Checkout pages, no v2 of the API; bank accounts of one currency; all versions answer alike. A parameter of what it does
not do is refused as unknown, never taken in silence.
"""

from sandbox.gateways.stripe import (
    accounts,
    balance,
    charging,
    customers,
    disputes,
    events,
    intents,
    methods,
    payouts,
    refunds,
    setups,
    transfers,
)
from sandbox.gateways.stripe.mount import MOUNT
from sandbox.gateways.stripe.payer import PAGES

CALLS = (accounts, balance, charging, customers, disputes, events, intents, methods, payouts, refunds, setups,
         transfers)  # fmt: skip
"""The modules whose import puts their calls on the mount."""
MOUNTS = [MOUNT, PAGES]
