"""A real Redis for a machine that has none: found, started, adopted."""

from pathlib import Path


def recorded_url(folder: Path) -> str:
    """The address of the Redis last started for `folder`, or Redis's usual one."""
    port = folder / "port"
    return f"redis://127.0.0.1:{port.read_text().strip()}/0" if port.exists() else "redis://127.0.0.1:6379/0"
