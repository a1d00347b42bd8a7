"""What a browser says of where to push is a stranger's word: it leads to known push services and nowhere else."""

import pytest

from tests.emulators.push import Browser
from waitingroom.push_services import BROWSERS, BadSubscription, checked, is_allowed


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/dGVzdA:APA91b-x_y",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAAA",
        "https://autopush.prod.push.services.mozilla.com/wpush/v1/x",
        "https://web.push.apple.com/QGuQyavXutnMH",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAC%2bx",
    ],
)
def test_the_browsers_own_services_are_known(endpoint: str):
    assert is_allowed(endpoint, BROWSERS)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x",
        "HTTPS://fcm.googleapis.com/x",
        "ftp://fcm.googleapis.com/x",
        "//fcm.googleapis.com/x",
        "https:fcm.googleapis.com/x",
        "https:///fcm.googleapis.com/x",
        "https://fcm.googleapis.com:443/x",
        "https://fcm.googleapis.com:6379/x",
        "https://fcm.googleapis.com:/x",
        "https://user@fcm.googleapis.com/x",
        "https://fcm.googleapis.com@127.0.0.1/x",
        "https://127.0.0.1\\@fcm.googleapis.com/x",
        "https://127.0.0.1#@fcm.googleapis.com/x",
        "https://127.0.0.1?@fcm.googleapis.com/x",
        "https://fcm.googleapis.com./x",
        "https://fcm.googleapis.com.example.com/x",
        "https://evilfcm.googleapis.com/x",
        "https://x.fcm.googleapis.com/x",
        "https://notify.windows.com/x",
        "https://evilnotify.windows.com/x",
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://[::1]/x",
        "https://[fcm.googleapis.com]/x",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost/x",
        "https://fcm.googleapis.com/x y",
        "https://fcm.googleapis.com/x\r\nHost: a",
        "https://fcm.googleapis.com/x\n",
        "https://fcm.googleapis.com\t/x",
        "https://fcm.googleapis.com/x#y",
        "https://fcm.googleapis。com/x",
        "https://ｆcm.googleapis.com/x",
        "https://*.notify.windows.com/x",
        "https://fcm.googleapis.com/" + "x" * 1024,
        "",
    ],
)
def test_nothing_else_is_ever_asked(endpoint: str):
    assert not is_allowed(endpoint, BROWSERS)


@pytest.mark.parametrize("named", ["127.0.0.1", "*.0.0.1", "*"])
def test_no_list_makes_an_address_a_service(named: str):
    assert not is_allowed("https://127.0.0.1/x", [named])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("p256dh", "BA" + "A" * 85),  # of the right length, on no curve
        ("p256dh", ""),
        ("p256dh", None),
        ("p256dh", ["x"]),
        ("p256dh", "é" * 87),
        ("auth", "AAAA"),
        ("auth", 16),
    ],
)
def test_keys_that_are_none_are_refused(name: str, value: object):
    good = Browser("ann").subscription | {"endpoint": "https://fcm.googleapis.com/x"}
    assert checked(good, BROWSERS) == {"endpoint": good["endpoint"], "keys": good["keys"]}

    with pytest.raises(BadSubscription):
        checked(good | {"keys": good["keys"] | {name: value}}, BROWSERS)
