"""Where buyers pay at the sandbox."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from events.models import Payment, PaymentState
from events.payments.sandbox.callbacks import Outcome, act
from events.payments.sandbox.provider import NAME
from events.views.answers import wants_json


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, reference: UUID) -> HttpResponse:
    """The sandbox's own page, as a provider's would be: it knows the payment by its reference, and no account."""
    if NAME not in settings.PAYMENT_PROVIDERS:
        raise Http404
    found = Payment.objects.select_related("order__event", "order__hold")
    payment = get_object_or_404(found, reference=reference, provider=NAME)
    if request.method == "POST":
        try:
            outcome = Outcome(request.POST.get("outcome", ""))
        except ValueError:
            return JsonResponse({"status": "bad-outcome"}, status=400)
        if payment.state == PaymentState.STARTED:
            act(payment, outcome)
        if wants_json(request):
            payment.refresh_from_db()
            return JsonResponse({"status": payment.state, "order": payment.order.number})
        return redirect(payment.order)
    hold = getattr(payment.order, "hold", None)
    over = payment.state != PaymentState.STARTED or hold is None or hold.is_over()
    return render(request, "sandbox/pay.html", {"payment": payment, "over": over})
