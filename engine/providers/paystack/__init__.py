"""Paystack: cards that were kept are charged, refunds, transfers to banks, disputes and its own account of it all."""
