"""Paystack: kept cards are charged, refunds, transfers to banks, disputes, and its own account of what moved. To keep a
card its payer pays the least amount on a page, which is given back to them.
"""
