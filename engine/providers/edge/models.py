"""The one table of the edge: the access tokens that all workers share."""

from __future__ import annotations

from django.db import models


class AccessToken(models.Model):
    """A token of one set of credentials, encrypted, and the lease of who fetches the next one.

    No row is ever held while the provider is asked: `lease` says who asks, until `leased_until`. `digest` is the
    sha256 of the token, so that a refused one is known without being opened. It lives for minutes: one that no key
    of FIELD_KEYS opens any more is fetched anew, so rotating keys leaves it alone.
    """

    name = models.CharField(max_length=100)  # provider and the digest of its credentials
    sealed = models.BinaryField(default=bytes)
    digest = models.CharField(max_length=64, default="")
    fetched_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        app_label = "engine_providers"
        db_table = "engine_providers_access_token"
        constraints = [models.UniqueConstraint(fields=["name"], name="one_access_token_per_credentials")]

    def __str__(self) -> str:
        return self.name
