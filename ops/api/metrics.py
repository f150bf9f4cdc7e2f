"""GET /metrics: the business's gauges as Prometheus reads them. What the tasks do stands in Flower's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from engine.rest import pages
from engine.rest.views import RestView
from ops import gauges


class TakesAny(BaseContentNegotiation):
    """A scraper asks for its text format, and gets it; what is refused is JSON all the same."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        first = next(iter(renderers))
        return first, first.media_type


class Metrics(RestView):
    """All gauges. A scraper's key needs `metrics:read` alone."""

    resource = "metrics"
    content_negotiation_class = TakesAny

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Prometheus' text format. Reads rows by small indexes; calls nobody."""
        self.query(pages.NoQuery)
        registry = CollectorRegistry()
        registry.register(_Gauges())
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Gauges(Collector):
    """A registry of its own for each scrape: nothing is kept in the process, so prefork changes nothing."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for each in gauges.read():
            family = GaugeMetricFamily(f"clearbeat_{each.name}", each.says, labels=each.labels)
            for labels, value in each.samples.items():
                family.add_metric(labels, value)
            yield family

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: registering would read them all."""
        return []
