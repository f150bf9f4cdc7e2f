"""How money moves: one Payment per obligation, its Attempts by identity, the Evidence of each.

States change in the pipeline alone (states.py says how); everything else reads.
"""

from payments.models.attempt import Attempt, Evidence
from payments.models.case import Case
from payments.models.dispute import Dispute
from payments.models.method import PaymentMethod
from payments.models.payment import Payment
from payments.models.refund import Refund
from payments.models.switches import KillSwitch, ProviderSwitch

__all__ = [
    "Attempt",
    "Case",
    "Dispute",
    "Evidence",
    "KillSwitch",
    "Payment",
    "PaymentMethod",
    "ProviderSwitch",
    "Refund",
]
