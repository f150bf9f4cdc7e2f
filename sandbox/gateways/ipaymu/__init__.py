"""iPaymu's version 2: links and codes that a payer pays; nothing can be pulled, given back or paid out."""

from sandbox.gateways.ipaymu import account, payments, transactions
from sandbox.gateways.ipaymu.mount import MOUNT
from sandbox.gateways.ipaymu.payer import PAGES

CALLS = (account, payments, transactions)
"""The modules whose import puts their calls on the mount."""
MOUNTS = [MOUNT, PAGES]
