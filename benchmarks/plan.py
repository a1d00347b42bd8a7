"""How long and how often things are measured: whole, or quick to see that everything runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Rounds, seconds and sizes."""

    rounds: int = 5
    socket_rounds: int = 5
    warm_up_s: float = 2.0
    load_s: float = 2.0
    short_load_s: float = 1.0
    pollers: int = 500
    line_lengths: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
    rooms: tuple[int, ...] = (1, 100, 2_000)
    rooms_alive: tuple[int, ...] = (1, 10, 50)
    rooms_rounds: int = 3  # each a process for either side, and six pairs of them
    admission_sockets: int = 10_000
    held_sockets: int = 15_000
    batches: int = 8
    hold_s: float = 10.0  # longer than the slowest cadence
    gate_requests: int = 300
    sale_s: float = 10.0
    seats_s: float = 6.0  # two of a viewer's polls
    buyers: int = 5_000
    front_visitors: int = 10_000
    front_s: float = 10.0


QUICK = Plan(
    rounds=1,
    socket_rounds=1,
    warm_up_s=0.5,
    load_s=1.0,
    short_load_s=0.5,
    pollers=100,
    line_lengths=(1_000, 10_000),
    rooms=(100,),
    rooms_alive=(10,),
    rooms_rounds=1,
    admission_sockets=1_000,
    held_sockets=1_500,
    batches=3,
    hold_s=9.0,
    gate_requests=50,
    sale_s=3.0,
    seats_s=3.0,
    buyers=500,
    front_visitors=3_000,
    front_s=3.0,
)
