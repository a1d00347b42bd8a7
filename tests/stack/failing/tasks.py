"""A task that does its work, and one that cannot."""

from pathlib import Path

from celery import shared_task


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def work(email: str, done: str) -> None:
    """Leave a file, if one is wanted."""
    if done:
        Path(done).write_text(email)


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def fail(email: str) -> None:
    """Fail for somebody."""
    raise ValueError(f"no task for {email}")
