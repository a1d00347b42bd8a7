"""The way to the console, for who may see any of it."""

from typing import Any

from django import template
from django.urls import reverse

from tiketi.console.rights import right_at

register = template.Library()


@register.simple_tag(takes_context=True)
def console_address(context: dict[str, Any]) -> str:
    """The console of all sales; "" for who sees none."""
    return reverse("console") if right_at(context["request"].user, None) else ""
