"""The list's own part, alike for all who read it in a language."""

from dataclasses import replace
from datetime import date

from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from events.front.kept import kept
from events.models import City, Kind
from events.programme.listed import listed, months_and_cities
from events.programme.wishes import Wish


def programme(wish: Wish) -> SafeString:
    """The events that the wish finds, with what it can be changed to; kept, unless it is somebody's own words."""
    if wish.words or wish.odd:
        return _made(wish)
    return kept.get(("programme", get_language(), wish), lambda: _made(wish))


def _made(wish: Wish) -> SafeString:
    found = listed(wish)
    wish = replace(wish, page=found.page, odd=wish.odd or found.page != wish.page)
    months, cities = months_and_cities()
    said = {
        "wish": wish,
        "found": found,
        "kinds": [(kind.value, kind.label, wish.address(kind=kind.value)) for kind in Kind],
        "any_kind": wish.address(kind=""),
        "months": [(month, _month(month)) for month in sorted({*months, wish.month} - {""})],
        "cities": [city for city in City if city in cities or city.value == wish.city],
        "before": wish.address(page=found.page - 1) if found.page > 1 else "",
        "next": wish.address(page=found.page + 1) if found.page < found.pages else "",
    }
    return render_to_string("events/programme.html", said)


def _month(month: str) -> str:
    year, number = (int(part) for part in month.split("-"))
    return date_format(date(year, number, 1), "YEAR_MONTH_FORMAT")
