"""The site as it would be deployed, from the artifact alone: what a server of the template does at its boot, and after.

The module `machine` says what is stood in for. PostgreSQL and Redis are real, ask for passwords, and Redis speaks TLS;
nothing else of this work tree is in the site's reach. DEPLOYED_TRANSCRIPT=FILE keeps what was done and said.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from deploy.release import Release
from tests.conftest import missing
from tests.deployed.browser import Browser, balancer
from tests.deployed.cloudformation import ATTRIBUTES, PARAMETERS, Stack
from tests.deployed.machine import Machine, Systemd, cmdline, environment_file
from tests.deployed.servers import locked_postgres, locked_redis
from tests.patience import until
from tests.smtp import MailServer, mail_server
from tiketi import loopback
from tiketi.processes import read_procfile
from tiketi.storm.buyer import FREE_SEAT, LEFT_IN_SECTION

pytestmark = pytest.mark.xdist_group("deployed")

HOST = PARAMETERS["HostName"]
SECRETS = ("SecretKey", "RedisPassword", "Database.MasterUserSecret.SecretArn")


class Cloud:
    """What the cloud holds for the servers, and the words it hears from them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def keep(self, name: str, text: str) -> None:
        """A secret, by its ARN."""
        (self.folder / re.sub(r"\W", "_", name)).write_text(f"{text}\n")

    def serve(self, machine: Machine) -> None:
        """Give a machine the cloud's commands, and the address where it asks who it is."""
        machine.stand_in(
            "aws",
            f"""case "$1 $2" in
                "s3 cp") exec cp {self.folder}/release.tar.gz "$5" ;;
                "secretsmanager get-secret-value") exec cat {self.folder}/$(printf %s "$4" | tr -c 'A-Za-z0-9_' _) ;;
            esac""",
        )
        machine.stand_in(
            "curl",
            f"""case "$*" in
                *169.254.169.254*api/token*) echo token ;;
                *169.254.169.254*instance-id*) echo i-0123456789 ;;
                *) exec {shutil.which("curl")} "$@" ;;
            esac""",
        )
        agent = machine.root / "opt/aws/amazon-cloudwatch-agent"
        (agent / "bin").mkdir(parents=True)
        (agent / "etc").mkdir()
        machine.stand_in("agent", "exit 0")
        (agent / "bin/amazon-cloudwatch-agent-ctl").symlink_to(machine.bin / "agent")


@dataclass
class Server:
    """A machine that booted."""

    machine: Machine
    systemd: Systemd
    cloud: Cloud
    stack: Stack
    mails: MailServer
    database: str  # as its administrator
    through_balancer: int
    boot: subprocess.CompletedProcess[str]

    def browser(self) -> Browser:
        return Browser(self.through_balancer, HOST)

    def manage(self, *arguments: str) -> str:
        """A manage.py command, as docs/deploy.md has operators run it."""
        env = dict(environment_file((self.machine.root / "etc/tiketi/environment").read_text()))
        done = self.machine.run(self.machine.srv / "deploy/run", "python", "manage.py", *arguments, **env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def asked(self, path: str, host: str) -> int:
        """The status for who comes to the port itself, without a word of TLS."""
        with closing(HTTPConnection("127.0.0.1", self.machine.port, timeout=5)) as connection:
            connection.request("GET", path, headers={"Host": host})
            return connection.getresponse().status

    def ready(self) -> bool:
        """Whether `/readyz` misses nothing but the fleet: AWS's API is not here, so no turn sees one and publishes."""
        try:
            with closing(HTTPConnection("127.0.0.1", self.machine.port, timeout=5)) as connection:
                connection.request("GET", "/readyz", headers={"Host": "10.0.1.23:8000"})
                said = json.load(connection.getresponse())
        except (OSError, ValueError):
            return False
        well = {said["database"], said["redis"], said["clock"], *said["jobs"].values()} == {"ok"}
        return well and set(said["late"]) <= {"publish", "turn"}


def booted(machine: Machine, stack: Stack) -> subprocess.CompletedProcess[str]:
    """Run what the template gives a server to run at its boot."""
    script = machine.moved(str(stack.properties("Template")["LaunchTemplateData"]["UserData"]))
    install = f"{machine.srv}/deploy/install\n"
    assert script.count(install) == 1
    (machine.root / "user-data").write_text(script.replace(install, f"{install}systemctl move-in\n"))
    return machine.run("bash", machine.root / "user-data")


@pytest.fixture(scope="module")
def server(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that booted by the template's script."""
    if shutil.which("curl") is None:
        missing("curl: what the boot script asks the site with")
    root = tmp_path_factory.mktemp("aws")
    passwords = {"redis": secrets.token_hex(32), "database": "p%/s:w@rd#" + secrets.token_hex(8)}
    with ExitStack() as running:
        mails = running.enter_context(mail_server())
        database = running.enter_context(locked_postgres(passwords["database"]))
        redis_port = running.enter_context(locked_redis(root, passwords["redis"]))
        cloud = Cloud(root / "cloud")
        shutil.copy(release.path, cloud.folder / "release.tar.gz")
        cloud.keep(ATTRIBUTES["SecretKey"], secrets.token_hex(32))
        cloud.keep(ATTRIBUTES["RedisPassword"], passwords["redis"])
        cloud.keep(PARAMETERS["SiteSecretArn"], json.dumps({"EMAIL_URL": f"smtp://127.0.0.1:{mails.port}"}))
        keep_database_password(cloud, passwords["database"])
        stack = Stack(
            {**PARAMETERS, "ReleaseSha256": release.sha256, "BalancerNetworks": "127.0.0.1/32"},
            {
                **ATTRIBUTES,
                "Redis.PrimaryEndPoint.Address": "127.0.0.1",
                "Redis.PrimaryEndPoint.Port": str(redis_port),
                "Database.Endpoint.Address": "127.0.0.1",
                "Database.Endpoint.Port": database.rsplit(":", 1)[1].split("/")[0],
            },
        )
        machine = Machine(root / "machine", loopback.free_port())
        # AWS itself is not here: nobody listens where the site would ask it. The certificate is our own.
        machine.own = {"SSL_CERT_FILE": str(root / "certificate"), "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
        machine.own["NEW_NAMES_PER_NETWORK"] = "1"  # so that a few dozen requests are too many
        cloud.serve(machine)
        systemd = Systemd(machine)
        running.callback(keep_transcript, machine, systemd)
        running.callback(systemd.close)
        boot = booted(machine, stack)
        assert boot.returncode == 0, (
            f"{boot.stdout}{boot.stderr}{systemd.log.read_text() if systemd.log.exists() else ''}"
        )
        port = running.enter_context(balancer(machine.port))
        found = Server(machine, systemd, cloud, stack, mails, database, port, boot)
        until(found.ready, within=90)
        found.manage("seed_demo")
        yield found


def keep_database_password(cloud: Cloud, password: str) -> None:
    """As RDS keeps it."""
    held = json.dumps({"username": "site", "password": password})
    cloud.keep(ATTRIBUTES["Database.MasterUserSecret.SecretArn"], held)


def keep_transcript(machine: Machine, systemd: Systemd) -> None:
    """What was called on the machine, and what its processes said."""
    if kept := os.environ.get("DEPLOYED_TRANSCRIPT"):
        Path(kept).write_text(f"{machine.calls.read_text()}\n--- what the processes said\n\n{systemd.said()}")


# --- the boot


def test_a_boot_ends_with_auto_scaling_and_cloudformation_told_that_it_serves(server: Server):
    told = [call for call in server.machine.called("aws") if call.startswith(("autoscaling", "cloudformation"))]

    assert told == [
        "autoscaling complete-lifecycle-action --lifecycle-action-result CONTINUE --lifecycle-hook-name launching "
        "--auto-scaling-group-name tiketi-web --instance-id i-0123456789",
        "cloudformation signal-resource --stack-name tiketi --logical-resource-id Servers "
        "--unique-id i-0123456789 --status SUCCESS",
    ]


def test_a_release_that_is_not_the_one_meant_ends_the_boot_and_says_so(server: Server, tmp_path: Path):
    machine = Machine(tmp_path / "machine", loopback.free_port())
    server.cloud.serve(machine)
    with closing(Systemd(machine)):
        stack = Stack({**PARAMETERS, "ReleaseSha256": "0" * 64}, ATTRIBUTES)

        assert booted(machine, stack).returncode != 0

    assert "--lifecycle-action-result ABANDON " in machine.called("aws")[-2]
    assert machine.called("aws")[-1].endswith("--status FAILURE")
    assert not (machine.srv / "deploy").exists()


def commands_of(server: Server) -> dict[str, list[str]]:
    """What runs now, by unit."""
    return {unit: cmdline(process.pid) for unit, process in server.systemd.processes.items()}


def test_every_process_of_the_procfile_runs_from_the_release_with_its_own_line(server: Server):
    # One that has just begun is still the shell that reads the secrets.
    programs = str(server.machine.srv / ".venv/bin")
    until(lambda: all(programs in words[1] for words in commands_of(server).values()), within=60)
    running = commands_of(server)
    lines = read_procfile(server.machine.srv / "Procfile")
    names = {unit: "web" if unit.startswith("tiketi-web@") else unit[7:-8] for unit in running}

    assert sorted(names.values()) == sorted(["web", *(set(lines) - {"redis"})])  # two cores, so two of web
    for unit, words in running.items():
        # Nobody sets what the line has defaults for.
        program, *arguments = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", lines[names[unit]]).split()
        assert words[1] == str(server.machine.srv / ".venv/bin" / program)
        assert words[2:6] == arguments[:4], unit
    assert all(words[-2:] == ["--fd", "3"] for unit, words in running.items() if names[unit] == "web")


def test_no_secret_lies_on_the_disk_nor_in_a_command_line(server: Server):
    held = [
        line for file in server.cloud.folder.glob("arn*") for line in re.findall(r"[\w%/:@#]{20,}", file.read_text())
    ]
    held = [secret.encode() for secret in held if not secret.startswith("smtp")]
    places = [server.machine.root / part for part in ("etc", "run", "var", "journal", "user-data", "calls")]
    files = [file for place in places for file in ([place] if place.is_file() else place.rglob("*")) if file.is_file()]
    lines = [Path(f"/proc/{process.pid}/cmdline").read_bytes() for process in server.systemd.processes.values()]

    assert len(held) >= 3
    assert len(files) > 10
    for content in [*(file.read_bytes() for file in files), *lines]:
        assert not [secret for secret in held if secret in content]


# --- what the balancer asks


@pytest.mark.parametrize("host", ["10.0.1.23:8000", "127.0.0.1", HOST])
def test_the_balancer_finds_the_server_healthy_by_any_name_and_without_tls(server: Server, host: str):
    assert [server.asked("/healthz", host) for _ in range(20)] == [200] * 20


def test_a_page_asked_for_without_tls_is_sent_to_tls(server: Server):
    assert server.asked("/", HOST) == 301


def test_one_web_process_that_stops_leaves_nobody_without_an_answer(server: Server):
    server.systemd.do("stop", "tiketi-web@1.service")
    try:
        assert [server.asked("/healthz", HOST) for _ in range(20)] == [200] * 20
    finally:
        server.systemd.do("start", "tiketi-web@1.service")


# --- who comes


def asks(server: Server, source: str, path: str, forwarded: str = "") -> int:
    """The status for a client without a cookie, whom an address of the loopback stands for."""
    connection = HTTPConnection("127.0.0.1", server.through_balancer, timeout=10, source_address=(source, 0))
    headers = {"Host": HOST, "Accept": "application/json"} | ({"X-Forwarded-For": forwarded} if forwarded else {})
    with closing(connection):
        connection.request("GET", f"/api{path}", headers=headers)
        return connection.getresponse().status


def test_each_network_behind_the_balancer_has_a_limit_of_its_own_that_no_forged_header_escapes(server: Server):
    event = entered(server, server.browser())
    said = [asks(server, "127.0.0.2", event) for _ in range(30)]
    assert 429 not in said  # half a minute's worth at once
    # Of either process: a few in a row may all be answered by the one that has said it already.
    until(lambda: [asks(server, "127.0.0.2", event) for _ in range(12)] == [429] * 12, within=60)

    began = time.monotonic()
    forged = [asks(server, "127.0.0.2", event, f"9.9.{i}.9{more}") for i in range(30) for more in ("", ", 127.0.0.1")]
    admitted = len(forged) - forged.count(429)
    assert admitted <= 2 * (time.monotonic() - began) + 2  # one a second from each of two processes
    assert admitted < len(forged)
    assert 429 not in [asks(server, "127.0.0.3", event, "8.8.2.8") for _ in range(10)]


# --- a ticket


def entered(server: Server, browser: Browser) -> str:
    """Go into some event on sale; its address."""
    listing = browser.get("/")
    assert listing.status == 200
    for path in dict.fromkeys(re.findall(rb'href="(/events/[-\w]+/)"', listing.body)):
        address = str(path, "ascii")
        if browser.get(address).status == 200 and browser.get(f"/api{address}").said.get("status") == "active":
            return address
    pytest.fail("no event is on sale")


def buy(server: Server) -> tuple[Browser, str, str]:
    """Sign up, enter, pick a seat, hold it, order and pay; the browser, the email, the order's number."""
    browser, email = server.browser(), f"buyer-{secrets.token_hex(4)}@example.com"
    assert browser.get("/accounts/signup/").status == 200
    signed_up = browser.submit("/accounts/signup/", {"email": email, "password1": "autumn-leaf-77"})
    assert signed_up.status in (200, 302), signed_up.body
    event = entered(server, browser)
    sections = LEFT_IN_SECTION.findall(browser.get(f"{event}seats/").body)
    assert sections
    for section, _ in sections:
        drawing = browser.get(f"{event}seats/{section.decode()}/").body
        if seat := FREE_SEAT.search(drawing):
            form: dict[str, str] = {"seat": seat[1].decode()}
        else:
            form = {f"area-{section.decode()}": "1"}
        held = browser.submit(f"{event}hold/", {**form, "from": section.decode()})
        if held.status == 201:
            break
    assert held.status == 201, held.body
    assert browser.get(f"{event}checkout/").status == 200
    ordered = browser.submit(f"{event}checkout/", {})
    assert ordered.status == 201, ordered.body
    paid = browser.submit(str(ordered.said["pay"]), {"outcome": "succeed"})
    assert paid.said["status"] == "received", paid.body
    return browser, email, str(ordered.said["order"])


def test_a_ticket_is_bought_through_the_balancer_and_the_mail_leads_back_to_the_site(server: Server):
    browser, email, number = buy(server)

    assert browser.get(f"/orders/{number}/tickets/").status == 200
    link = f"https://{HOST}/orders/{number}/"
    until(lambda: any(link in _text(mail) for to, mail in list(server.mails.taken) if to == [email]), within=30)


def _text(mail: Message) -> str:
    payloads = [part.get_payload(decode=True) for part in mail.walk() if part.get_content_type() == "text/plain"]
    return "".join(payload.decode() for payload in payloads if isinstance(payload, bytes))


def test_static_files_come_as_they_were_collected(server: Server):
    page = server.browser().get("/").body.decode()
    sheets = re.findall(r'href="(/static/[^"]+\.css)"', page)

    assert sheets
    assert {server.browser().get(sheet).status for sheet in sheets} == {200}


# --- what changes afterwards


def test_a_rotated_database_password_costs_a_restart_that_comes_by_itself(server: Server):
    server.systemd.do("start", "tiketi-rotation.service")  # as its timer would: nothing has changed
    before = {unit: process.pid for unit, process in server.systemd.processes.items()}
    password = "new/p%ss:" + secrets.token_hex(8)
    with psycopg.connect(server.database, autocommit=True) as connection:
        connection.execute(f"ALTER ROLE site PASSWORD '{password}'")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'site'")
    until(lambda: not server.ready())  # the old password opens nothing any more
    keep_database_password(server.cloud, password)

    assert server.systemd.do("start", "tiketi-rotation.service")[0] == 0

    after = {unit: process.pid for unit, process in server.systemd.processes.items()}
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())
    until(server.ready, within=90)
    buy(server)


def test_sigterm_tells_the_sockets_and_ends_every_process_in_time(server: Server):
    browser = server.browser()
    with ExitStack() as opened:
        sockets: list[ClientConnection] = []
        refused: list[object] = []
        deadline = time.monotonic() + 60
        while len(sockets) < 4:
            assert time.monotonic() < deadline, refused
            # A page whose socket was refused is opened again: its process may have begun a moment ago.
            socket = opened.enter_context(socket_of(server, browser, entered(server, browser)))
            try:
                socket.recv(timeout=20)
                sockets.append(socket)
            except ConnectionClosed as closed:
                refused.append(closed.rcvd)
        pids = [process.pid for process in server.systemd.processes.values()]
        began = time.monotonic()

        server.systemd.do("stop", "tiketi.target")

        took = time.monotonic() - began
        try:
            assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
            assert took < int(server.systemd.unit("tiketi@.service")["TimeoutStopSec"][0])
            assert [_close_code(socket) for socket in sockets] == [1012] * 4
        finally:
            server.systemd.do("start", "tiketi.target")
            until(server.ready, within=90)


def socket_of(server: Server, browser: Browser, event: str) -> ClientConnection:
    """The page's socket, at the server itself."""
    return connect(
        f"ws://127.0.0.1:{server.machine.port}/ws{event}queue/",
        additional_headers={"Cookie": browser.cookie_header(), "X-Forwarded-Proto": "https"},
        origin=Origin(f"https://{HOST}"),
    )


def _close_code(socket: ClientConnection) -> int | None:
    try:
        while True:
            socket.recv(timeout=20)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
