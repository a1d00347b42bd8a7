"""What Celery does for the sandbox."""

from celery import shared_task

from events.payments.sandbox import callbacks


@shared_task(name="events.payments.sandbox.tasks.call_back")  # type: ignore[untyped-decorator]  # celery has no types
def call_back() -> None:
    """Late callbacks arrive."""
    callbacks.send_due()
