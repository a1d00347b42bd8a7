"""The time, by the clock that rooms open by."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from waitingroom.redis_clock import redis_clock


@csrf_exempt
@require_safe
@never_cache
def clock(request: HttpRequest) -> JsonResponse:
    """`{"now": ...}`, Unix milliseconds; for pages that count down to an opening."""
    return JsonResponse({"now": redis_clock.now_us() // 1000})
