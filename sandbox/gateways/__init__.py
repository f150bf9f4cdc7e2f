"""Four payment gateways in one process: Stripe, Paystack, Flutterwave (v3 and v4) and iPaymu.

It stands in for the outside world: it moves money between accounts of its own books, which are the truth that
a run of chaos is judged by, and it goes wrong by switch. It was written from the gateways' papers and shares no
code with the product, so that a misreading on one side shows up as a difference.

``mount.py`` says how a gateway is added; start it with ``python -m sandbox.gateways``; drive it with
``control.Gateways``.
"""
