"""Which of two languages a name is shown in."""

from django.utils.translation import get_language


def in_language(korean: str, english: str) -> str:
    """The English name where the page is English, and the Korean one elsewhere or where no English is given."""
    return english if english and (get_language() or "").startswith("en") else korean
