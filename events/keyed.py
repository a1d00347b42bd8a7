"""Rows by their keys, as every page asks for some: put into SQL once, by Django, rather than each time.

For a row by its key Django spends four times as long on making the statement as all else takes (decision 69).
"""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

M = TypeVar("M", bound=models.Model)


class _Statement(NamedTuple):
    sql: str
    places: tuple[int, ...]  # of each parameter, which of the key's parts it is
    names: tuple[str, ...]  # of the row's columns, as the model has them
    converters: tuple[tuple[int, Callable[..., Any], Any], ...]  # column, converter, and the expression it wants


class Keyed(Generic[M]):
    """The rows of a model whose `columns` together are unique: whole numbers and texts, no relations followed."""

    def __init__(self, model: type[M], *columns: str) -> None:
        self._model, self._columns = model, columns
        self._statements: dict[str, _Statement] = {}  # by the database's kind

    def get(self, *key: int | str) -> M | None:
        """The row with that key, parts in the columns' order; None where there is none. Raises DatabaseError."""
        connection = connections[DEFAULT_DB_ALIAS]
        statement = self._statements.get(connection.vendor)
        if statement is None:
            statement = self._statements[connection.vendor] = self._put(connection)
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, [key[place] for place in statement.places])
            row = cursor.fetchone()
        if row is None:
            return None
        values = list(row)
        for column, convert, expression in statement.converters:
            values[column] = convert(values[column], expression, connection)
        return self._model.from_db(DEFAULT_DB_ALIAS, statement.names, values)

    def _put(self, connection: BaseDatabaseWrapper) -> _Statement:
        """The statement, with marks where a key goes."""
        fields = [self._model._meta.get_field(name) for name in self._columns]
        marks: list[object] = [
            f"mark {at}" if isinstance(field, models.CharField) else -(10**8) - at for at, field in enumerate(fields)
        ]
        found = self._model._default_manager.filter(**dict(zip(self._columns, marks, strict=True))).order_by()
        compiler = found.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        columns = [expression for expression, _, _ in compiler.select]
        converters = compiler.get_converters(columns)
        return _Statement(
            sql,
            tuple(marks.index(param) for param in params),
            tuple(column.target.attname for column in columns),
            tuple((at, convert, column) for at, (each, column) in converters.items() for convert in each),
        )
