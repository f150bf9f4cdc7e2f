"""A Solana cluster in one process: LiteSVM behind JSON-RPC, with faults by switch and a truth log.

Start it with ``python -m sandbox.localnet``; drive it from tests with ``control.Localnet`` and ``wallets``.
"""
