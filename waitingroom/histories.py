"""What was changed in rows that keep a history: each value before and after, by whom, when and why."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import models
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from waitingroom.values_shown import NOTHING, Names, label_of, shown

# The newest of each kind: older ones stay in the database.
MAX_RECORDS = 10_000
PER_PAGE = 50
# What one form saves has an instant for each row.
TOGETHER = timedelta(seconds=2)
MADE, CHANGED, REMOVED = "+", "~", "-"


@dataclass(frozen=True)
class Kept:
    """One kind of rows: its historical records, and how they are told."""

    records: QuerySet[Any]
    called: Callable[[Any, Names], str] = lambda _record, _names: ""  # which of several, where there are several
    leaving_out: frozenset[str] = frozenset()  # what is no news to people
    words: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)  # of values that are no sentence
    told_anew: tuple[str, ...] = ()  # what is told of a row that was made or removed


@dataclass(frozen=True)
class Difference:
    """A field with what it was and what it became."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Line:
    """What became of a row, or of several rows alike."""

    kind: str
    called: tuple[str, ...]
    act: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Entry:
    """What somebody did at once."""

    at: datetime
    who: str
    why: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class _Head:
    at: datetime
    record: int
    row: int
    kept: int
    who: int | None
    why: str


def changes_of(kinds: Sequence[Kept], page: str | int | None = 1, per_page: int = PER_PAGE) -> Page[Entry]:
    """The changes of all kinds together, the newest first, `per_page` saves a page; what changed nothing is left out.

    Four questions to the database for each kind, however long the history is.
    """
    heads: list[_Head] = []
    for number, kept in enumerate(kinds):
        told = ("history_date", "history_id", "id", "history_user_id", "history_change_reason")
        newest = kept.records.order_by("-history_date", "-history_id").values_list(*told)[:MAX_RECORDS]
        heads += [_Head(at, record, row, number, who, why or "") for at, record, row, who, why in newest]
    heads.sort(key=lambda head: (head.at, head.record), reverse=True)
    found: Page[Any] = Paginator(_saves(heads), per_page).get_page(page)
    found.object_list = _entries(kinds, found.object_list)
    return found


def _saves(heads: Iterable[_Head]) -> list[list[_Head]]:
    """Those of one form together: of one account, within a moment, and of no row twice."""
    saves: list[list[_Head]] = []
    rows: set[tuple[int, int]] = set()
    for head in heads:
        last = saves[-1][0] if saves else None
        is_of_it = last is not None and last.who is not None and (last.who, last.why) == (head.who, head.why)
        if last and is_of_it and last.at - head.at <= TOGETHER and (head.kept, head.row) not in rows:
            saves[-1].append(head)
        else:
            saves.append([head])
            rows.clear()
        rows.add((head.kept, head.row))
    return saves


def _entries(kinds: Sequence[Kept], saves: Iterable[list[_Head]]) -> list[Entry]:
    saves = list(saves)
    wanted: dict[int, list[int]] = {}
    for save in saves:
        for head in save:
            wanted.setdefault(head.kept, []).append(head.record)
    pairs = {number: _with_before(kinds[number].records, records) for number, records in wanted.items()}
    names = _names(record for of_kind in pairs.values() for pair in of_kind.values() for record in pair)
    entries = []
    for save in saves:
        lines = [_line(kinds[head.kept], *pairs[head.kept][head.record], names) for head in save]
        if told := _alike(line for line in lines if line is not None):
            newest = pairs[save[0].kept][save[0].record][0]
            entries.append(Entry(save[0].at, _who(newest), _(save[0].why) if save[0].why else "", told))
    return entries


def _with_before(records: QuerySet[Any], ids: list[int]) -> dict[int, tuple[Any, Any]]:
    """{id: (record, the same row's record before it, or None)}."""
    every = records.model.objects
    earlier = every.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id")).order_by("-history_id")
    asked = records.filter(history_id__in=ids).select_related("history_user")
    found = list(asked.annotate(before_id=Subquery(earlier.values("history_id")[:1])))
    before = every.in_bulk([record.before_id for record in found if record.before_id], field_name="history_id")
    return {record.history_id: (record, before.get(record.before_id)) for record in found}


def _names(records: Iterable[Any]) -> Names:
    """What the rows are called that these point to, a question for each model."""
    keys: dict[type[models.Model], set[Any]] = {}
    for record in records:
        for one in record.tracked_fields if record is not None else ():
            if isinstance(one, models.ForeignKey) and (key := getattr(record, one.attname)) is not None:
                keys.setdefault(one.related_model, set()).add((one.target_field.attname, key))
    names: dict[tuple[type[models.Model], Any], str] = {}
    for model, wanted in keys.items():
        for attribute in {name for name, _key in wanted}:
            of_it = {key for name, key in wanted if name == attribute}
            for row in model._default_manager.filter(**{f"{attribute}__in": of_it}):
                names[model, getattr(row, attribute)] = str(row)
    return names


def _line(kept: Kept, record: Any, before: Any, names: Names) -> Line | None:
    """What became of the row; None where it was saved as it was."""
    act = record.history_type
    if act == CHANGED and before is not None:
        fields = [one for one in record.tracked_fields if one.name not in kept.leaving_out]
        values = [(one, getattr(before, one.attname), getattr(record, one.attname)) for one in fields]
    else:
        fields = [one for one in record.tracked_fields if one.name in kept.told_anew]
        of_it = [(one, getattr(record, one.attname)) for one in fields]
        values = [(one, value, None) if act == REMOVED else (one, None, value) for one, value in of_it]
    differences = tuple(
        Difference(label_of(one), _shown(kept, one, old, names), _shown(kept, one, new, names))
        for one, old, new in values
        if old != new and not _same_second(old, new)
    )
    if act == CHANGED and not differences:
        return None
    kind = label_of_model(record.instance_type)
    return Line(kind, (kept.called(record, names),), act, differences)


def _same_second(old: object, new: object) -> bool:
    """No form has more than seconds: saving one takes the rest away."""
    if isinstance(old, datetime) and isinstance(new, datetime):
        return old.replace(microsecond=0) == new.replace(microsecond=0)
    return False


def _shown(kept: Kept, one: Any, value: Any, names: Names) -> str:
    if one.name in kept.words and value is not None:
        return kept.words[one.name](value) or NOTHING
    return shown(one, value, names)


def _alike(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Rows of which the same is to be told share a line."""
    called: dict[tuple[str, str, tuple[Difference, ...]], list[str]] = {}
    for line in lines:
        called.setdefault((line.kind, line.act, line.differences), []).extend(filter(None, line.called))
    return tuple(Line(kind, tuple(names), act, same) for (kind, act, same), names in called.items())


def _who(record: Any) -> str:
    if record.history_user is not None:
        return str(record.history_user.get_username())
    return _("no account: a command, or the site itself")


def label_of_model(model: type[models.Model]) -> str:
    """What people call its rows."""
    name = str(model._meta.verbose_name)
    return name[:1].upper() + name[1:]
