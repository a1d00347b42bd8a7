"""An account's own page: what is stored of it, as a file, and how to have it forgotten."""

from django.contrib import messages
from django.contrib.auth import authenticate, logout
from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events.privacy.erasure import HasTickets, erase, orders_in_the_way
from events.privacy.stored import stored_of
from events.sale.refusals import Refused
from events.views.answers import for_accounts, refuse


@require_safe
@for_accounts
def account(request: HttpRequest, account: User) -> HttpResponse:
    """My account: email, password, data."""
    return render(request, "events/account.html")


@require_POST  # nothing fetches it ahead
@for_accounts
def download(request: HttpRequest, account: User) -> HttpResponse:
    """What is stored of the account, as a JSON file."""
    answer = JsonResponse(
        stored_of(account), encoder=DjangoJSONEncoder, json_dumps_params={"ensure_ascii": False, "indent": 2}
    )
    answer["Content-Disposition"] = 'attachment; filename="tiketi-account.json"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@for_accounts
def delete(request: HttpRequest, account: User) -> HttpResponse:
    """What is forgotten and what is kept; by POST, with the password, it is done."""
    if request.method == "POST":
        if not _is_the_owner(request, account):
            messages.error(request, _("That is not what this account is opened by. Nothing was deleted."))
            return redirect("account_delete")
        try:
            erase(account.pk)
        except Refused as why:
            return refuse(request, why, request.path)
        logout(request)
        messages.success(request, _("Your account was deleted."))
        return redirect("events:list")
    in_the_way = orders_in_the_way(account)
    page = {"orders": in_the_way, "refusal": HasTickets() if in_the_way else None}
    return render(request, "events/account_delete.html", page)


def _is_the_owner(request: HttpRequest, account: User) -> bool:
    """By the password, tries counted as at the sign-in; who signs in by Kakao or Naver alone types the address."""
    if account.has_usable_password():
        named = {"email": account.email} if account.email else {"username": account.get_username()}
        found = authenticate(request, **named, password=request.POST.get("password", ""))
        return found is not None and found.pk == account.pk
    return bool(account.email) and request.POST.get("email", "").strip().lower() == account.email.lower()
