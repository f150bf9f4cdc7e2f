"""Version 4: access tokens of ten minutes, idempotency keys that replay the first answer, signed callbacks."""
