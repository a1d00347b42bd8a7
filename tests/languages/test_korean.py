"""Everything people read is there in Korean, and what is compiled is what is written."""

import gettext
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import translation

from tests.conftest import missing

ROOT = Path(__file__).resolve().parents[2]
CATALOG = Path("locale/ko/LC_MESSAGES/django.po")
APPS = ["waitingroom", "events", "scaling"]
# The site's own catalog serves what belongs to no app.
PARTS = {app: [app] for app in APPS} | {"site": ["tiketi", "templates", "locale"]}


@pytest.fixture(autouse=True)
def _gettext_tools() -> None:
    if shutil.which("xgettext") is None:
        missing("Debian's package `gettext` is needed")


def catalog(part: str) -> Path:
    """The catalog of an app, or the site's own."""
    return ROOT / CATALOG if part == "site" else ROOT / part / CATALOG


def lacking(po: Path) -> list[str]:
    """The messages without a translation, or with a doubtful one."""
    lines: list[str] = []
    for kind in ("--untranslated", "--only-fuzzy"):
        command = ["msgattrib", "--no-obsolete", "--no-wrap", kind, str(po)]
        lines += subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [line for line in lines if line.startswith("msgid ") and line != 'msgid ""']


@pytest.mark.parametrize("part", PARTS)
def test_every_message_has_a_korean_translation(part: str, tmp_path: Path) -> None:
    for name in PARTS[part]:
        shutil.copytree(ROOT / name, tmp_path / name if part == "site" else tmp_path, dirs_exist_ok=True)
    command = [sys.executable, "-m", "django", "makemessages", "--locale", "ko", "--no-obsolete", "--no-wrap"]
    # It needs no settings, and finds none here.
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True)

    assert lacking(tmp_path / CATALOG) == []


@pytest.mark.parametrize("part", PARTS)
def test_the_compiled_catalog_is_the_written_one(part: str, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.mo"
    subprocess.run(["msgfmt", "--check-format", "-o", str(fresh), str(catalog(part))], check=True)

    with fresh.open("rb") as written, catalog(part).with_suffix(".mo").open("rb") as compiled:
        assert messages(gettext.GNUTranslations(written)) == messages(gettext.GNUTranslations(compiled))


def messages(translations: gettext.GNUTranslations) -> dict[object, str]:
    """What the catalog holds, but for its own head."""
    held: dict[object, str] = vars(translations)["_catalog"]
    return {message: text for message, text in held.items() if message != ""}


@pytest.mark.parametrize("part", PARTS)
def test_no_words_that_readers_stumbled_over_come_back(part: str) -> None:
    assert [words for words in ("줄 선 곳", "귀하") if words in catalog(part).read_text()] == []


@pytest.mark.parametrize(("message", "korean"), [("Cancelled", "취소됨"), ("published", "공개")])
def test_a_word_of_the_sales_is_not_overlaid_by_another_apps(message: str, korean: str) -> None:
    """A refunded ticket is no show that is called off, a published event no metric that was sent."""
    with translation.override("ko"):
        assert translation.gettext(message) == korean
