"""Version 3: references that may be used once, decimals, callbacks that carry a shared word."""

from sandbox.gateways.flutterwave.v3 import charges, refunds, transfers
from sandbox.gateways.flutterwave.v3.mount import MOUNT

CALLS = (charges, refunds, transfers)
"""The modules whose import puts their calls on the mount."""
MOUNTS = [MOUNT]
