"""Reasons become choices, so that staff read them in their language."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0002_seats_orders_tickets")]

    operations = [
        migrations.RenameField("orderchange", "reason", "why"),
        migrations.RenameField("payment", "reason", "trouble"),
        migrations.AlterField(
            model_name="orderchange",
            name="why",
            field=models.CharField(
                choices=[
                    ("ordered", "ordered"),
                    ("paid", "paid"),
                    ("paid-late", "paid after the hold ran out, seats still free"),
                    ("ran-out", "the hold ran out"),
                    ("given-up", "given up by the buyer"),
                    ("by-buyer", "cancelled by the buyer"),
                    ("by-staff", "cancelled and refunded by staff"),
                ],
                max_length=10,
                verbose_name="reason",
            ),
        ),
        migrations.AlterField(
            model_name="payment",
            name="trouble",
            field=models.CharField(
                blank=True,
                choices=[
                    ("refused", "the provider refused it"),
                    ("amount", "the amount was wrong"),
                    ("gone", "the seats had gone to somebody else"),
                    ("limit", "the account had as many seats as it may"),
                    ("not-wanted", "the order was paid or given up before"),
                    ("cancelled", "the order was cancelled"),
                ],
                max_length=10,
                verbose_name="reason",
            ),
        ),
    ]
