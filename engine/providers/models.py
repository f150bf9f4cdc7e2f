"""Tables of single providers and of the edge; money tables live with the payments."""

from engine.providers.edge.models import AccessToken
from engine.providers.solana.models import Destination

__all__ = ["AccessToken", "Destination"]
