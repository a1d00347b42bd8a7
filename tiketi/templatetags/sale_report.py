"""The report's words for times."""

from django import template

from tiketi.sale_report import figures

register = template.Library()


@register.filter
def lasting(seconds: float | None) -> str:
    """72.4 -> "1 min 12 s"; a dash where none is known."""
    return figures.lasting(seconds)
