"""The bar that tells a visitor inside how long the place lasts."""

from typing import Any

from django import template
from django.http import HttpRequest

from events.room.inside import place_inside

register = template.Library()


@register.inclusion_tag("events/place_bar.html", takes_context=True)
def place_bar(context: dict[str, Any]) -> dict[str, Any]:
    """How long the place lasts, on the pages inside and on the way back to them; nothing for who has none."""
    request: HttpRequest | None = context.get("request")
    return {"inside": place_inside(request) if request else None}
