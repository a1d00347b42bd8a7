"""What the database itself refuses, by triggers: another chair under a price, a price under a seat that somebody has.

A constraint of one table cannot say that a section on sale belongs to the event's plan. The triggers are written anew
after each migration, because SQLite drops a table's triggers whenever a migration rebuilds the table.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration


@dataclass(frozen=True)
class Guard:
    """Before `what` (an INSERT, or an UPDATE of columns) of a row of `table`, refuse it if `refused` holds."""

    name: str
    table: str
    what: str
    refused: str  # SQL that both databases read, with NEW and OLD
    # PostgreSQL only: rows that stay as the condition saw them until the transaction ends. SQLite has one writer.
    lock: str = ""
    # A table of SQLite is emptied as rows are deleted, between tests above all: there the model alone refuses that.
    of_postgresql: bool = False

    def sqlite(self) -> str:
        """The trigger, as SQLite keeps its text."""
        return (
            f"CREATE TRIGGER {self.name} BEFORE {self.what} ON {self.table} FOR EACH ROW WHEN {self.refused} "
            f"BEGIN SELECT RAISE(ABORT, '{self.name}'); END"
        )

    def postgresql(self) -> str:
        """The trigger and its function."""
        lock = f"PERFORM 1 FROM {self.lock}; " if self.lock else ""
        return (
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN {lock}"
            f"IF {self.refused} THEN RAISE EXCEPTION '{self.name}' "
            f"USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = '{self.name}'; END IF; RETURN NEW; "
            f"END $guard$; "
            f"CREATE OR REPLACE TRIGGER {self.name} BEFORE {self.what} ON {self.table} "
            f"FOR EACH ROW EXECUTE FUNCTION {self.name}()"
        )


def _stays(name: str, table: str, column: str) -> Guard:
    return Guard(name, table, f"UPDATE OF {column}", f"NEW.{column} <> OLD.{column}")


_TIER = "EXISTS (SELECT 1 FROM events_pricetier t WHERE t.id = NEW.tier_id AND t.event_id = NEW.event_id)"
_PLAN = (
    "EXISTS (SELECT 1 FROM events_event e JOIN events_section s ON s.plan_id = e.plan_id "
    "WHERE e.id = NEW.event_id AND s.id = NEW.section_id)"
)
_CHAIR = (
    "NOT EXISTS (SELECT 1 FROM events_sectionprice p JOIN events_seat s ON s.section_id = p.section_id "
    "WHERE p.id = NEW.section_price_id AND p.event_id = NEW.event_id AND s.id = NEW.seat_id)"
)
_HALL = (
    "NEW.plan_id IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM events_plan p WHERE p.id = NEW.plan_id AND p.venue_id = NEW.venue_id)"
)
# Names begin alike, so that those of an older version are found and dropped.
PREFIX = "keeps_"
GUARDS = (
    Guard(
        "keeps_prices_to_the_events_plan",
        "events_sectionprice",
        "INSERT",
        f"NOT {_PLAN} OR NOT {_TIER}",
        lock="events_event WHERE id = NEW.event_id FOR SHARE",
    ),
    Guard(
        "keeps_a_price_to_its_section",
        "events_sectionprice",
        "UPDATE OF event_id, section_id, tier_id",
        f"NEW.event_id <> OLD.event_id OR NEW.section_id <> OLD.section_id OR NOT {_TIER}",
    ),
    Guard(
        "keeps_the_plan_while_priced",
        "events_event",
        "UPDATE OF plan_id",
        "COALESCE(NEW.plan_id, 0) <> COALESCE(OLD.plan_id, 0) "
        "AND EXISTS (SELECT 1 FROM events_sectionprice p WHERE p.event_id = NEW.id)",
    ),
    Guard(
        "keeps_a_new_event_in_its_hall",
        "events_event",
        "INSERT",
        _HALL,
        lock="events_plan WHERE id = NEW.plan_id FOR SHARE",
    ),
    Guard(
        "keeps_an_event_in_its_hall",
        "events_event",
        "UPDATE OF plan_id, venue_id",
        f"(COALESCE(NEW.plan_id, 0) <> COALESCE(OLD.plan_id, 0) OR NEW.venue_id <> OLD.venue_id) AND {_HALL}",
        lock="events_plan WHERE id = NEW.plan_id FOR SHARE",
    ),
    Guard(
        "keeps_a_plan_in_its_hall",
        "events_plan",
        "UPDATE OF venue_id",
        "NEW.venue_id <> OLD.venue_id AND EXISTS (SELECT 1 FROM events_event e WHERE e.plan_id = NEW.id)",
    ),
    _stays("keeps_a_section_in_its_plan", "events_section", "plan_id"),
    _stays("keeps_a_seat_in_its_section", "events_seat", "section_id"),
    _stays("keeps_a_tier_at_its_event", "events_pricetier", "event_id"),
    Guard(
        "keeps_held_seats_to_what_is_on_sale",
        "events_occupancy",
        "INSERT",
        _CHAIR,
        lock="events_sectionprice WHERE id = NEW.section_price_id FOR KEY SHARE",
    ),
    Guard(
        "keeps_an_occupied_seat",
        "events_occupancy",
        "UPDATE OF event_id, seat_id, section_price_id",
        "NEW.event_id <> OLD.event_id OR NEW.seat_id <> OLD.seat_id OR NEW.section_price_id <> OLD.section_price_id",
    ),
    Guard("keeps_an_act_as_it_was", "events_staffact", "UPDATE", "1 = 1"),
    Guard("keeps_an_act", "events_staffact", "DELETE", "1 = 1", of_postgresql=True),
)


def lift(*, using: str, plan: list[tuple[Migration, bool]], **_: Any) -> None:
    """Drop the triggers while migrations rebuild tables and change columns."""
    if any(migration.app_label == "events" for migration, _backwards in plan):
        _drop(connections[using])


def set_up(*, using: str, **_: Any) -> None:
    """Write the triggers that are missing or differ, once all their tables stand as the code knows them."""
    connection = connections[using]
    needed = {guard.table for guard in GUARDS} - {"events_staffact"} | {
        "events_pricetier",
        "events_plan",
        "events_seat",
        "events_section",
    }
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if not needed <= tables:
            return
        columns = {column.name for column in connection.introspection.get_table_description(cursor, "events_occupancy")}
    if "section_price_id" not in columns:  # migrated backwards
        return
    is_sqlite = connection.vendor == "sqlite"
    wanted = [guard for guard in GUARDS if guard.table in tables and not (is_sqlite and guard.of_postgresql)]
    if is_sqlite:
        with connection.cursor() as cursor:
            cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s", [PREFIX + "%"])
            if {text for (text,) in cursor.fetchall()} == {guard.sqlite() for guard in wanted}:
                return
    _drop(connection)
    with connection.cursor() as cursor:
        for guard in wanted:
            cursor.execute(guard.sqlite() if is_sqlite else guard.postgresql())


def _drop(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s", [PREFIX + "%"])
            found = [f"DROP TRIGGER {name}" for (name,) in cursor.fetchall()]
        else:
            cursor.execute(
                "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE NOT t.tgisinternal AND t.tgname LIKE %s AND c.relname LIKE 'events\\_%%'",
                [PREFIX + "%"],
            )
            found = [f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}()" for name, table in cursor.fetchall()]
        for statement in found:
            cursor.execute(statement)
