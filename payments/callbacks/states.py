"""What may become of a callback. It is a hint: none of these says anything about money."""

from __future__ import annotations

from engine.core.states import machine

CALLBACK = machine(
    "callback",
    "payments_callbacks_callback",
    {"waiting", "refused"},
    {
        "waiting": {"done", "unknown", "parked", "refused"},
        # Worked again: by an operator; an unknown one also where what it names has become known.
        "done": {"waiting"},
        "unknown": {"waiting"},
        "parked": {"waiting"},
    },
)
