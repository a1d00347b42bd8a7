"""Staff end a recovery period in the console: who may change rooms, on record, and only where there is one."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from waitingroom import admission
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.redis import client

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "admin:waitingroom_waitingroom_changelist"


def lose(room: WaitingRoom) -> None:
    """Redis loses the line, and the clock finds out."""
    admission.tick([room])
    client().unlink(*keys_of(room.slug).all())
    admission.tick(WaitingRoom.objects.filter(pk=room.pk))


def recovering_s(room: WaitingRoom) -> int:
    return admission.status([room.slug])[0].recovering_s


def end(browser: Client, *rooms: WaitingRoom) -> Any:
    sent = {"action": "end_recovery", "_selected_action": [room.pk for room in rooms]}
    return browser.post(reverse(LIST), sent, follow=True)


def staff(client_: Client, *permissions: str) -> Client:
    member = User.objects.create_user("member", password="winter-song-42", is_staff=True)
    member.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client_.force_login(member)
    return client_


def test_a_recovery_period_is_seen_in_the_list_and_ended_on_record(admin_client, admin_user, event):
    lose(event.room)
    assert "초 남음" in admin_client.get(reverse(LIST)).content.decode()

    said = end(admin_client, event.room).content.decode()

    assert "돌아온 분들부터" in said
    assert recovering_s(event.room) == 0
    last = event.room.history.first()
    assert (last.history_change_reason, last.history_user) == ("recovery period ended", admin_user)
    assert LogEntry.objects.get().change_message == "recovery period ended"
    assert "초 남음" not in admin_client.get(reverse(LIST)).content.decode()


def test_where_there_is_none_nothing_is_changed(admin_client, event):
    admission.tick([event.room])
    before = event.room.history.count()

    assert "순서 복구 중이 아니어서" in end(admin_client, event.room).content.decode()
    assert (event.room.history.count(), LogEntry.objects.count()) == (before, 0)


def test_who_may_only_look_ends_nothing(client, event):
    lose(event.room)
    browser = staff(client, "view_waitingroom")

    end(browser, event.room)

    assert recovering_s(event.room) > 0
    assert "end_recovery" not in browser.get(reverse(LIST)).content.decode()


def test_nothing_is_ended_by_asking_for_a_page(admin_client, event):
    lose(event.room)
    admin_client.get(reverse(LIST), {"action": "end_recovery", "_selected_action": event.room.pk})

    assert recovering_s(event.room) > 0
