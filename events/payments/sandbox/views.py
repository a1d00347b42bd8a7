"""Where buyers pay at the sandbox."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from events.models import Payment, PaymentState
from events.payments.sandbox.callbacks import Outcome, act
from events.payments.sandbox.provider import NAME


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, reference: UUID) -> HttpResponse:
    """The sandbox's own page, as a provider's would be: it knows the payment by its reference, and no account."""
    if request.method == "POST":
        payment = _payment(reference, "order")
        if not _decided(payment, request):
            return JsonResponse({"status": "bad-outcome"}, status=400)
        return redirect(payment.order)
    payment = _payment(reference, "order__event", "order__hold")
    hold = getattr(payment.order, "hold", None)
    over = payment.state != PaymentState.STARTED or hold is None or hold.is_over()
    return render(request, "sandbox/pay.html", {"payment": payment, "over": over})


@never_cache
@require_POST
def pay_by_program(request: HttpRequest, reference: UUID) -> HttpResponse:
    """What becomes of the payment, for a rehearsal's buyers."""
    payment = _payment(reference, "order")
    if not _decided(payment, request):
        return JsonResponse({"status": "bad-outcome"}, status=400)
    payment.refresh_from_db()
    return JsonResponse({"status": payment.state, "order": payment.order.number})


def _payment(reference: UUID, *along: str) -> Payment:
    if NAME not in settings.PAYMENT_PROVIDERS:
        raise Http404
    return get_object_or_404(Payment.objects.select_related(*along), reference=reference, provider=NAME)


def _decided(payment: Payment, request: HttpRequest) -> bool:
    """Do what `outcome` says, unless the payment is over; whether it says anything."""
    try:
        outcome = Outcome(request.POST.get("outcome", ""))
    except ValueError:
        return False
    if payment.state == PaymentState.STARTED:
        act(payment, outcome)
    return True
