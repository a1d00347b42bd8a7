"""`GET /api/scaling/desired`: the fleet's number for other autoscalers, such as KEDA's metrics-api."""

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from scaling.desired import desired
from tiketi.health import is_meant


@csrf_exempt
@never_cache
@require_safe
def view(request: HttpRequest) -> JsonResponse:
    """200 with the number and its terms; 401 without the operators' token from another machine; 503 while unknown.

    A 503 is what an autoscaler's fallback is for: no number is better than an old one.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    if not is_meant(request.META.get("REMOTE_ADDR", ""), headers):
        return JsonResponse({"status": "unauthorized"}, status=401, headers={"WWW-Authenticate": "Bearer"})
    try:
        known = desired()
    except RedisError:
        known = None
    if known is None:
        return JsonResponse({"status": "unknown"}, status=503)
    return JsonResponse(known)


urlpatterns = [path("api/scaling/desired", view, name="scaling-desired")]
