"""What would spoil a sale is a line each, in its time; a fault exits 1, and what hangs is a line as well."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.utils import ConnectionHandler
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from events.models import Payment
from events.payments.provider import ProviderUnavailable
from scaling import autoscaling, cloud, control_loop, registration, store
from scaling.configuration import Configuration
from scaling.models import ArrivalBin, FleetPin, FleetSettings, Prewarm
from scaling.preflight import account, run
from scaling.preflight.findings import Finding, Level, Sale
from scaling.preflight.run import Line, preflight
from tests.patience import BUSY_S
from tests.scaling.aws import Hanging, misbehaving
from tests.scaling.conftest import Clock, point_at
from tiketi import environment, loopback, readiness
from tiketi import preflight as site
from waitingroom.models import Mode, WaitingRoom
from waitingroom.redis import client as redis

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("moto")]
TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:alarms"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Lines in English, but for pages, which follow their reader."""
    with override("en"):
        yield


@pytest.fixture
def tonight(room: WaitingRoom) -> WaitingRoom:
    """A room whose sale opens in an hour, for a crowd that seven servers let in in time."""
    room.opens_at = datetime.now(UTC) + timedelta(hours=1)
    room.save()
    Prewarm.objects.create(room=room, expected_visitors=10_000)
    readiness.forget()
    return room


@pytest.fixture
def on_time(tonight: WaitingRoom, clock: Clock) -> WaitingRoom:
    """The same, with the loop at work and the boots known."""
    control_loop.turn(store.now())
    store.learn_boot(150)
    registration.sign()
    return tonight


def lines(room: WaitingRoom) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in preflight(room.slug):
        found.setdefault(line.check, []).append(line)
    return found


def worst(found: list[Line]) -> Level:
    order = [Level.OK, Level.UNKNOWN, Level.WARNING, Level.FAULT]
    return max((line.level for line in found), key=order.index)


def told(found: list[Line]) -> str:
    return " | ".join(line.text for line in found)


def command(slug: str, *options: str) -> tuple[str, bool]:
    out = StringIO()
    try:
        call_command("scaling", "preflight", slug, *options, stdout=out, stderr=StringIO())
    except CommandError:
        return out.getvalue(), False
    return out.getvalue(), True


def test_every_check_is_a_line_and_what_is_well_is_ok(on_time: WaitingRoom):
    found = lines(on_time)

    assert found.keys() == run.checks().keys()
    for name in ("opening", "line", "prewarm", "boot", "capacity", "orders", "loop", "serving", "drift", "clocks"):
        assert worst(found[name]) is Level.OK, found[name]
    assert all(line.text for rows in found.values() for line in rows)
    assert all(line.todo for rows in found.values() for line in rows if line.level is Level.WARNING)


def test_the_command_exits_1_on_a_fault_and_speaks_json(on_time: WaitingRoom):
    text, well = command(on_time.slug)
    rows = json.loads(command(on_time.slug, "--json")[0])

    faults = [row for row in rows if row["level"] == "fault"]
    assert well == (not faults)
    assert len(text.splitlines()) == len(rows)
    assert {"check", "level", "text", "todo"} == set(rows[0])
    FleetSettings(shadow="on").save()
    control_loop.keep_tuned()
    text, well = command(on_time.slug)
    assert not well
    assert "shadow mode: nothing is ordered" in text


def test_a_room_that_is_not_there_is_one_line():
    with pytest.raises(CommandError, match="no waiting room 'nowhere'"):
        call_command("scaling", "preflight", "nowhere", stdout=StringIO())


def no_opening(room: WaitingRoom) -> None:
    WaitingRoom.objects.filter(pk=room.pk).update(opens_at=None)


def opened_already(room: WaitingRoom) -> None:
    WaitingRoom.objects.filter(pk=room.pk).update(opens_at=datetime.now(UTC) - timedelta(minutes=5))


def paused(room: WaitingRoom) -> None:
    WaitingRoom.objects.filter(pk=room.pk).update(mode=Mode.PAUSED)


def off(room: WaitingRoom) -> None:
    WaitingRoom.objects.filter(pk=room.pk).update(mode=Mode.OFF)


def fixed(room: WaitingRoom) -> None:
    WaitingRoom.objects.filter(pk=room.pk).update(threshold_per_instance=None)


def huge(room: WaitingRoom) -> None:
    Prewarm.objects.filter(room=room).update(expected_visitors=500_000)


def large(room: WaitingRoom) -> None:
    Prewarm.objects.filter(room=room).update(expected_visitors=22_000)


def nobody_knows(room: WaitingRoom) -> None:
    Prewarm.objects.filter(room=room).update(expected_visitors=None)


def late(room: WaitingRoom) -> None:
    Prewarm.objects.filter(room=room).update(lead_s=180)


def slow_boots(_room: WaitingRoom) -> None:
    store.learn_boot(900)


def pinned(_room: WaitingRoom) -> None:
    FleetPin.objects.create(ceiling=4, until=datetime.now(UTC) + timedelta(hours=5), why="x", by="x")


def crowded_evening(room: WaitingRoom) -> None:
    WaitingRoom.objects.create(slug=f"{room.slug}-2", opens_at=room.opens_at)


def nobody_signs(_room: WaitingRoom) -> None:
    redis().delete(store.SERVERS)


def loop_stands(_room: WaitingRoom) -> None:
    redis().hset(store.HEALTH, "read_at", str(store.now() - 120))


def never_read(_room: WaitingRoom) -> None:
    redis().delete(store.HEALTH)


@pytest.mark.parametrize(
    ("happens", "check", "level", "text"),
    [
        (no_opening, "opening", Level.FAULT, "no opening is set"),
        (no_opening, "prewarm", Level.FAULT, "nothing is prewarmed"),
        (opened_already, "opening", Level.FAULT, "the opening was 5 minutes ago"),
        (paused, "line", Level.WARNING, "the line is paused"),
        (off, "line", Level.FAULT, "everybody goes straight in"),
        (fixed, "line", Level.WARNING, "the threshold is fixed"),
        (huge, "capacity", Level.FAULT, "500000 visitors at once need 200 servers for 300 s, and 10 are allowed"),
        (large, "capacity", Level.WARNING, "with 7 servers the last waits 377 s, not 300 s"),
        (nobody_knows, "capacity", Level.UNKNOWN, "nobody said how many"),
        (late, "boot", Level.FAULT, "the lead is 180 s"),
        (slow_boots, "boot", Level.FAULT, "the lead is 600 s"),
        (pinned, "prewarm", Level.FAULT, "a pin or the maximum allows 4"),
        (pinned, "orders", Level.WARNING, "a pin holds the fleet"),
        (crowded_evening, "prewarm", Level.WARNING, "ask for 14 servers together, of at most 10"),
        (nobody_signs, "serving", Level.FAULT, "no web process signs"),
        (loop_stands, "loop", Level.FAULT, "the fleet was read 1"),
        (never_read, "loop", Level.FAULT, "the fleet was read never"),
    ],
)
def test_what_would_spoil_the_sale_is_told(
    on_time: WaitingRoom, happens: Callable[[WaitingRoom], None], check: str, level: Level, text: str
):
    happens(on_time)

    found = lines(on_time)[check]

    assert worst(found) is level
    assert text in told(found)


def test_the_last_sale_says_how_many_are_expected(on_time: WaitingRoom):
    nobody_knows(on_time)
    ArrivalBin.objects.create(room=on_time.slug, begins_at=1000, visitors=9000)

    assert "9000 visitors at once" in told(lines(on_time)["capacity"])


def test_a_check_that_hangs_is_a_line_and_holds_up_no_other(on_time: WaitingRoom, monkeypatch):
    released = Event()

    def hangs(_sale: Sale) -> Iterator[Finding]:
        released.wait(30)
        yield from ()

    monkeypatch.setattr(run, "SECONDS", 5.0)
    monkeypatch.setitem(site.CHECKS, "mail", hangs)
    began = time.monotonic()

    found = lines(on_time)

    assert time.monotonic() - began < 5 + 2 * BUSY_S
    released.set()
    (line,) = found["mail"]
    assert (line.level, line.text) == (Level.UNKNOWN, "no answer")
    assert worst(found["opening"]) is Level.OK


@pytest.fixture
def account_ready(aws: Configuration, tonight: WaitingRoom, configured) -> Configuration:
    """An account on which all is well."""
    c: Configuration = configured(topic=TOPIC)
    sns = cloud.client("sns")
    arn = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint="arn:aws:sqs:ap-northeast-2:123456789012:alarms")
    control_loop.turn(store.now())
    call_command("scaling", "provision", "--apply", stdout=StringIO())
    return c


def test_on_aws_the_account_is_asked(account_ready: Configuration, tonight: WaitingRoom):
    found = lines(tonight)

    for name in ("region", "image", "addresses", "topic", "drift"):
        assert worst(found[name]) is Level.OK, found[name]
    assert worst(found["quota"]) in (Level.OK, Level.UNKNOWN)  # moto keeps no quotas of EC2
    assert "20 vCPUs" in told(found["quota"])
    assert "ap-northeast-2" in told(found["region"])


def unsubscribed(_c: Configuration) -> None:
    sns = cloud.client("sns")
    for one in sns.list_subscriptions()["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])


def no_topic(_c: Configuration) -> None:
    cloud.client("sns").delete_topic(TopicArn=TOPIC)


def drifted(c: Configuration) -> None:
    autoscaling.set_bounds(c.group, minimum=1, maximum=20)


def no_image(c: Configuration) -> None:
    cloud.client("ec2").create_launch_template_version(
        LaunchTemplateName="tiketi-web", LaunchTemplateData={"ImageId": "ami-00000000", "InstanceType": "t3.micro"}
    )


def gone(c: Configuration) -> None:
    autoscaling.autoscaling().delete_auto_scaling_group(AutoScalingGroupName=c.group, ForceDelete=True)


def unscheduled(c: Configuration) -> None:
    for name in autoscaling.scheduled(c.group):
        autoscaling.unschedule(c.group, name)


@pytest.mark.parametrize(
    ("happens", "check", "text"),
    [
        (unsubscribed, "topic", "nobody has subscribed"),
        (no_topic, "topic", "is not there"),
        (drifted, "drift", "MaxSize 20, not 10"),
        (unscheduled, "drift", "is not there"),
        (no_image, "image", "ami-00000000 is not there"),
        (gone, "region", "there is no Auto Scaling group"),
    ],
)
def test_what_is_wrong_with_the_account_is_a_fault(
    account_ready: Configuration, tonight: WaitingRoom, happens: Callable[[Configuration], None], check: str, text: str
):
    happens(account_ready)

    found = lines(tonight)[check]

    assert worst(found) is Level.FAULT
    assert text in told(found)


@pytest.mark.parametrize(("quota", "level"), [(19.0, Level.FAULT), (20.0, Level.OK)])
def test_the_quota_must_hold_the_whole_fleet(
    account_ready: Configuration, tonight: WaitingRoom, monkeypatch, quota: float, level: Level
):
    class Quotas:
        """Stands in for Service Quotas, which moto knows no EC2 of."""

        def get_service_quota(self, **asked: str) -> dict[str, Any]:
            assert asked == {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"}
            return {"Quota": {"Value": quota}}

    real = cloud.client
    monkeypatch.setattr(account, "client", lambda name: Quotas() if name == "service-quotas" else real(name))

    assert worst(lines(tonight)["quota"]) is level


def test_too_few_addresses_are_a_fault(account_ready: Configuration, tonight: WaitingRoom, configured):
    configured(maximum=1000)

    small = cloud.client("ec2").create_subnet(
        VpcId=cloud.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"], CidrBlock="172.31.128.0/28"
    )["Subnet"]["SubnetId"]
    autoscaling.autoscaling().update_auto_scaling_group(
        AutoScalingGroupName=account_ready.group, VPCZoneIdentifier=small
    )
    found = lines(tonight)["addresses"]

    assert worst(found) is Level.FAULT
    assert "addresses are left, and 998 servers may come" in told(found)


def test_an_account_that_hangs_is_unknown_in_time(account_ready: Configuration, tonight: WaitingRoom, monkeypatch):
    hanging = Hanging()
    monkeypatch.setattr(run, "SECONDS", 5.0)
    with misbehaving(hanging) as url:
        point_at(monkeypatch, url)
        began = time.monotonic()
        found = lines(tonight)
        assert time.monotonic() - began < 5 + 2 * BUSY_S
        hanging.released.set()

    for name in ("region", "image", "quota", "addresses", "topic", "drift"):
        assert worst(found[name]) is Level.UNKNOWN, found[name]
    assert worst(found["opening"]) is Level.OK


def test_the_console_shows_it_in_the_readers_language(on_time: WaitingRoom, client: Client):
    client.force_login(User.objects.create_superuser("staff"))
    page = client.get(reverse("admin:scaling_preflight", args=[on_time.slug])).content.decode()
    assert "오픈까지" in page
    client.cookies["django_language"] = "en"
    page = client.get(reverse("admin:scaling_preflight", args=[on_time.slug])).content.decode()
    assert "opens in 0 h" in page
    assert (
        reverse("admin:scaling_preflight", args=[on_time.slug])
        in client.get(reverse("admin:scaling_scalingdecision_changelist")).content.decode()
    )
    assert client.get(reverse("admin:scaling_preflight", args=["nowhere"])).status_code == 404


def test_strangers_do_not_see_it(on_time: WaitingRoom, client: Client):
    client.force_login(User.objects.create_user("clerk", is_staff=True))

    assert client.get(reverse("admin:scaling_preflight", args=[on_time.slug])).status_code == 403


def test_a_check_is_one_function_and_says_one_thing_of_each(on_time: WaitingRoom, monkeypatch):
    def twice(_sale: Sale) -> Any:
        yield Finding(Level.OK, "one")
        yield Finding(Level.FAULT, "two", "mend it")

    monkeypatch.setitem(site.CHECKS, "work", twice)

    assert [line.text for line in lines(on_time)["work"]] == ["one", "two"]


class Payments:
    """One payment that was begun."""

    def order_by(self, _name: str) -> "Payments":
        return self

    def first(self) -> Payment:
        return Payment()


class Company:
    """Stands in for a payment company: asked how a payment stands, and named by one host."""

    title, host = "Company", "127.0.0.1:1"

    def hosts(self) -> dict[str, list[str]]:
        return {"connect-src": [self.host] if self.host else []}

    def status(self, payment: Any) -> None:
        raise ProviderUnavailable("HTTP 503")


def test_a_provider_that_does_not_answer_is_a_fault(on_time: WaitingRoom, settings, monkeypatch):
    settings.PAYMENT_PROVIDERS = {"company": "tests.scaling.test_preflight.Company"}

    assert "company at 127.0.0.1:1 does not answer" in told(found := lines(on_time)["payment"])
    assert worst(found) is Level.FAULT
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(Company, "host", f"127.0.0.1:{server.getsockname()[1]}")
        assert worst(lines(on_time)["payment"]) is Level.OK
    monkeypatch.setattr(Company, "host", "")
    assert worst(lines(on_time)["payment"]) is Level.UNKNOWN
    monkeypatch.setattr(Payment.objects, "filter", lambda **_: Payments())
    assert "company does not answer: HTTP 503" in told(lines(on_time)["payment"])


def test_a_mail_server_that_refuses_is_a_fault(on_time: WaitingRoom, settings):
    settings.OUTBOX_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", loopback.free_port()

    found = lines(on_time)["mail"]

    assert worst(found) is Level.FAULT
    assert "does not take mails" in told(found)


def test_whom_errors_and_traces_are_told_to_is_asked_for_and_a_sale_goes_on_without(on_time: WaitingRoom, settings):
    errors, traces = settings.ERROR_REPORTS, settings.TRACES
    settings.ERROR_REPORTS, settings.TRACES = replace(errors, dsn=""), replace(traces, endpoint="")
    (nobody,) = lines(on_time)["telemetry"]
    assert (nobody.level, nobody.text) == (Level.OK, "errors stand in the log alone, and nothing is traced")

    with socket.create_server(("127.0.0.1", 0)) as server:
        there, nowhere = server.getsockname()[1], loopback.free_port()
        settings.ERROR_REPORTS = replace(errors, dsn=f"http://s3cr3t@127.0.0.1:{there}/7")
        settings.TRACES = replace(traces, endpoint=f"http://127.0.0.1:{nowhere}/v1/traces")
        sentry, collector = lines(on_time)["telemetry"]
        settings.TRACES = replace(traces, endpoint=f"http://127.0.0.1:{there}/v1/traces")
        found = lines(on_time)["telemetry"]
    gone, _ = lines(on_time)["telemetry"]

    assert (sentry.level, sentry.text) == (Level.OK, "Sentry answers at 127.0.0.1")
    assert collector.level is Level.WARNING
    assert collector.text.startswith("OpenTelemetry at 127.0.0.1 does not answer: ")
    assert "The sale goes on" in collector.todo
    assert [line.level for line in found] == [Level.OK, Level.OK]
    assert gone.level is Level.WARNING
    assert "s3cr3t" not in told([sentry, collector, gone])


def test_a_machine_whose_clock_is_off_is_told(on_time: WaitingRoom, monkeypatch):
    monkeypatch.setattr(site, "clock_s", lambda: time.time() + 90)

    found = lines(on_time)["clocks"]

    assert worst(found) is Level.FAULT
    assert "differ by 90.0 s" in told(found)


def test_a_redis_that_forgets_or_is_too_small_is_a_fault(on_time: WaitingRoom):
    server: Any = redis()
    was = server.config_get("maxmemory*")
    try:
        server.config_set("maxmemory-policy", "allkeys-lru")
        assert "noeviction" in told(found := lines(on_time)["redis"])
        assert worst(found) is Level.FAULT
        server.config_set("maxmemory-policy", "noeviction")
        server.config_set("maxmemory", str(server.info("memory")["used_memory"] + 2_000_000))
        assert "the crowd takes 3 MB" in told(lines(on_time)["redis"])
    finally:
        server.config_set("maxmemory", was["maxmemory"])
        server.config_set("maxmemory-policy", was["maxmemory-policy"])


@pytest.mark.parametrize(("maximum", "level"), [(10, Level.OK), (100, Level.FAULT)])
def test_postgresql_must_take_the_connections_of_the_whole_fleet(
    on_time: WaitingRoom, configured, monkeypatch, postgres_url: str, maximum: int, level: Level
):
    real = ConnectionHandler({"default": environment.database(postgres_url)})["default"]
    monkeypatch.setattr(site, "connection", real)
    configured(maximum=maximum)

    (found,) = site.database(run.sale_of(on_time.slug))

    real.close()
    assert found.level is level
    assert f"{maximum} " in str(found.text)
    assert [one.level for one in site.clocks(run.sale_of(on_time.slug))] == [Level.OK]
    real.close()
