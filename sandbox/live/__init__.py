"""A house of one's own for proofs: its own database, queue and chain, real workers, and a verdict.

`house.House` puts it together; `crash` says where a worker dies; `verdict` compares the chain's truth
log with ledger and invoices. The crash tests, the race tests and `make prove` live in it.
"""
