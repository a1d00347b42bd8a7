"""Where the steps are."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.urls import URLPattern, path

from events.admin.guided import hall_page, preview_page, prices_page, sale_page, what_page
from events.admin.guided.drafts import Admin
from events.sale.readiness import Part

PAGES = {
    Part.WHAT: what_page.what,
    Part.HALL: hall_page.hall,
    Part.PRICES: prices_page.prices,
    Part.SALE: sale_page.sale,
}


def addresses(model_admin: Admin, guard: Callable[[Any], Any]) -> list[URLPattern]:
    """`new/` begins; each step of a draft has a page of its own, so that "back" is the browser's."""

    def at(route: str, page: Callable[..., Any], name: str) -> URLPattern:
        found: URLPattern = path(route, guard(partial(page, model_admin)), name=f"events_event_{name}")
        return found

    return [
        at("new/", what_page.start, "new"),
        at("<key:pk>/new/", what_page.resume, "new_resume"),
        *(at(f"<key:pk>/new/{part}/", page, f"new_{part}") for part, page in PAGES.items()),
        at("<key:pk>/new/preview/", preview_page.preview, "new_preview"),
    ]
