"""configure: the settings on their way into Redis."""

import pytest

from tests.waitingroom.line import Line
from waitingroom import configure, scripts
from waitingroom.configure import RELEASE, configure_call
from waitingroom.fleet_share import FleetShare
from waitingroom.models import WaitingRoom
from waitingroom.redis import client, run_now
from waitingroom.timing import RELEASE_GONE_MS


def test_every_setting_the_verbs_read_is_written(line: Line):
    line.configure(threshold=7, threshold_per_instance=3, presence_seconds=11, mode="always")

    config = line.table("config")

    assert {name: config[name] for name in ("threshold", "threshold_per_instance", "presence_ms", "mode")} == {
        "threshold": "7",
        "threshold_per_instance": "3",
        "presence_ms": "11000",
        "mode": "always",
    }
    assert set(config) == {
        "version",
        "release",
        "confirmed_at_ms",
        "mode",
        "threshold",
        "threshold_per_instance",
        "users_per_minute_per_instance",
        "presence_ms",
        "grace_ms",
        "claim_ms",
        "idle_ms",
        "longest_stay_ms",
        "closed_reason",
        "announcement",
        "lost_epochs",
        "fleet_weight",
        "fleet_floor",
        "minimum_instances",
        "gathers_us",
        "opens_us",
        "opening_order",
        "lined_up",
    }


def test_settings_that_stand_are_not_written_again(line: Line):
    client().hset(line.keys.config, "obsolete", "1")

    line.configure()

    assert "obsolete" in line.table("config")


def test_of_two_staff_who_save_together_the_databases_word_comes_to_stand():
    line = Line("two-staff")
    ours = WaitingRoom(slug="two-staff", threshold=10, version=6, epoch=line.settings.epoch)
    theirs = WaitingRoom(slug="two-staff", threshold=20, version=6, epoch=line.settings.epoch)
    run_now([configure_call(ours)])

    run_now([configure_call(theirs)])  # the clock brings it every second

    assert line.table("config")["threshold"] == "20"
    line.remove()


def test_a_room_created_anew_does_not_inherit_what_redis_remembers(line: Line):
    line.configure(mode="always")
    line.fill("a", "b")
    line.leave("a")
    line.fleet(FleetShare(in_service=7))

    run_now([configure_call(WaitingRoom(slug=line.slug, threshold=99, version=1))])

    assert line.table("config")["threshold"] == "99"
    assert line.status().waiting == line.status().joined == line.status().gone == 0
    assert not line.scores("gone")
    assert not line.table("fleet")


def test_a_setting_that_is_no_more_is_forgotten(line: Line):
    client().hset(line.keys.config, "obsolete", "1")

    line.configure(threshold=5)

    assert "obsolete" not in line.table("config")


def test_every_script_counts_its_keys_by_its_own_head(line: Line):
    for script in set(scripts.EVERY) - {scripts.ALIVE, scripts.NOW}:  # the site's, not a room's
        call = script.call(line.slug)
        assert call.command[2] == len(script.key_names)
        assert call.command[3:] == tuple(getattr(line.keys, name) for name in script.key_names)


def written_by(line: Line, monkeypatch: pytest.MonkeyPatch, release: int, threshold: int, now_ms: int) -> str:
    """The threshold in force after a clock of that release brought its settings."""
    monkeypatch.setattr(configure, "RELEASE", release)
    line.settings.threshold = threshold
    command = list(configure_call(line.settings).command)
    command[3 + int(command[2]) + 4] = now_ms * 1000
    run_now([scripts.Call(scripts.CONFIGURE, tuple(command))])
    return line.table("config")["threshold"]


OLDER, NEWER = RELEASE, RELEASE + 1


def test_an_older_release_leaves_a_newer_ones_settings_alone(line: Line, monkeypatch: pytest.MonkeyPatch):
    now_ms = line.now_us // 1000

    assert written_by(line, monkeypatch, OLDER, 10, now_ms) == "10"
    assert written_by(line, monkeypatch, NEWER, 20, now_ms) == "20"
    for second in range(60):  # both tick
        assert written_by(line, monkeypatch, OLDER, 10, now_ms + 1000 * second) == "20"
        assert written_by(line, monkeypatch, NEWER, 20, now_ms + 1000 * second) == "20"
    assert written_by(line, monkeypatch, NEWER, 30, now_ms + 60_000) == "30"


def test_after_a_rollback_the_older_releases_settings_count_again(line: Line, monkeypatch: pytest.MonkeyPatch):
    now_ms = line.now_us // 1000
    written_by(line, monkeypatch, NEWER, 20, now_ms)

    assert written_by(line, monkeypatch, OLDER, 10, now_ms + RELEASE_GONE_MS - 1) == "20"
    assert written_by(line, monkeypatch, OLDER, 10, now_ms + RELEASE_GONE_MS) == "10"


def test_who_changes_the_fields_raises_the_release():
    fields = configure_call(WaitingRoom(slug="any", epoch="e")).command[3 + len(scripts.CONFIGURE.key_names) + 5 :: 2]

    assert (RELEASE, sorted(map(str, fields))) == (5, sorted([*scripts.DEFAULTS, "release"]))


def test_a_setting_that_another_release_did_not_write_is_a_new_rooms():
    parts = configure_call(WaitingRoom(slug="any", epoch="e")).command[3 + len(scripts.CONFIGURE.key_names) + 5 :]
    written = dict(zip(parts[::2], map(str, parts[1::2]), strict=True))
    del written["release"]
    written["longest_stay_ms"] = "0"  # who is inside by an older release was promised no end

    assert written == scripts.DEFAULTS


@pytest.mark.parametrize("missing", scripts.DEFAULTS)
def test_no_verb_fails_for_a_setting_that_is_missing(line: Line, missing: str):
    client().hdel(line.keys.config, missing)

    line.enter("a")
    line.knock("b")
    line.look("a")
    line.absent("a")
    line.take_over("a", "c")
    line.tick()
    line.status()
    assert line.leave("c") in ("active", "waiting")
