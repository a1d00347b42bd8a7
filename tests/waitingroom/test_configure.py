"""configure: the settings on their way into Redis."""

from tests.waitingroom.line import Line
from waitingroom import scripts
from waitingroom.configure import configure_call
from waitingroom.fleet_share import FleetShare
from waitingroom.models import WaitingRoom
from waitingroom.redis import client, run_now


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
        "mode",
        "threshold",
        "threshold_per_instance",
        "users_per_minute_per_instance",
        "presence_ms",
        "grace_ms",
        "claim_ms",
        "idle_ms",
        "closed_reason",
        "lost_epochs",
        "fleet_weight",
        "fleet_floor",
        "minimum_instances",
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
    for script in scripts.EVERY:
        call = script.call(line.slug)
        assert call.command[2] == len(script.key_names)
        assert call.command[3:] == tuple(getattr(line.keys, name) for name in script.key_names)
