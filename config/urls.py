"""The map of the web process."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularSwaggerView

from billing.customers import payer_of
from billing.owed import sources_of
from engine.rest import api as rest
from engine.rest.document import SchemaView
from ops import health
from ops.api.health import health as whole_health
from ops.api.metrics import Metrics
from payments.api import methods, payments

admin.autodiscover()

handler400 = "engine.rest.errors.refused"
handler404 = "engine.rest.errors.not_found"
handler500 = "engine.rest.errors.failed"

urlpatterns = [
    # First: addresses are tried in turn, and gateways call in storms.
    path("api/", include("payments.callbacks.api.urls")),
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("health", whole_health),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", Metrics.as_view()),
    path("docs/errors/", rest.errors_page),
    path("api/schema", SchemaView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema")),
    path("api/", include("ops.api.urls")),  # the sources' paths stand before ours
    path("api/keys", rest.Keys.as_view()),
    path("api/keys/<str:key_id>", rest.KeyView.as_view()),
    path("api/keys/<str:key_id>/rotate", rest.RotateKey.as_view()),
    path("api/keys/<str:key_id>/revoke", rest.RevokeKey.as_view()),
    path("api/requests/<path:key>", rest.RequestView.as_view()),
    path("api/", include("billing.api.urls")),
    path("api/payments", payments.Payments.as_view(sources_of=sources_of)),
    path("api/payment-methods", methods.PaymentMethods.as_view(payer_of=payer_of)),
    path("api/", include("payments.api.urls")),
    path("api/", include("engine.outbox.api")),
]
