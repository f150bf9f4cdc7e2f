from __future__ import annotations

from tests.billing.conftest import direct

__all__ = ["direct"]
