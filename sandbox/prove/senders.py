"""The names under which the careless senders of naive.py are registered (SANDBOX_PROVIDERS)."""

from __future__ import annotations

PRODUCT = "solana_delegate"
SIGNS_ANEW = "naive_signs_anew"
GIVES_UP = "naive_gives_up"
CARELESS = (SIGNS_ANEW, GIVES_UP)
PROVIDERS = f"{SIGNS_ANEW}=sandbox.prove.naive.SignsAnew,{GIVES_UP}=sandbox.prove.naive.GivesUp"
