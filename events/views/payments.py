"""Where providers call back."""

import logging

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from events.payments.provider import ForgedNotice, provider_named
from events.payments.settlement import UnknownPayment, settle

log = logging.getLogger(__name__)

LONGEST_NOTICE = 10_000


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
