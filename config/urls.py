"""The map of the web process."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from ops import health

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("health/live", health.live),
    path("health/ready", health.ready),
]
