"""A seat's place is its ordinal: *place* is where a visitor stands in a room. Column and constraint keep their names."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """State alone: releases before this one go on reading and writing the column."""

    dependencies = [("events", "0022_letters")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint("seat", "one_seat_at_a_place_in_a_section"),
                migrations.RenameField("seat", "place", "ordinal"),
                migrations.AlterField(
                    "seat",
                    "ordinal",
                    models.PositiveIntegerField(
                        db_column="place",
                        help_text="Counts the section's seats from 0, row by row.",
                        verbose_name="ordinal",
                    ),
                ),
                migrations.AddConstraint(
                    "seat",
                    models.UniqueConstraint(fields=("section", "ordinal"), name="one_seat_at_a_place_in_a_section"),
                ),
                migrations.AlterModelOptions(
                    "seat", {"ordering": ("section", "ordinal"), "verbose_name": "seat", "verbose_name_plural": "seats"}
                ),
                migrations.AlterModelOptions(
                    "orderline",
                    {
                        "ordering": ("seat__section", "seat__ordinal"),
                        "verbose_name": "order line",
                        "verbose_name_plural": "order lines",
                    },
                ),
            ],
        ),
        migrations.AlterField(
            "section", "capacity", models.PositiveIntegerField(default=0, editable=False, verbose_name="capacity")
        ),
    ]
