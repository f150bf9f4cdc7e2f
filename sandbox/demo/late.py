"""The wallet that gets its funds late: when its payment waits for them, inside the grace window."""

import os
from pathlib import Path
from uuid import UUID

from engine.core import sql
from sandbox.demo import cast
from sandbox.demo.chain import Chain
from sandbox.demo.wallets import balance, keypair
from sandbox.localnet.control import Localnet

WAITING = """
SELECT p.id FROM payments_payment p JOIN billing_invoice i ON i.id = p.source_id
  JOIN billing_customer c ON c.id = i.customer_id
 WHERE c.name = %(name)s AND p.state = 'scheduled' AND p.waiting = 'funds'
"""


class LateFunder:
    """Called each second; gives a late subscriber one price when a payment of theirs waits for funds.

    `seen` holds the payments that it found waiting: nothing else tells that they did, once they are paid.
    """

    def __init__(self) -> None:
        self.seen: set[UUID] = set()
        self._chain = Chain(Localnet(os.environ["SOLANA_RPC_URL"]))
        self._folder = Path(os.environ["RUN_DIR"]) / "demo"
        self._late = [each for each in cast.UNLUCKY if each.fate == "late"]
        self._prices = {each.plan: each.price_minor for each in cast.CREATORS}

    def __call__(self) -> None:
        for each in self._late:
            wallet, price = keypair(self._folder, each.name), self._prices[each.plan]
            account = self._chain.account(wallet, "USDC")
            waiting = [found for (found,) in sql.rows(WAITING, {"name": each.name})]
            self.seen.update(waiting)
            if waiting and balance(self._chain.net, account) < price:
                self._chain.give(wallet, price)
