"""Serve samples over HTTP in the formats of Prometheus and OpenMetrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stormdeck.model.exporter.metrics import Sample


class Exposition:
    """A server that asks for the samples at each request, in a thread of its own. Raises ``OSError`` at once."""

    def __init__(self, host: str, port: int, samples: Callable[[], Sequence[Sample]]) -> None:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Samples(samples))
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except (UnicodeError, OverflowError) as error:
            raise OSError(str(error)) from error
        self.port = self._server.server_port

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Samples(Collector):
    def __init__(self, samples: Callable[[], Sequence[Sample]]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        """Yield a family for each metric that has a value."""
        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for metric, labels, value in self._samples():
            family = families.get(metric.name)
            if family is None:
                kind = CounterMetricFamily if metric.is_counter else GaugeMetricFamily
                family = families[metric.name] = kind(metric.name, metric.help, labels=metric.labels)
            family.add_metric(labels, value)
        yield from families.values()

    def describe(self) -> Iterator[Metric]:
        """Yield nothing: the names need no check against other collectors."""
        return iter(())
