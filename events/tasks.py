"""What Celery does for purchases, every few seconds."""

from celery import shared_task

from events.mail import letters, reminders
from events.payments import attempts, refunds
from events.sale import closing, holds, winding_up


@shared_task(name="events.tasks.expire_holds")  # type: ignore[untyped-decorator]  # celery has no types
def expire_holds() -> None:
    """Seats whose hold ran out go back to the sale."""
    holds.expire_overdue()


@shared_task(name="events.tasks.settle")  # type: ignore[untyped-decorator]  # celery has no types
def settle() -> None:
    """Money that is due goes back."""
    refunds.refund_due()


@shared_task(name="events.tasks.ask_providers")  # type: ignore[untyped-decorator]  # celery has no types
def ask_providers() -> None:
    """Providers are asked about payments that nobody told of, before seats are let go and every night."""
    attempts.ask_due()


@shared_task(name="events.tasks.take_up_payments")  # type: ignore[untyped-decorator]  # celery has no types
def take_up_payments() -> None:
    """Payments given up unanswered are asked about anew."""
    attempts.take_up_again()


@shared_task(name="events.tasks.follow_sales")  # type: ignore[untyped-decorator]  # celery has no types
def follow_sales() -> None:
    """Lines close when their sale is over or sold out, and open when there is something to sell again."""
    closing.follow_all()


@shared_task(name="events.tasks.send_mail")  # type: ignore[untyped-decorator]  # celery has no types
def send_mail() -> None:
    """Buyers' letters are written into the outbox."""
    reminders.put_due()
    letters.write_due()


@shared_task(name="events.tasks.wind_up")  # type: ignore[untyped-decorator]  # celery has no types
def wind_up() -> None:
    """The orders of shows that were called off are cancelled, and what was paid is due back."""
    winding_up.wind_up()
