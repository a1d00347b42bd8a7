"""The third step's form: a name and a price for each level of the hall."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin.guided.drafts import SeenForm
from events.models import Event
from events.sale.level_prices import Level, LevelPrice, levels_of
from events.sale.price_lists import read_won

# What Korean houses call their prices, from the floor upwards; a draft begins with these names.
USUAL = (("VIP석", "VIP"), ("R석", "R"), ("S석", "S"), ("A석", "A"), ("B석", "B"), ("C석", "C"))


class WonField(forms.CharField):
    """Whole won, written as people write them: 110000, 110,000, 110,000원; None where nothing is."""

    def clean(self, value: Any) -> int | None:
        """The number."""
        text = super().clean(value)
        try:
            return read_won(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


@dataclass(frozen=True)
class Row:
    """A level with its fields, and what its seats would bring, in won; None where that is not known."""

    level: Level
    name_ko: forms.BoundField
    name_en: forms.BoundField
    price: forms.BoundField
    won: int | None


class LevelPricesForm(SeenForm):
    """A price for every level; without one it is not on sale. Where it has several, they stay unless one is typed."""

    def __init__(self, event: Event, data: Any = None) -> None:
        super().__init__(event, data)
        self.prices: dict[int, LevelPrice | None] = {}
        self.levels = levels_of(event)
        names = iter(_free_names(event))
        for level in self.levels:
            tier = level.tier
            if tier is not None:
                name_ko, name_en = tier.name_ko, tier.name_en
            else:
                name_ko, name_en = ("", "") if level.is_mixed else next(names, ("", ""))
            self.fields |= {
                f"name_ko-{level.number}": forms.CharField(
                    label=gettext_lazy("name (Korean)"), max_length=40, required=False, initial=name_ko
                ),
                f"name_en-{level.number}": forms.CharField(
                    label=gettext_lazy("name (English)"), max_length=40, required=False, initial=name_en
                ),
                f"price-{level.number}": WonField(
                    label=gettext_lazy("price, won"),
                    max_length=20,
                    required=False,
                    initial=f"{tier.price_won:,}" if tier else "",
                    widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
                ),
            }

    def clean(self) -> dict[str, Any]:
        """Refuse a price without a name, a name with two prices, and a sale of nothing."""
        cleaned = super().clean()
        named: dict[str, LevelPrice] = {}
        for level in self.levels:
            if level.is_mixed and cleaned.get(f"price-{level.number}") is None:  # it keeps what it has
                tiers = [tier for tier in level.tiers if tier is not None]
                named |= {tier.name_ko: LevelPrice(tier.name_ko, tier.name_en, tier.price_won) for tier in tiers}
        for level in self.levels:
            name_ko, name_en, price = (
                cleaned.get(f"{what}-{level.number}") for what in ("name_ko", "name_en", "price")
            )
            if price is None:
                if not level.is_mixed and f"price-{level.number}" not in self.errors:
                    self.prices[level.number] = None
                continue
            if not name_ko:
                if f"name_ko-{level.number}" not in self.errors:
                    self.add_error(f"name_ko-{level.number}", _("What is this price called?"))
                continue
            now = LevelPrice(name_ko, name_en or "", price)
            first = named.setdefault(name_ko, now)
            if first.price_won != price:
                self.add_error(f"price-{level.number}", _("Two levels of one name have one price, please."))
            elif first.name_en != now.name_en:
                self.add_error(f"name_en-{level.number}", _("Two levels of one name have one name in English, please."))
            self.prices[level.number] = first
        if not self.errors and not any(self.prices.values()) and not any(level.is_mixed for level in self.levels):
            raise forms.ValidationError(_("Nothing has a price: there would be nothing to sell."))
        return cleaned

    @property
    def rows(self) -> list[Row]:
        """The levels as the table shows them."""
        return [
            Row(
                level,
                name_ko=self[f"name_ko-{level.number}"],
                name_en=self[f"name_en-{level.number}"],
                price=self[f"price-{level.number}"],
                won=self._won(level),
            )
            for level in self.levels
        ]

    @property
    def seats(self) -> int:
        """How many seats have a price."""
        return sum(level.seats for level in self.levels if self._won(level) is not None)

    @property
    def won(self) -> int:
        """What all of them cost together."""
        return sum(self._won(level) or 0 for level in self.levels)

    def _won(self, level: Level) -> int | None:
        """What its seats bring, as the form has it where it was sent, and else as it stands."""
        price = self.prices.get(level.number)
        if price is not None:
            return price.price_won * level.seats
        if self.is_bound and not level.is_mixed:
            return None
        pairs = [(section, tier) for section, tier in zip(level.sections, level.tiers, strict=True) if tier is not None]
        return sum(section.capacity * tier.price_won for section, tier in pairs) if pairs else None


def _free_names(event: Event) -> list[tuple[str, str]]:
    """The names that the event's prices do not bear yet: those of its tiers without a section first."""
    tiers = list(event.tiers.all())
    used = set(event.section_prices.values_list("tier", flat=True))
    spare = [(tier.name_ko, tier.name_en) for tier in tiers if tier.pk not in used]
    taken = {tier.name_ko for tier in tiers}
    return [*spare, *(usual for usual in USUAL if usual[0] not in taken)]
