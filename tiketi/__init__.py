"""The assembly of TIKETI: it imports every app, and none imports it."""

from tiketi.celery import app as celery_app

__all__ = ["celery_app"]
