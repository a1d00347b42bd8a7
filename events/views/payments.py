"""Where providers call back, and where buyers come back from them."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID, uuid5

from django.conf import settings
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_safe

from events.models import OrderState, Payment, PaymentState
from events.payments import registry
from events.payments.attempts import UnknownPayment, come_back, hear
from events.payments.provider import ForgedNotice, ProviderUnavailable
from events.sale.holds import live_hold_of
from events.views.answers import for_accounts

log = logging.getLogger(__name__)

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

LONGEST_NOTICE = 60_000


def leads_to_providers(view: View[P]) -> View[P]:
    """Let the page's forms, scripts and frames reach the providers; no other page of the site may."""

    @wraps(view)
    def widened(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        setattr(response, "_csp_update", registry.hosts())  # noqa: B010 (django-csp's own name, as its decorator sets it)
        return response

    return widened


@never_cache
@require_safe
@leads_to_providers
@for_accounts
def toss(request: HttpRequest, account: User, reference: UUID) -> HttpResponse:
    """The page that opens Toss's payment window: its script and the client key are Toss's way, and hold no secret."""
    found = Payment.objects.select_related("order__event").filter(provider__in=settings.PAYMENT_PROVIDERS)
    payment = get_object_or_404(found, reference=reference, provider="toss", order__account=account)
    over = payment.order.state != OrderState.PENDING or live_hold_of(payment.order) is None
    if payment.state != PaymentState.STARTED or over:
        return redirect(payment.order)
    back = request.build_absolute_uri(reverse("events:paid", args=["toss", reference]))
    asked = {
        "clientKey": settings.TOSS_CLIENT_KEY,
        "customerKey": str(uuid5(reference, "customer")),  # tells Toss nothing of the account
        "amount": {"currency": "KRW", "value": payment.amount_won},
        "orderId": str(reference),
        "orderName": payment.order.event.title[:100],
        "successUrl": back,
        "failUrl": back,
        "customerEmail": account.email or None,
    }
    page = {"payment": payment, "request_of_toss": asked, "sdk": settings.TOSS_SDK_URL}
    return render(request, "events/toss.html", page)


@csrf_exempt  # the provider says who calls
def callback(request: HttpRequest, name: str) -> HttpResponse:
    """A provider's word: 200 however often it comes, 403 if it is none of the provider's, 503 to have it repeated."""
    if name not in settings.PAYMENT_PROVIDERS:
        raise Http404
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if len(request.headers.get("content-length", "")) > 6 or len(request.body) > LONGEST_NOTICE:
        return JsonResponse({"status": "too-long"}, status=413)
    try:
        notice = registry.provider_named(name).read(request.headers, request.body)
        if notice.reference is None and not notice.key:
            return JsonResponse({"status": "ignored"})
        payment = hear(name, notice)
    except ForgedNotice:
        log.warning("forged callback for %s", name)
        return JsonResponse({"status": "forged"}, status=403)
    except UnknownPayment as error:
        raise Http404 from error
    except ProviderUnavailable as error:
        log.warning("%s called, and does not answer: %s", name, error)
        return JsonResponse({"status": "unavailable"}, status=503)
    return JsonResponse({"status": payment.state})


@never_cache
@require_GET
def paid(request: HttpRequest, name: str, reference: UUID) -> HttpResponse:
    """The buyer comes back, paid or not: what was agreed to is confirmed, then on to the order.

    Whoever's browser it is: a bank's app opens the telephone's own, not the one that left.
    """
    found = Payment.objects.select_related("order__event")
    payment = get_object_or_404(found, reference=reference, provider=name)
    try:
        come_back(payment, {key: request.GET[key][:500] for key in request.GET})
    except ProviderUnavailable as error:
        log.warning("payment %s is asked about later: %s", payment.reference, error)
    return redirect(payment.order)
