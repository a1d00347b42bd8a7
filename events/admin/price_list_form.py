"""The form that takes a price list."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from events.admin.table_form import TableForm
from events.models import Event
from events.sale.price_lists import PriceChanges, price_list_of, read_price_list
from events.sale.repricing import SeatsBeingTaken


class PriceListForm(TableForm):
    """The price list as CSV; shows the one in force. Checked and put in force inside one transaction."""

    changes: PriceChanges

    def __init__(self, event: Event, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event
        self.initial["lines"] = price_list_of(event)
        self.fields["lines"].help_text = _(
            "section,tier,price. Sections may be ranges such as 101-110. A section without a tier is taken off sale; "
            "sections that are not named stay as they are. A price changes its tier's, also where the tier is new."
        )

    def clean(self) -> dict[str, Any]:
        """Read the list, and compare it with what is in force."""
        cleaned = super().clean()
        try:
            self.changes = read_price_list(self.event, self.text)
        except SeatsBeingTaken as error:
            raise forms.ValidationError(str(error)) from error
        self.refuse(self.changes.errors)
        return cleaned
