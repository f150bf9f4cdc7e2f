"""Stripe (v1 API): cards are charged off session; refunds, disputes, and payouts through connected accounts.

Its own library makes the requests, so that names and types of parameters are checked; their bytes leave by our edge.
"""
