"""A release, built once from this work tree, and the folder of a server that unpacked it."""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from deploy.release import Release, build

# What a bare machine's shell finds; nothing of the environment that runs the tests.
PLAIN_PATH = "/usr/local/bin:/usr/bin:/bin"
# The distribution's Python where it has the right one (a lock must serve every 3.11), else the one below the tests'.
PYTHON = shutil.which(f"python{sys.version_info.major}.{sys.version_info.minor}", path=PLAIN_PATH) or str(
    Path(sys.executable).resolve()
)


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """What `make release` makes."""
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def installed(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder into which the release was unpacked and installed; nothing of this work tree is in reach."""
    folder = unpacked(release, tmp_path_factory.mktemp("server"))
    done = install(folder)
    assert done.returncode == 0, done.stderr
    return folder


def unpacked(release: Release, folder: Path) -> Path:
    """The release's own folder under `folder`."""
    with tarfile.open(release.path) as archive:
        archive.extractall(folder, filter="data")
    return folder / f"tiketi-{release.version}"


def install(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the release's own install script, as a server would: no index, no cache, no environment of ours."""
    plain = {"PATH": PLAIN_PATH, "HOME": str(folder), "PIP_CONFIG_FILE": "/dev/null"}
    env = {**plain, "PYTHON": PYTHON, **environment}
    return subprocess.run([folder / "deploy" / "install"], env=env, capture_output=True, text=True, check=False)
