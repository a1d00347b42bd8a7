"""A bar on the terminal while the storm runs; nothing where there is no terminal."""

import asyncio
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tiketi.storm.findings import Findings
from tiketi.storm.scene import Tally

BETWEEN_FRAMES = 0.5  # seconds; a livelier bar would cost the visitors their processor


async def show(visitors: int, tally: Tally, findings: Findings) -> None:
    """Keep the bar true until cancelled."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return
    columns = (
        BarColumn(bar_width=None),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
        TextColumn("[cyan]{task.fields[waiting]:,} waiting"),
        TextColumn("[green]{task.fields[active]:,} active of {task.fields[threshold]:,}"),
        TextColumn("[red]{task.fields[errors]:,} errors"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as progress:
        task = progress.add_task("storm", total=visitors, **_fields(tally, findings))
        while True:
            progress.update(task, completed=tally.done, **_fields(tally, findings))
            progress.refresh()
            await asyncio.sleep(BETWEEN_FRAMES)


def _fields(tally: Tally, findings: Findings) -> dict[str, Any]:
    return {
        "waiting": tally.waiting,
        "active": findings.active,
        "threshold": findings.threshold,
        "errors": tally.errors.total(),
    }
