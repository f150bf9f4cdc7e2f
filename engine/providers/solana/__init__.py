"""The Solana delegate rail: one approval by the payer, pulls by our collector key (design section 6)."""
