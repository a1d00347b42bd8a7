"""The console's acts for a template: `{% console_acts as acts %}`, of the `room` in its context."""

from typing import Any

from django import template

from tiketi.console.acts.context import Acts, acts_on

register = template.Library()


@register.simple_tag(takes_context=True)
def console_acts(context: dict[str, Any]) -> Acts:
    """The acts on the page's room, its refused forms among them."""
    return acts_on(context["request"], context["room"], context.get("refused"), context.get("tried"))
