"""What is sold: venues and events, one concept a module."""

from events.models.choices import Kind, SaleState
from events.models.event import Event
from events.models.price import PriceTier
from events.models.venue import Venue

__all__ = ["Event", "Kind", "PriceTier", "SaleState", "Venue"]
