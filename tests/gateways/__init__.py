"""The gateways' simulator, checked by what we did not write: Stripe's library, its specification, vectors."""
