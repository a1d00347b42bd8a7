"""Who changed something while somebody else was editing it."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _


def last_saved(*rows: Any) -> dict[str, object]:
    """`who` saved one of these last and `at` what time of the day, by their histories; for a sentence."""
    last = max((change for row in rows for change in row.history.all()[:1]), key=lambda change: change.history_date)
    who = last.history_user or _("Somebody")
    return {"who": who, "at": timezone.localtime(last.history_date).strftime("%H:%M:%S %Z")}
