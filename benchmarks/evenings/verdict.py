"""What an evening proved: a row for each thing that had to hold, and exit code 1 where one did not."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass
class Verdict:
    """The rows of one evening: what, what had to be, what was seen, whether it held."""

    title: str
    rows: list[tuple[str, str, str, bool | None]] = field(default_factory=list)

    def expect(self, what: str, wanted: str, seen: object, *, held: bool) -> None:
        """Something that had to hold."""
        self.rows.append((what, wanted, str(seen), held))

    def note(self, what: str, seen: object) -> None:
        """A figure that is only told."""
        self.rows.append((what, "", str(seen), None))

    @property
    def held(self) -> bool:
        """Whether there is no finding."""
        return all(held is not False for *_, held in self.rows)

    def show(self) -> None:
        """Print the table."""
        table = Table(title=self.title, title_justify="left", box=None, padding=(0, 2, 0, 0))
        for heading in ("what", "had to be", "seen", ""):
            table.add_column(heading, overflow="fold")
        for what, wanted, seen, held in self.rows:
            mark = {True: "[green]held", False: "[bold red]FINDING", None: ""}[held]
            table.add_row(what, wanted, seen, mark)
        Console(width=150).print(table)
