"""Version 4: access tokens of ten minutes, idempotency keys, scenarios, signed callbacks."""

from sandbox.gateways.flutterwave.v4 import charges, customers, refunds, transfers
from sandbox.gateways.flutterwave.v4.mount import MOUNT
from sandbox.gateways.flutterwave.v4.tokens import IDP

CALLS = (charges, customers, refunds, transfers)
"""The modules whose import puts their calls on the mount."""
MOUNTS = [IDP, MOUNT]
