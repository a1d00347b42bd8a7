"""The tests' own ground: an emptied database has what a new one has, and what is of one group runs in one process."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal

from events.models import Event


def ground() -> tuple[object, ...]:
    """What is there besides what tests put there."""
    return (
        sorted(ContentType.objects.values_list("app_label", "model")),
        sorted(Permission.objects.values_list("content_type__model", "codename")),
        sorted(Group.objects.values_list("name", "permissions__codename")),
    )


@pytest.mark.xdist_group("ground")
def test_the_tests_of_a_group_are_sent_to_one_process(request: pytest.FixtureRequest) -> None:
    """By the name of the group, which not every pytest lets pytest-xdist write behind the test's."""
    grouped = bool(getattr(request.config.option, "loadgroup", False))

    assert request.node.nodeid.endswith("@ground") == grouped


@pytest.mark.django_db(transaction=True)
def test_what_is_put_back_is_what_django_makes_anew() -> None:
    call_command("flush", interactive=False, verbosity=0)
    ContentType.objects.all().delete()
    Group.objects.all().delete()
    emit_post_migrate_signal(0, interactive=False, db="default")
    made = ground()
    assert ContentType.objects.get_for_model(Event).model_class() is Event  # and is remembered by its number

    call_command("flush", interactive=False, verbosity=0)

    assert ground() == made
    assert ContentType.objects.filter(pk=ContentType.objects.get_for_model(Event).pk).exists()
