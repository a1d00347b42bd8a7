"""Sums on the admin's pages as people write them: with the currency and the thousands."""

from typing import Any

from django.contrib import admin

from events.templatetags.event_words import won


def sum_of(name: str, label: Any) -> Any:
    """A column or field of the row's `name`, an amount in won, under the label, a text or a lazy one."""

    def shown(row: Any) -> str:
        return won(getattr(row, name))

    shown.__name__ = name  # pages name columns and fields by it
    return admin.display(shown, description=label, ordering=name)
