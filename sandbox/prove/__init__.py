"""The long proof: thousands of payments with faults on most sends and crashes at every boundary.

`python -m sandbox.prove` (`make prove`) runs it for the product and for senders that break the rules.
"""
