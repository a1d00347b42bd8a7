"""Traces to an OpenTelemetry collector, where OTEL_EXPORTER_OTLP_ENDPOINT names one: requests in Django, and tasks.

Who waits is answered before Django, by the server's protocol (web.py) or the gate, and is in no trace: a span would
cost more than the answer. The line's own pipelines to Redis are in none either. Imported only where it is asked for.
"""

import atexit
from collections.abc import Mapping, Sequence
from threading import Thread
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.propagate import set_global_textmap
from opentelemetry.propagators.textmap import Getter, default_getter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Span, SpanKind, Status
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from tiketi.log_context import add_request
from tiketi.log_privacy import scrubbed
from tiketi.telemetry import Traces
from waitingroom.networks import is_trusted

# Behind those that know machines and name the request (settings.MIDDLEWARE).
MIDDLEWARE_POSITION = 2
# What a process that ends waits for its last spans.
LAST_WORD_S = 1.0
# What of a span leaves. Addresses, queries, headers, user agents and whatever a later instrumentation adds stay here.
KEPT = frozenset(
    (
        "http.method", "http.request.method", "http.route", "http.status_code", "http.response.status_code",
        "db.system", "db.system.name", "db.name", "db.namespace", "db.operation", "db.operation.name", "db.statement",
        "db.query.text", "db.redis.args_length", "db.redis.pipeline_length",
        "messaging.destination", "messaging.destination.name", "messaging.message.id", "messaging.message_id",
        "celery.action", "celery.task_name", "celery.state",
        "error.type", "exception.type", "exception.message", "exception.stacktrace",
        "tiketi.request_id", "tiketi.room", "tiketi.visitor",
    )
)  # fmt: skip


def start(traces: Traces) -> None:
    """Have requests, tasks, the database and blocking clients of Redis traced from now on; once a process."""
    ours = {
        "service.name": traces.service,
        "service.version": traces.release,
        "deployment.environment.name": traces.environment,
    }
    # What OTEL_RESOURCE_ATTRIBUTES itself says of these counts.
    resource = Resource.create(ours).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.sampler = OnlyWhatIsAsked(provider.sampler)
    sender = BatchSpanProcessor(AboutNobody(OTLPSpanExporter(endpoint=traces.endpoint)))
    provider.add_span_processor(sender)
    trace.set_tracer_provider(provider)
    set_global_textmap(FromOurs())
    known: dict[str, Any] = {"tracer_provider": provider, "meter_provider": NoOpMeterProvider()}
    DjangoInstrumentor().instrument(middleware_position=MIDDLEWARE_POSITION, response_hook=name_request, **known)
    CeleryInstrumentor().instrument(**known)  # type: ignore[no-untyped-call]  # the library's
    RedisInstrumentor().instrument(**known)
    if settings.DATABASES["default"]["ENGINE"] == "tiketi.postgresql":
        from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor

        PsycopgInstrumentor().instrument(**known)
    atexit.register(_say_the_last, sender)


def name_request(span: Span, _request: HttpRequest, _response: HttpResponseBase) -> None:
    """The request as the log names it."""
    if span.is_recording():
        for name, value in add_request(None, "", {}).items():
            span.set_attribute(f"tiketi.{name}", value)


class OnlyWhatIsAsked(Sampler):
    """Begins a trace with a request or a task, as `sampler` decides; a call to Redis or the database begins none."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        *args: Any,
        **more: Any,
    ) -> SamplingResult:
        """As the SDK asks."""
        alone = not trace.get_current_span(parent_context).get_span_context().is_valid
        if alone and kind in (None, SpanKind.CLIENT, SpanKind.INTERNAL):
            return SamplingResult(Decision.DROP)
        return self._sampler.should_sample(parent_context, trace_id, name, kind, *args, **more)

    def get_description(self) -> str:
        """For people."""
        return f"OnlyWhatIsAsked({self._sampler.get_description()})"


class FromOurs(TraceContextTextMapPropagator):
    """The trace that a task or a trusted proxy brings; a stranger's header decides nothing."""

    def extract(self, carrier: Any, context: Context | None = None, getter: Getter[Any] = default_getter) -> Context:
        """The context that the carrier brings, if it may; a request's is a mapping, a task's an object."""
        if isinstance(carrier, Mapping) and not is_trusted(_peer(carrier)):
            return Context() if context is None else context
        return super().extract(carrier, context, getter)


def _peer(carrier: Mapping[str, Any]) -> str:
    """Who sent the request, of an ASGI scope or a WSGI environment."""
    return str((carrier.get("client") or (carrier.get("REMOTE_ADDR", ""),))[0])


class AboutNobody(SpanExporter):
    """Hands spans on without anybody's data."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """As the exporter does."""
        return self._exporter.export([cleaned(span) for span in spans])

    def shutdown(self) -> None:
        """As the exporter does."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """As the exporter does."""
        return self._exporter.force_flush(timeout_millis)


def cleaned(span: ReadableSpan) -> ReadableSpan:
    """The span with what is kept of it, and without anybody in its texts."""
    return ReadableSpan(
        name=scrubbed(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_kept(span.attributes),
        events=[Event(event.name, _kept(event.attributes), event.timestamp) for event in span.events],
        kind=span.kind,
        status=Status(span.status.status_code, span.status.description and scrubbed(span.status.description)),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _kept(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        name: scrubbed(value) if isinstance(value, str) else value
        for name, value in (attributes or {}).items()
        if name in KEPT
    }


def _say_the_last(sender: BatchSpanProcessor) -> None:
    """What is left, to a collector that answers; another holds nobody up."""
    saying = Thread(target=sender.force_flush, daemon=True)
    saying.start()
    saying.join(LAST_WORD_S)
