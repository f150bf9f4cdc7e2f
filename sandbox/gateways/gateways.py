"""Which gateways there are."""

from sandbox.gateways import flutterwave, ipaymu, paystack, stripe
from sandbox.gateways.mount import Mount

MOUNTS: list[Mount] = [*stripe.MOUNTS, *paystack.MOUNTS, *flutterwave.MOUNTS, *ipaymu.MOUNTS]
