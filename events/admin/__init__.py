"""What staff tune: one module a page."""

from events.admin import event, venue

__all__ = ["event", "venue"]
