"""What the deployed stack costs a month beside the web instances, in won: the reference's prices leave it out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parts:
    """Prices in US dollars, of deploy/tiketi.yaml's parts: set them to what your region's price list says today.

    The defaults are rounded list prices of Seoul from memory, of no account; no bill was ever seen.
    """

    won_a_dollar: float = 1_400
    month_hours: int = 730
    balancer_hour: float = 0.0225
    balancer_unit_hour: float = 0.008  # an LCU: 25 new connections a second, 3,000 open ones, 1 GB an hour
    nat_hour: float = 0.059
    nat_gb: float = 0.059
    database_hour: float = 0.20  # db.t4g.medium, in two zones
    database_gb_month: float = 0.26  # storage, in two zones
    cache_node_hour: float = 0.26  # cache.r7g.large
    metric_month: float = 0.30  # each name with its dimensions, of the first 10,000, by the hour it is published in


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of each, a month."""

    balancer_units: float = 2.0  # on the mean
    nat_gateways: int = 1
    nat_gb: float = 50.0
    database_gb: float = 50.0
    cache_nodes: int = 2
    metrics: int = 9  # of the environment, around the clock
    metrics_an_event: int = 8
    event_hours: float = 20.0  # in which one event's are published, summed over all events: twenty sales of an hour


def bill_won(parts: Parts | None = None, usage: Usage | None = None) -> dict[str, int]:
    """Part of the stack -> won a month."""
    p, u = parts or Parts(), usage or Usage()
    dollars = {
        "balancer": p.month_hours * (p.balancer_hour + u.balancer_units * p.balancer_unit_hour),
        "nat": u.nat_gateways * p.month_hours * p.nat_hour + u.nat_gb * p.nat_gb,
        "database": p.month_hours * p.database_hour + u.database_gb * p.database_gb_month,
        "cache": u.cache_nodes * p.month_hours * p.cache_node_hour,
        "metrics": p.metric_month * (u.metrics + u.metrics_an_event * u.event_hours / p.month_hours),
    }
    return {part: round(amount * p.won_a_dollar) for part, amount in dollars.items()}
