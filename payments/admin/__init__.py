"""What operators see of payments, and the verbs they have. Money and history are read-only."""

from payments.admin import attempts, cases, disputes, methods, payments, refunds, switches

__all__ = ["attempts", "cases", "disputes", "methods", "payments", "refunds", "switches"]
