"""What is sold, and to whom: one concept a module."""

from events.models.choices import City, EventState, Kind, SaleState, SeatKind
from events.models.document import Asked, Consent, Document
from events.models.door import EventDoor
from events.models.event import Event
from events.models.event_staff import EventStaff, Role
from events.models.hold import Hold, Occupancy
from events.models.hold_period import HoldPeriod
from events.models.letter import Letter, LetterKind
from events.models.order import Order, OrderChange, OrderLine, OrderState, Why
from events.models.payment import MONEY_DUE, Payment, PaymentChange, PaymentState, Trouble
from events.models.plan import Plan, Seat, Section
from events.models.price import PriceTier, SectionPrice
from events.models.refund import Decision, Fee, Refund, RefundRequest
from events.models.staff_act import StaffAct
from events.models.ticket import DoorAct, Ticket, TicketChange
from events.models.venue import Venue

__all__ = [
    "MONEY_DUE",
    "Asked",
    "City",
    "Consent",
    "Decision",
    "Document",
    "DoorAct",
    "Event",
    "EventDoor",
    "EventStaff",
    "EventState",
    "Fee",
    "Hold",
    "HoldPeriod",
    "Kind",
    "Letter",
    "LetterKind",
    "Occupancy",
    "Order",
    "OrderChange",
    "OrderLine",
    "OrderState",
    "Payment",
    "PaymentChange",
    "PaymentState",
    "Plan",
    "PriceTier",
    "Refund",
    "RefundRequest",
    "Role",
    "SaleState",
    "Seat",
    "SeatKind",
    "Section",
    "SectionPrice",
    "StaffAct",
    "Ticket",
    "TicketChange",
    "Trouble",
    "Venue",
    "Why",
]
