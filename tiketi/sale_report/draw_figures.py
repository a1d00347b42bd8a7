"""What of a sale's draw stands in its report: what anybody finds who checks it, and the order it made."""

import json
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import get_language

from waitingroom.draw.errors import BadDraw
from waitingroom.draw.verify import verify
from waitingroom.draw_files import bundle_of
from waitingroom.draw_plan import announced
from waitingroom.draw_records import Draw, DrawnLine, DrawResult
from waitingroom.draw_steps import order_of
from waitingroom.errors import DrawRefused
from waitingroom.kendall import kendall
from waitingroom.models import WaitingRoom


@dataclass(frozen=True)
class DrawFigures:
    """A draw that was done."""

    room: str
    entries: int
    tau: float | None  # of who entered when, and the rank: by chance about 0
    verdict: str  # the verifier's: "holds", "untrusted", "refused"
    sentence: str  # and in its words
    first_number: int = 0  # of rank 1; 0 before they were lined up

    @classmethod
    def of(cls, room: WaitingRoom) -> "DrawFigures | None":
        """The room's; None where there is none, or it is not done."""
        draw = announced(room)
        if draw is None or not DrawResult.objects.filter(closing=draw.pk).exists():
            return None
        line = DrawnLine.objects.filter(result=draw.pk).first()
        size, tau, verdict, sentence = _checked(draw.pk, (get_language() or "ko")[:2])
        return cls(room.slug, size, tau, verdict, sentence, line.opened_us - size if line else 0)


@lru_cache(maxsize=8)
def _checked(draw_pk: int, language: str) -> tuple[int, float | None, str, str]:
    # Nothing of a draw that is done changes, and 10,000 entries take a while.
    draw = Draw.objects.get(pk=draw_pk)
    try:
        order = order_of(draw)
        bundle = json.loads(json.dumps(bundle_of(draw)))
        report = verify(bundle, [], key=draw.key, language="en" if language == "en" else "ko")
    except (DrawRefused, BadDraw) as why:
        return 0, None, "refused", str(why)
    entered = {entry: at.timestamp() for entry, at in draw.entries.values_list("entry", "at")}
    tau = kendall([entered[entry] for entry in order], range(len(order))).tau
    return len(order), tau, report.verdict, str(report.lines[-1]["text"])
