"""Accounts, groups and second factors in the admin: rights in the reader's language, and no factor's secret."""

from typing import Any

import allauth.mfa.admin  # noqa: F401 (registers its own page, whose place one of ours takes)
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from events.admin.order import OnlyToLookAt

VERBS = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("view")}
# The groups that the site makes; staff's own are called as staff call them.
GROUPS = {"Box office": _("Box office"), "Sales managers": _("Sales managers")}


def group_told(group: Group) -> str:
    """The group's name."""
    return str(GROUPS.get(group.name, group.name))


def permission_told(permission: Permission) -> str:
    """What the permission is for: "Events and tickets | event | change"."""
    verb, _underscore, model = permission.codename.partition("_")
    plain = verb in VERBS and model == permission.content_type.model
    return f"{permission.content_type} | {VERBS[verb] if plain else gettext(permission.name)}"


def told(db_field: "models.ManyToManyField[Any, Any]", field: Any) -> Any:
    """The field of a form, its choices in the reader's language."""
    if field is not None and db_field.name == "groups":
        field.label_from_instance = group_told
    if field is not None and db_field.name in ("permissions", "user_permissions"):
        field.label_from_instance = permission_told
    return field


class GroupFilter(admin.RelatedFieldListFilter):
    """By group, in words."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        """Each group."""
        return [(group.pk, group_told(group)) for group in Group.objects.all()]


admin.site.unregister([User, Group, Authenticator])


@admin.register(User)
class AccountAdmin(UserAdmin[User]):
    """Django's; accounts of buyers and of staff."""

    list_filter = ("is_staff", "is_superuser", "is_active", ("groups", GroupFilter))

    def formfield_for_manytomany(
        self, db_field: "models.ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Rights and groups in words."""
        return told(db_field, super().formfield_for_manytomany(db_field, request, **kwargs))


@admin.register(Group)
class RightsAdmin(GroupAdmin):
    """Django's."""

    list_display = ("told",)

    @admin.display(description=_("group"), ordering="name")
    def told(self, group: Group) -> str:
        """In words."""
        return group_told(group)

    def formfield_for_manytomany(
        self, db_field: "models.ManyToManyField[Any, Any]", request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        """Rights in words."""
        return told(db_field, super().formfield_for_manytomany(db_field, request, **kwargs))


@admin.register(Authenticator)
class FactorAdmin(OnlyToLookAt, admin.ModelAdmin[Authenticator]):
    """Who has which; taken away by `manage.py reset_second_factor` alone, on record."""

    list_display = fields = readonly_fields = ("user", "kind", "made", "used")
    list_display_links = None
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")

    @admin.display(description=_("second factor"), ordering="type")
    def kind(self, factor: Authenticator) -> str:
        """An app's codes, a passkey, recovery codes."""
        return str(factor.get_type_display())

    @admin.display(description=_("made"), ordering="created_at")
    def made(self, factor: Authenticator) -> Any:
        """When."""
        return factor.created_at

    @admin.display(description=_("last used"), ordering="last_used_at")
    def used(self, factor: Authenticator) -> Any:
        """When, last."""
        return factor.last_used_at
