"""Rails as the outside world has them: who pays, what became of it, and what may go wrong.

For the conformance suite, the proofs and the demo. They speak to the simulator's control API alone, and know
no adapter: what the product says of a payment is compared with what these say of it.
"""
