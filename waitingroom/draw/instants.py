"""Instants as a draw's texts write them: UTC, to the second, RFC 3339."""

from datetime import UTC, datetime

from waitingroom.draw.errors import BadDraw

FORM = "%Y-%m-%dT%H:%M:%SZ"


def written(at: datetime) -> str:
    """The instant as text; fractions of a second are cut."""
    return at.astimezone(UTC).strftime(FORM)


def read(text: str) -> datetime:
    """The instant that `written` wrote. Raises BadDraw."""
    try:
        at = datetime.strptime(text, FORM).replace(tzinfo=UTC)
    except ValueError as error:
        raise BadDraw(f"'{text}' is no instant like 2026-12-01T11:00:00Z.") from error
    if written(at) != text:
        raise BadDraw(f"'{text}' is no instant like 2026-12-01T11:00:00Z.")
    return at
