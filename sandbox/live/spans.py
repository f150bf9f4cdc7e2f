"""The engine's time spans in tenths of seconds, and the settings of a house's workers."""

from __future__ import annotations

SHORT = {
    "TAKE_SECONDS": "1.5",
    "SEND_WINDOW_SECONDS": "0.8",
    "SEND_DEADLINE_SECONDS": "1.2",
    "VERIFY_FIRST_SECONDS": "0.2",
    "VERIFY_MAX_SECONDS": "0.5",
    "PAYMENT_RETRY_ATTEMPTS": "3",
    "PAYMENT_RETRY_DELAY": "100",
    "WATCH_SECONDS": "0.3",
    "LANE_SECONDS": "20",
    "LANE_THREADS": "8",
    "TICK_SECONDS": "0.3",
    "SWEEP_SECONDS": "1",
    "PAYMENT_PROCESSING_SECONDS": "0.5",
    "SOFT_SHUTDOWN_SECONDS": "1",
    "SOLANA_NETWORK": "localnet",
    "SOLANA_FEE_PAYER_MIN": "10000000",
    "LOG_LEVEL": "INFO",
}
SLOT_MS = 20
"""A blockhash lives 150 slots: 3 s."""
EVERY_DEADLINE = sum(
    float(SHORT[name]) for name in ("SEND_WINDOW_SECONDS", "SEND_DEADLINE_SECONDS", "TAKE_SECONDS")
)
"""Longer than from mark sent to the end of the last deadline that anybody waits for."""
LIMITS = (
    "-c idle_in_transaction_session_timeout=10s -c lock_timeout=5s -c statement_timeout=60s -c TimeZone=UTC"
)
"""The product's own limits of a session, and of the first a third: who stands still in a transaction is cut off."""
TICK_SECONDS = 0.3
INTERVAL_SECONDS = 60
"""A billing period, on clocks that only the proof moves."""
SETTLE_SECONDS = 60.0
"""How long a proof waits at most. Generous: a slow machine must not look like lost money."""
