"""An event's public facts as plain values, for JSON."""

from events.models import Event


def event_summary(event: Event) -> dict[str, object]:
    """Names in both languages, instants in ISO 8601, prices in whole won."""
    return {
        "slug": event.slug,
        "kind": event.kind,
        "title": {"ko": event.title_ko, "en": event.title_en},
        "performers": {"ko": event.performers_ko, "en": event.performers_en},
        "venue": {"ko": event.venue.name_ko, "en": event.venue.name_en},
        "opensAt": event.opens_at.isoformat(),
        "closesAt": event.closes_at.isoformat(),
        "startsAt": event.starts_at.isoformat(),
        "sale": event.sale_state().value,
        "poster": event.poster_url,
        "tiers": [
            {"name": {"ko": tier.name_ko, "en": tier.name_en}, "priceWon": tier.price_won} for tier in event.tiers.all()
        ],
    }
