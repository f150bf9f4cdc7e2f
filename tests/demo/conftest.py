from __future__ import annotations

from tests.billing.conftest import direct, world

__all__ = ["direct", "world"]
