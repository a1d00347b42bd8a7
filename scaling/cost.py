"""What a fleet costs a month, in won."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prices:
    """The reference's prices: 40,000 won an instance a month of 730 hours, twenty peaks a month."""

    instance_month_won: int = 40_000
    month_hours: int = 730
    peaks_a_month: int = 20

    @property
    def hour_won(self) -> float:
        """One instance for one hour."""
        return self.instance_month_won / self.month_hours

    def month_won(self, base_instances: int, extra_hours_a_peak: float) -> int:
        """A month of `base_instances` around the clock, and at every peak so many instance-hours more."""
        base = base_instances * self.instance_month_won
        return round(base + self.peaks_a_month * extra_hours_a_peak * self.hour_won)

    @property
    def formula(self) -> str:
        """The formula with its numbers, for people."""
        return (
            f"base instances x {self.instance_month_won:,} won"
            f" + {self.peaks_a_month} peaks x extra instance-hours a peak"
            f" x {self.instance_month_won:,}/{self.month_hours} won"
        )


REFERENCE_PRICES = Prices()
