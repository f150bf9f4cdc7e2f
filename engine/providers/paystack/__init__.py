"""Paystack: kept cards are charged, refunds, transfers to banks, disputes, its own account of what moved, and its
settlements into our bank. To keep a card its payer pays the least amount on a page, which is given back to them.
"""
