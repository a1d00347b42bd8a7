"""Inlines whose fields have names of their own: a table's heading names none to who cannot see it."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    Inline = admin.TabularInline[Any, Any]
else:
    Inline = object


class LabelledFormSet(BaseInlineFormSet[Any, Any, Any]):
    """Rows whose box to delete them says so."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """As Django's, with the name."""
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].widget.attrs["aria-label"] = _("Delete")


class Labelled(Inline):
    """Each field bears its column's name."""

    formset = LabelledFormSet

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """The field, its name in it."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            widget: Any = getattr(field.widget, "widget", field.widget)  # behind the links to another row
            widget.attrs.setdefault("aria-label", field.label)
        return field
