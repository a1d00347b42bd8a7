"""docs/glossary.md: its words are those of the code, and the code's verbs and models are among its words."""

import re
from functools import cache

import pytest
from django.apps import apps

from tests.site import ROOT
from waitingroom.management.commands import waitingroom as command
from waitingroom.scripts import EVERY

TEXT = (ROOT / "docs" / "glossary.md").read_text()
OURS = ("waitingroom", "events", "scaling", "tiketi", "sandbox")


def rows(heading: str) -> list[list[str]]:
    """The table below a heading, cell by cell, without its head."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| (.+) \|$", section, re.MULTILINE)
    return [line.split(" | ") for line in lines[2:]] if lines else []


def words() -> list[str]:
    """Each word of the first column; several stand in one row."""
    found = [re.sub(r"\(.*?\)", "", row[0]) for row in rows("Words")]
    return [word.strip() for cell in found for word in re.split(r" / |, | \+ ", cell) if word.strip()]


@cache
def code() -> str:
    """All that is code, in small letters."""
    kinds = ("*.py", "*.lua", "*.html", "*.js")
    files = [
        file
        for app in ("waitingroom", "events", "scaling", "tiketi")
        for kind in kinds
        for file in (ROOT / app).rglob(kind)
    ]
    return "\n".join(file.read_text().lower() for file in files)


@pytest.mark.parametrize("word", words())
def test_a_word_is_the_codes(word: str):
    joined = "[ _-]?".join(map(re.escape, re.split(r"[ -]", word.lower())))
    assert re.search(rf"\b{joined}|_{joined}", code())


def test_every_lua_verb_has_its_row_and_no_other():
    assert sorted(row[0].strip("`") for row in rows("Verbs")) == sorted(script.name for script in EVERY)


def test_the_operators_verbs_are_those_of_the_command():
    told = re.search(r"^The operator's words: (.+)\.$", TEXT, re.MULTILINE)
    parser = command.Command().create_parser("manage.py", "waitingroom")
    (verbs,) = [action.choices for action in parser._actions if action.dest == "verb"]

    assert told
    assert set(re.findall(r"`(\w+)`", told[1])) == set(verbs or ())


def test_every_model_has_its_row_and_no_other():
    models = {
        model.__name__
        for model in apps.get_models()
        if model._meta.app_label in OURS and not model.__name__.startswith("Historical")
    }
    assert sorted(row[0].strip("`") for row in rows("What the database keeps")) == sorted(models)
