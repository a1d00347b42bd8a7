"""Where buyers pay at the sandbox, and where providers call back."""

import logging
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from events.models import Payment, PaymentState
from events.payments import sandbox as provider
from events.payments.provider import ForgedNotice, provider_named
from events.payments.settlement import UnknownPayment, settle
from events.views.answers import wants_json

log = logging.getLogger(__name__)

LONGEST_NOTICE = 10_000


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sandbox(request: HttpRequest, reference: UUID) -> HttpResponse:
    """The sandbox's own page, as a provider's would be: it knows the payment by its reference, and no account."""
    if provider.NAME not in settings.PAYMENT_PROVIDERS:
        raise Http404
    found = Payment.objects.select_related("order__event", "order__hold")
    payment = get_object_or_404(found, reference=reference, provider=provider.NAME)
    if request.method == "POST":
        try:
            outcome = provider.Outcome(request.POST.get("outcome", ""))
        except ValueError:
            return JsonResponse({"status": "bad-outcome"}, status=400)
        if payment.state == PaymentState.STARTED:
            provider.act(payment, outcome)
        if wants_json(request):
            payment.refresh_from_db()
            return JsonResponse({"status": payment.state, "order": payment.order.number})
        return redirect(payment.order)
    hold = getattr(payment.order, "hold", None)
    over = payment.state != PaymentState.STARTED or hold is None or hold.is_over()
    return render(
        request, "events/sandbox.html", {"payment": payment, "over": over, "outcomes": list(provider.Outcome)}
    )


@csrf_exempt  # the signature says who calls
def callback(request: HttpRequest, name: str) -> HttpResponse:
    """A provider's word. Answered 200 however often it comes; 403 if nobody we know signed it."""
    if name not in settings.PAYMENT_PROVIDERS:
        raise Http404
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if len(request.headers.get("content-length", "")) > 6 or len(request.body) > LONGEST_NOTICE:
        return JsonResponse({"status": "too-long"}, status=413)
    try:
        notice = provider_named(name).read(request.body, request.headers.get("x-payment-signature", ""))
        payment = settle(name, notice)
    except ForgedNotice:
        log.warning("forged callback for %s from %s", name, request.META.get("REMOTE_ADDR"))
        return JsonResponse({"status": "forged"}, status=403)
    except UnknownPayment as error:
        raise Http404 from error
    return JsonResponse({"status": payment.state})
