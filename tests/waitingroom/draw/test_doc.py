"""docs/draw.md: its shell lines make what the site makes, and its words are those that are signed."""

import re
import subprocess
from hashlib import sha256

from tests.site import ROOT
from tests.waitingroom.draw.evening import PRESS, Evening, secret_party
from waitingroom.draw.receipt import entry_text
from waitingroom.draw.rule import LEAD, MAX_SOURCES

DOC = (ROOT / "docs/draw.md").read_text()
ID, RANK, COMMIT = re.findall(r"```sh\n(.*?)```", DOC, re.DOTALL)
EVENING = Evening()


def shell(script: str, **variables: str) -> str:
    env = {"PATH": "/usr/bin:/bin", **variables}
    done = subprocess.run(["/bin/sh", "-c", script], env=env, capture_output=True, text=True, check=True)
    return done.stdout.split()[0]


def test_a_shell_makes_the_id():
    one = EVENING.entrances[3]

    made = shell(ID, HOST="tiketi.example", EVENT="rock", NONCE=one.nonce.hex(), ADDRESS="fan3@example.com")

    assert made == one.id.hex()


def test_a_shell_makes_the_order():
    seed = EVENING.bundle["seed"]

    order = sorted(EVENING.bundle["roster"][:6], key=lambda one: shell(RANK, SEED=seed, ID=one))

    ranks = dict(zip(EVENING.bundle["roster"], EVENING.bundle["ranks"], strict=True))
    assert order == sorted(EVENING.bundle["roster"][:6], key=ranks.__getitem__)


def test_a_shell_makes_the_commitment():
    script = COMMIT.replace("$(openssl rand -hex 32)", PRESS.hex())

    assert shell(script, NAME="The Daily") == secret_party("The Daily", PRESS).commitment


def test_the_seed_is_the_hash_that_is_described():
    given = [source.value(reveal).hex() for source, reveal in EVENING.sources.items()]
    made = f"tiketi-draw-v1\n{EVENING.checkpoint.text}" + "".join(f"{one}\n" for one in given)

    assert sha256(made.encode()).hexdigest() == EVENING.bundle["seed"]


def test_every_signed_text_is_described_line_by_line():
    described = DOC.replace("⏎ ", "\n").replace("⏎", "\n")
    texts = {
        "rule": EVENING.rule.text,
        "entry": entry_text(EVENING.rule, EVENING.entrances[0].id, EVENING.entrances[0].at),
        "result": EVENING.bundle["result"].partition("\n\n")[0] + "\n",
    }

    for text in texts.values():
        head, _, *rest = text.splitlines()
        heads = [line.split()[0] for line in rest if not line.startswith("source")]
        assert re.search(rf"{head}\nLOG\n" + r"\n".join(f"{word} [^\n]*" for word in heads), described)


def test_the_numbers_of_the_doc_are_the_codes():
    assert f"at least {['', 'ten'][LEAD.seconds // 600]} minutes later" in DOC
    assert f"1 to {MAX_SOURCES}:" in DOC
