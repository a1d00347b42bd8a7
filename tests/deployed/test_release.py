"""A release is one file, and says of itself what is in it."""

import hashlib
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from deploy.release import ROOT, Release, build
from tests.deployed.conftest import install, unpacked

pytestmark = pytest.mark.xdist_group("deployed")


def contents(release: Release) -> dict[str, bytes]:
    """Every file in it, by its name below the release's folder."""
    with tarfile.open(release.path) as archive:
        files = ((member.name, archive.extractfile(member)) for member in archive if member.isfile())
        return {name.partition("/")[2]: file.read() for name, file in files if file}


def test_the_manifest_lists_everything_that_is_in_it_with_its_sum(release: Release):
    files = contents(release)
    lines = files.pop("MANIFEST").decode().splitlines()
    listed = {name: sum_ for sum_, name in (line.split("  ", 1) for line in lines if not line.startswith("#"))}

    assert listed == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert lines[0] == f"# tiketi {release.version}"


def test_there_is_a_wheel_for_every_locked_requirement(release: Release):
    def plain(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    locked = set(re.findall(r"^([\w.-]+)(?:\[.*\])?==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    wheels = [name.removeprefix("wheels/").split("-") for name in contents(release) if name.startswith("wheels/")]

    assert {(plain(name), version) for name, version in locked} == {
        (plain(wheel[0]), wheel[1]) for wheel in wheels if wheel[0] != "pip"
    }


def test_nothing_of_the_workshop_is_in_it(release: Release):
    tops = {name.partition("/")[0] for name in contents(release)}

    assert not tops & {"tests", "benchmarks", "docs", ".git", ".venv", ".local", "requirements-dev.txt"}
    assert {"manage.py", "Procfile", "wheels", "staticfiles", "deploy", "locale"} <= tops
    assert not [name for name in contents(release) if name.endswith((".pyc", ".sqlite3"))]


def test_the_static_files_are_those_of_the_site_and_of_its_packages(release: Release):
    served = {name.removeprefix("staticfiles/") for name in contents(release) if name.startswith("staticfiles/")}

    assert {str(file.relative_to(ROOT / "static")) for file in (ROOT / "static").rglob("*") if file.is_file()} <= served
    assert "admin/css/base.css" in served


def test_the_same_work_tree_makes_the_same_bytes(release: Release, tmp_path: Path):
    assert build(tmp_path).sha256 == release.sha256


def test_a_sum_stands_beside_it(release: Release):
    done = subprocess.run(["sha256sum", "--check", f"{release.path.name}.sha256"], cwd=release.path.parent, check=False)

    assert done.returncode == 0


def test_it_installs_without_an_index(installed: Path):
    done = subprocess.run(
        [installed / ".venv/bin/python", "manage.py", "check"], cwd=installed, env={}, capture_output=True, text=True
    )

    assert done.stdout == "System check identified no issues (0 silenced).\n"


def test_a_file_that_is_not_as_it_was_built_stops_the_installation(release: Release, tmp_path: Path):
    folder = unpacked(release, tmp_path)
    (folder / "tiketi" / "urls.py").write_text("")

    done = install(folder)

    assert done.returncode != 0
    assert "tiketi/urls.py: FAILED" in done.stdout
    assert not (folder / ".venv").exists()


def test_another_python_than_it_was_built_for_is_refused_in_one_line(release: Release, tmp_path: Path):
    folder = unpacked(release, tmp_path)
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\necho 3.99 on Linux x86_64\n")
    other.chmod(0o755)

    done = install(folder, PYTHON=str(other))

    assert done.returncode == 1
    assert re.fullmatch(r"install: this release is for Python .+; .+ is 3\.99 on Linux x86_64\.\n", done.stderr)
