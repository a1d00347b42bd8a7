"""verify.py, run by itself as a visitor would: what it says to an honest draw and to each attack."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.waitingroom.draw.attacks import ATTACKS, Case, demonstration, honest
from tests.waitingroom.draw.evening import RANDOMNESS, SIGNER, Evening
from waitingroom.draw import verify
from waitingroom.draw.note import Signer

Run = subprocess.CompletedProcess[str]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder of the visitor's, with nothing of the site in it but the verifier."""
    shutil.copy(verify.__file__, tmp_path)
    return tmp_path


def run(desk: Path, case: Case, *options: str) -> Run:
    """Verify the case's files with a Python that sees nothing of the site."""
    files = []
    for i, content in enumerate([case.bundle, *case.receipts]):
        files.append(f"{i}.json")
        (desk / files[-1]).write_text(json.dumps(content))
    given = [("--email", case.email), ("--key", case.key)]
    words = [word for name, value in given if value is not None for word in (name, value)]
    command = [sys.executable, "-I", "verify.py", *files, *words, *options]
    return subprocess.run(command, cwd=desk, capture_output=True, text=True, check=False)


def lines(done: Run) -> list[str]:
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_an_honest_draw_holds_and_the_rank_is_told(desk: Path):
    done = run(desk, honest(), "--language", "en")

    said = lines(done)
    assert done.returncode == 0
    assert f"OK  Your rank: {Evening().rank(7)} of 23." in said
    assert said[-1] == "OK  Everything that can be checked holds."
    assert not [line for line in said if line.startswith(("NO", "!!"))]
    assert any(RANDOMNESS in line for line in said)


def test_what_cannot_be_checked_is_always_said(desk: Path):
    for case in (honest(), demonstration(), ATTACKS["a_seed_is_ground"][0]()):
        said = [line for line in lines(run(desk, case, "--language", "en")) if line.startswith("--  Cannot be checked")]

        assert len(said) == 4


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_is_refused_in_the_right_words(desk: Path, name: str):
    attack, code, words = ATTACKS[name]

    done = run(desk, attack(), "--language", "en", "--json")

    found: Any = json.loads(done.stdout)
    assert done.returncode == (2 if code == "malformed" else 1)
    assert any(words in line["text"] for line in found["lines"] if (line["mark"], line["code"]) == ("no", code))


def test_a_draw_by_the_organisers_own_machine_is_marked_untrusted(desk: Path):
    done = run(desk, demonstration(), "--language", "en")

    assert done.returncode == 3
    assert any(line.startswith("!!  UNTRUSTED") for line in lines(done))


def test_it_speaks_korean(desk: Path):
    said = lines(run(desk, honest(), "--language", "ko"))
    refusal = lines(run(desk, ATTACKS["an_entrant_is_dropped_before_the_closing"][0](), "--language", "ko"))

    assert f"OK  순위: 23명 중 {Evening().rank(7)}번째" in said
    assert any(line.startswith("NO") and "명단에서 빠졌습니다" in line for line in refusal)


@pytest.mark.parametrize(
    ("system", "words"), [("ko_KR.UTF-8", "확인할 수 있는"), ("en_US.UTF-8", "Everything"), ("", "Everything")]
)
def test_it_speaks_as_the_system_does(desk: Path, monkeypatch: pytest.MonkeyPatch, system: str, words: str):
    monkeypatch.setenv("LANG", system)

    assert words in lines(run(desk, honest()))[-1]


def test_without_the_bls_library_drands_round_is_left_to_the_reader(desk: Path):
    (desk / "py_arkworks_bls12381.py").write_text("raise ImportError")
    hidden = ["-c", "import sys; sys.path.insert(0, '.'); sys.argv[0] = 'verify.py'; import verify; verify.main()"]
    files = {"0.json": honest().bundle, "1.json": honest().receipts[0]}
    for name, content in files.items():
        (desk / name).write_text(json.dumps(content))

    done = subprocess.run(
        [sys.executable, *hidden, *files, "--language", "en"], cwd=desk, capture_output=True, text=True, check=False
    )

    assert done.returncode == 3
    said = [line for line in lines(done) if line.startswith("!!")]
    assert "drand's signature cannot be checked here" in said[0]
    assert RANDOMNESS in said[0]


def test_a_bundle_whose_key_nobody_vouches_for_is_not_believed(desk: Path):
    """Anybody can make one, whole and in order, under the organiser's name."""
    imposter = Evening(signer=Signer(SIGNER.key.name, bytes(32)))

    done = run(desk, Case(imposter.bundle, []), "--language", "en")

    assert done.returncode == 3
    assert [line for line in lines(done) if line.startswith("!!  Without a receipt or --key")]


def test_it_imports_nothing_of_the_site():
    tree = ast.parse(Path(verify.__file__).read_text())
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name) or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    others = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names
    assert others == {"cryptography", "py_arkworks_bls12381"}


@pytest.mark.parametrize(
    "content", ["", "{", "[" * 100_000, "\udcff", '{"format": "tiketi-draw-bundle-v1"}', "[]", "1e999"]
)
def test_what_is_no_bundle_is_said_to_be_none(desk: Path, content: str):
    (desk / "b.json").write_bytes(content.encode(errors="surrogateescape"))

    done = subprocess.run(
        [sys.executable, "-I", "verify.py", "b.json"], cwd=desk, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_named(desk: Path):
    done = subprocess.run(
        [sys.executable, "-I", "verify.py", "none.json"], cwd=desk, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "none.json" in done.stderr
    assert "Traceback" not in done.stderr
