"""Paystack: kept cards are charged, refunds, transfers to banks, disputes, and its own account of what moved."""
