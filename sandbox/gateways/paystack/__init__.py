"""Paystack: the calls that money needs, as its published specification has them."""

from sandbox.gateways.paystack import (
    balance,
    charging,
    customers,
    disputes,
    payer,
    recipients,
    refunds,
    transactions,
    transfers,
)
from sandbox.gateways.paystack.mount import MOUNT

CALLS = (balance, charging, customers, disputes, payer, recipients, refunds, transactions, transfers)
"""The modules whose import puts their calls on the mount."""
MOUNTS = [MOUNT]
