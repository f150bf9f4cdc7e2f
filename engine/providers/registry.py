"""Name -> provider, from settings.PROVIDERS; an unknown name is an error, never a silent None."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.module_loading import import_string

from engine.core.errors import Refusal
from engine.providers.abilities import Approving, CallingBack, SettingUp, Standing
from engine.providers.base import Provider

if TYPE_CHECKING:
    from engine.providers.edge.tokens import Source


@cache
def get(name: str) -> Provider:
    """The provider of that name, built once per process. Raises Refusal for a name not in settings."""
    try:
        path = settings.PROVIDERS[name]
    except KeyError:
        raise Refusal("provider_unknown", f"there is no provider {name!r}", param="provider") from None
    return import_string(path)()  # type: ignore[no-any-return]


def names() -> list[str]:
    """Every configured provider."""
    return sorted(settings.PROVIDERS)


def known(name: str) -> bool:
    """Whether a provider of that name is configured."""
    return name in settings.PROVIDERS


def wrong_networks() -> list[str]:
    """What the providers say of endpoints of another network than ours; a silent one says nothing. Calls out."""
    asked = [get(name) for name in names()]
    said = [provider.wrong_network() for provider in asked if hasattr(provider, "wrong_network")]
    return [sentence for sentence in said if sentence]


def standing(name: str) -> Standing | None:
    """How that provider's other side is now; None of one that can't be asked. Calls out."""
    provider = get(name)
    return provider.standing() if hasattr(provider, "standing") else None


def token_sources() -> list[Source]:
    """Where the access tokens of the providers that carry some are had. No calls."""
    asked = [get(name) for name in names()]
    found = [provider.token_source() for provider in asked if hasattr(provider, "token_source")]
    return [source for source in found if source]


def check_payee(wallet: str) -> None:
    """Raises the Refusal (param "wallet") of a provider that pays wallets if none of them can pay this one."""
    refused = None
    for provider in (get(name) for name in names()):
        if not hasattr(provider, "check_payee"):
            continue
        try:
            provider.check_payee(wallet)
        except Refusal as refusal:
            refused = refusal
        else:
            return
    if refused:
        raise refused


def approving(name: str) -> Approving:
    """That provider, if it pulls by approvals. Raises Refusal if it does not."""
    provider = get(name)
    if not hasattr(provider, "ask_approval"):
        raise Refusal("no_approvals", f"{name} does not collect by approval", param="provider")
    return provider  # type: ignore[return-value]


def calling_back(name: str) -> CallingBack:
    """That provider, if it calls back. Raises Refusal if it does not, or is not there."""
    provider = get(name)
    if not hasattr(provider, "parse_webhook"):
        raise Refusal("no_callbacks", f"{name} does not call back", param="provider")
    return provider  # type: ignore[return-value]


def approving_names() -> list[str]:
    """Every configured provider that pulls by approvals: it can say beforehand whether a pull would succeed."""
    return [name for name in names() if hasattr(get(name), "ask_approval")]


def public_key(name: str) -> str:
    """What that provider's fields in a payer's browser need of us; "" where they need nothing. Never a secret."""
    provider = get(name)
    return provider.public_key() if hasattr(provider, "public_key") else ""


def setting_up(name: str) -> SettingUp:
    """That provider, if payers give it their methods at its own fields or page. Raises Refusal if they do not."""
    provider = get(name)
    if not hasattr(provider, "ask_setup"):
        raise Refusal("no_setup", f"{name} keeps no payment methods of payers", param="provider")
    return provider  # type: ignore[return-value]
