"""Stripe (v1 API): cards pulled off session, refunds, disputes, and payouts through Connect.

Its own library makes the requests, so that names of fields are checked against the API's types; the bytes leave
through our edge. Facts: docs/decisions/0017 and 0020, and the comments here.
"""
