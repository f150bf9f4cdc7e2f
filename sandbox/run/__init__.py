"""One supervisor for `make run`, and the embedded servers that tests, bench and proofs stand on.

Read in this order: parts.py (what is started), start.py (in which order), supervisor.py (how it is kept).
Linux only: it reads /proc and asks the kernel to end children with their parent.
"""
