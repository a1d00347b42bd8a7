"""The assembly of TIKETI: it imports every app, and none imports it."""

import os
import sys

# redis-py imports OpenTelemetry's SDK as soon as it is installed, for metrics that nobody asks for: a quarter of a
# second of every start. telemetry.py reads these two with care. Here, since whatever comes next imports redis-py.
if not (os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")):
    sys.modules.setdefault("opentelemetry", None)  # type: ignore[arg-type]  # Python's own way to say: there is none

from tiketi.celery import app as celery_app

__all__ = ["celery_app"]
