"""An integrator: speaks HTTP with a key and knows nothing else of the product. And a payer with a wallet."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import requests
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import get_associated_token_address

from sandbox.demo.wallets import sign
from sandbox.live.chain import DECIMALS, Chain
from sandbox.localnet import wallets

Document = dict[str, Any]
SECONDS = 30.0


class Shop:
    """The API as a caller has it."""

    def __init__(self, address: str, key: str) -> None:
        self._address = address
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {key}"

    def get(self, path: str, status: int = 200, **query: str) -> Document:
        """What is there."""
        return self._answer(
            self._session.get(f"{self._address}/api/{path}", params=query, timeout=10), status
        )

    def post(self, path: str, body: Document | None = None, status: int = 201) -> Document:
        """Do it, under an Idempotency-Key of its own."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        url = f"{self._address}/api/{path}"
        return self._answer(self._session.post(url, json=body or {}, headers=headers, timeout=10), status)

    def all(self, path: str, **query: str) -> list[Document]:
        """Every page of a list, two at a time."""
        found: list[Document] = []
        more: Document = {"next_cursor": None, "has_more": True}
        while more["has_more"]:
            after = {"after": more["next_cursor"]} if more["next_cursor"] else {}
            more = self.get(path, limit="2", **query, **after)
            found += more["data"]
        return found

    def until(self, look: Callable[[], Any], what: str) -> Any:
        """Ask until the answer is something; it."""
        end = time.monotonic() + SECONDS
        while not (found := look()):
            assert time.monotonic() < end, f"waited in vain until {what}"
            time.sleep(0.1)
        return found

    @staticmethod
    def _answer(answer: requests.Response, status: int) -> Document:
        assert answer.status_code == status, f"{answer.request.method} {answer.url}: {answer.text}"
        return answer.json()  # type: ignore[no-any-return]


class Payer:
    """A keypair with a token account; signs what it is given and sends it to the chain as a wallet does."""

    def __init__(self, chain: Chain, funds: int) -> None:
        self._chain = chain
        self._pair = wallets.create_wallet(chain.net, 1)
        self.address = str(self._pair.pubkey())
        self._account = wallets.create_token_account(
            chain.net, chain.authority, self._pair.pubkey(), chain.mint
        )
        self.fund(funds)

    def approve(self, transaction: str) -> None:
        """Sign an unsigned transaction and send it; returns when it is confirmed."""
        signature = self._chain.net.send(sign(transaction, self._pair))
        assert self._chain.net.wait(signature, "confirmed")["err"] is None

    def fund(self, amount: int) -> None:
        """Somebody pays them."""
        wallets.mint_to(self._chain.net, self._chain.authority, self._chain.mint, self._account, amount)

    def spend_all(self) -> None:
        """They spend it elsewhere."""
        elsewhere = wallets.create_token_account(
            self._chain.net, self._chain.authority, Keypair().pubkey(), self._chain.mint
        )
        move = wallets.pull(
            self._account, self._chain.mint, elsewhere, self._pair.pubkey(), self.balance(), DECIMALS
        )
        wallets.send(self._chain.net, [move], [self._pair], "confirmed")

    def balance(self) -> int:
        """What they have, in minor units."""
        return wallets.token_balance(self._chain.net, self._account)


def received(chain: Chain, wallet: str) -> int:
    """What a wallet's token account holds."""
    account = get_associated_token_address(Pubkey.from_string(wallet), chain.mint, TOKEN_PROGRAM_ID)
    return wallets.token_balance(chain.net, account)
