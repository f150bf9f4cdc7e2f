"""Tables of single providers; money tables live with the payments."""

from engine.providers.solana.models import Destination

__all__ = ["Destination"]
