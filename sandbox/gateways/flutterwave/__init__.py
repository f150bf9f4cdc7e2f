"""Flutterwave: version 3 (one key, unsigned callbacks) and version 4 (tokens, idempotency keys); one balance."""

from sandbox.gateways.flutterwave import v3, v4

MOUNTS = [*v3.MOUNTS, *v4.MOUNTS]
