"""Leaving by the page: the place goes, and so does the slip that could bring it back."""

import pytest
from django.urls import reverse


@pytest.mark.django_db(transaction=True)
def test_who_leaves_keeps_no_slip(client, event):
    client.get(reverse("events:event", args=[event.slug]))
    name = f"slip-{event.slug}"
    assert client.cookies[name].value

    left = client.post(reverse("events:leave", args=[event.slug]))

    assert left.status_code == 302
    assert (left.cookies[name].value, left.cookies[name]["max-age"]) == ("", 0)


@pytest.mark.django_db(transaction=True)
def test_what_became_of_it_is_a_list_within_what_is_spoken(client, event):
    client.get(reverse("events:event", args=[event.slug]))

    page = client.post(reverse("events:leave", args=[event.slug]), follow=True).content.decode()

    assert '<div role="status"><ul class="messages">' in page  # a list with a role of its own is none to screen readers
