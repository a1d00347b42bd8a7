"""What staff tune and look at: one module a page."""

from events.admin import event, order, plan, venue

__all__ = ["event", "order", "plan", "venue"]
