"""A release as one file: `make release` writes dist/tiketi-VERSION.tar.gz.

In it: the code, the static files as they are served, every wheel of requirements.txt for the Python and the machine
that built it, and MANIFEST, which lists all of it with SHA-256 (`deploy/install` checks it before anything runs).
The same commit makes the same bytes: names sorted, one time stamp, nobody's user.
"""

import gzip
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What a server runs; tests, benchmarks and documents stay at home.
CODE = [
    "manage.py", "Procfile", "requirements.txt", "CHANGELOG.md",
    "tiketi", "events", "scaling", "waitingroom", "templates", "static", "locale", "deploy",
]  # fmt: skip


class CannotBuild(Exception):
    """Why there is no release, in one line."""


@dataclass(frozen=True, slots=True)
class Release:
    """A finished artifact."""

    version: str
    path: Path
    sha256: str


def build(folder: Path) -> Release:
    """Write the artifact of this work tree, and its sum beside it, into `folder`. Raises CannotBuild."""
    commit, at = _git("log", "-1", "--format=%h %ct").split()
    unsaved = "-unsaved" if _git("status", "--porcelain", "--", *CODE) else ""
    version = f"{_git('log', '-1', '--format=%cd', '--date=format:%Y%m%d')}-{commit}{unsaved}"
    with tempfile.TemporaryDirectory(prefix="tiketi-release-") as staging:
        tree = Path(staging) / f"tiketi-{version}"
        _copy_code(tree)
        _collect_static(tree)
        _fetch_wheels(tree)
        (tree / "MANIFEST").write_text(_manifest(tree, version))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{tree.name}.tar.gz"
        _pack(tree, path, int(at))
    sha256 = _sha256(path)
    path.with_name(f"{path.name}.sha256").write_text(f"{sha256}  {path.name}\n")
    return Release(version, path, sha256)


def _copy_code(tree: Path) -> None:
    """The files that git knows, and those not yet added, as they are now."""
    for name in _git("ls-files", "--cached", "--others", "--exclude-standard", "--", *CODE).splitlines():
        if (source := ROOT / name).is_file():  # a file removed and not yet committed is still listed
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, tree / name)


def _collect_static(tree: Path) -> None:
    """Gather them here, once, so that every server serves the same and none needs to write into its code."""
    plain = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    environment = {**plain, "PYTHONDONTWRITEBYTECODE": "1", "TIKETI_LOCAL_DIR": str(tree.parent / "local")}
    _run([sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"], cwd=tree, env=environment)


def _fetch_wheels(tree: Path) -> None:
    """Every locked requirement as a wheel; and pip itself, since Debian's Python may come without one."""
    pip = re.findall(r"^pip==\S+", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE)
    command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--only-binary=:all:"]
    _run([*command, "-d", str(tree / "wheels"), "-r", "requirements.txt", *pip], cwd=tree)


def _manifest(tree: Path, version: str) -> str:
    """The content in the words of `sha256sum`, for which lines with # are comments."""
    machine = f"{platform.system()} {platform.machine()}"
    head = [f"# tiketi {version}", f"# python {sys.version_info.major}.{sys.version_info.minor} on {machine}"]
    return "\n".join([*head, *(f"{_sha256(file)}  {file.relative_to(tree)}" for file in _files(tree)), ""])


def _pack(tree: Path, path: Path, at: int) -> None:
    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = at, 0, 0, "", ""
        entry.mode = 0o755 if entry.mode & 0o100 else 0o644
        return entry

    # Wheels are compressed already: the lightest level is as small and a third of the time.
    with (
        path.open("wb") as out,
        gzip.GzipFile("", "wb", 1, out, mtime=at) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for file in _files(tree):
            archive.add(file, f"{tree.name}/{file.relative_to(tree)}", filter=plain)


def _files(tree: Path) -> Iterator[Path]:
    return iter(sorted(file for file in tree.rglob("*") if file.is_file()))


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _git(*arguments: str) -> str:
    return _run(["git", *arguments], cwd=ROOT)


def _run(command: list[str], *, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotBuild(f"`{' '.join(command[:4])} ...` failed: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    try:
        made = build(Path(sys.argv[1]))
    except CannotBuild as reason:
        sys.exit(f"no release: {reason}")
    sys.stdout.write(f"{made.path}\n{made.path.stat().st_size >> 20} MB, sha256 {made.sha256}\n")
