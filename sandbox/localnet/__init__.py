"""A Solana cluster in one process: LiteSVM behind JSON-RPC, with faults by switch and a truth log.

What it does not do: accounts and simulation answer from the newest state, whatever the node's lag and the
commitment asked for (LiteSVM keeps no older one), so a product that trusts an old balance is not caught here;
blocks, supply, votes and largest holders are not served (getBlock, getSupply, getVoteAccounts and their like).
A purged node answers as one by the fault ``purged``; ``x_purge`` forgets for good.

Start it with ``python -m sandbox.localnet``; drive it from tests with ``control.Localnet`` and ``wallets``.
"""
