"""What was held and sold before keeps the seat's name, its price and its tier; rooms get back their staff's mode."""

from django.db import migrations


def keep(apps, schema_editor):
    Event = apps.get_model("events", "Event")
    Occupancy = apps.get_model("events", "Occupancy")
    Order = apps.get_model("events", "Order")
    OrderLine = apps.get_model("events", "OrderLine")
    PriceTier = apps.get_model("events", "PriceTier")
    SectionPrice = apps.get_model("events", "SectionPrice")
    WaitingRoom = apps.get_model("waitingroom", "WaitingRoom")

    for order in Order.objects.select_related("event__venue"):
        venue = order.event.venue
        Order.objects.filter(pk=order.pk).update(venue_ko=venue.name_ko, venue_en=venue.name_en)
    tiers = {(tier.event_id, tier.name_ko): tier.pk for tier in PriceTier.objects.all()}
    for line in OrderLine.objects.select_related("order", "seat__section").iterator(2000):
        section = line.seat.section
        OrderLine.objects.filter(pk=line.pk).update(
            section_ko=section.name_ko,
            section_en=section.name_en,
            row=line.seat.row,
            number=line.seat.number,
            standing=section.standing,
            price_tier_id=tiers.get((line.order.event_id, line.tier_ko)),
        )

    prices = {(price.event_id, price.section_id): price for price in SectionPrice.objects.select_related("tier")}
    for occupancy in Occupancy.objects.select_related("seat").iterator(2000):
        key = occupancy.event_id, occupancy.seat.section_id
        line = OrderLine.objects.filter(order=occupancy.order_id, seat=occupancy.seat_id).first()
        if key not in prices:
            # The tier was deleted under the seat: what was sold of it says what it was.
            name, won = (line.tier_ko, line.price_won) if line else ("-", 0)
            tier, _ = PriceTier.objects.get_or_create(
                event_id=occupancy.event_id, name_ko=name, defaults={"price_won": won}
            )
            prices[key] = SectionPrice.objects.create(event_id=key[0], section_id=key[1], tier=tier)
        price = prices[key]
        Occupancy.objects.filter(pk=occupancy.pk).update(
            section_price_id=price.pk,
            tier_id=(line and line.price_tier_id) or price.tier_id,
            price_won=line.price_won if line else price.tier.price_won,
        )

    # Sections of a plan that the event does not use any more, where nobody holds or owns a seat.
    for price in SectionPrice.objects.select_related("section", "event"):
        if price.section.plan_id != price.event.plan_id and not Occupancy.objects.filter(section_price=price).exists():
            price.delete()

    # The sell-out wrote its own mode over the staff's; which one that was is not known any more.
    sold_out = Event.objects.filter(sold_out_at__isnull=False).values("room")
    WaitingRoom.objects.filter(slug__in=sold_out, mode="closed").update(mode="automatic", closed_because="sold-out")


class Migration(migrations.Migration):
    dependencies = [("events", "0004_one_chair"), ("waitingroom", "0002_closed_because")]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
