"""What came of a storm's draw: each entrant's number, and whether anybody can check it, by the site's public files."""

import asyncio
import copy
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tiketi.storm import exchange
from tiketi.storm.browser import Browser
from tiketi.storm.site import Site
from waitingroom import draw_steps
from waitingroom.draw.numbers import queue_number
from waitingroom.draw.verify import verify
from waitingroom.draw_records import DrawnLine
from waitingroom.errors import DrawRefused

AT_ONCE = 10  # receipts fetched
CHECKED = {0, 3}  # verify.py's exits: all holds; all but for chance that nobody vouches for


@dataclass(frozen=True, slots=True)
class Files:
    """What is published, and what some entrants have, as the site gave them."""

    verifier: bytes
    bundle: bytes
    receipts: Sequence[bytes]

    @classmethod
    def of(cls, bundle: object, receipts: Sequence[object]) -> "Files":
        """From what they say."""
        return cls(b"", json.dumps(bundle).encode(), [json.dumps(one).encode() for one in receipts])


@dataclass(frozen=True, slots=True)
class Lots:
    """The draw as it was published."""

    ranks: Mapping[str, int]  # by visitor, from 1
    numbers: Mapping[str, int]  # the queue numbers that follow
    verified: str  # what verify.py found: "holds", "untrusted", "refused", "unreadable"
    receipts: int  # that it was given
    passed: tuple[str, ...]  # tampered bundles that were not refused in the right words


async def fetch(site: Site, slug: str, browsers: Sequence[Browser]) -> Files | None:
    """The public files, and the browsers' receipts; None where nothing is published."""
    verifier, bundle = [
        await exchange.ask(site, "GET", path, {}) for path in ("/draws/verify.py", f"/draws/{slug}/bundle.json")
    ]
    if not verifier.status == bundle.status == 200:
        return None
    receipts = []
    for start in range(0, len(browsers), AT_ONCE):
        asked = [browser.fetch(f"/draws/{slug}/receipt.json", {}) for browser in browsers[start : start + AT_ONCE]]
        receipts += [answer.body for answer in await asyncio.gather(*asked) if answer.status == 200]
    return Files(verifier.body, bundle.body, receipts)


def read(slug: str, files: Files) -> Lots | None:
    """The outcome; None where the draw was not done."""
    try:
        draw = draw_steps.draw_of(slug)
        order = draw_steps.drawn(draw)
        opened_us = DrawnLine.objects.get(result=draw.pk).opened_us
    except (DrawRefused, DrawnLine.DoesNotExist):
        return None
    ranks = {visitor: rank for rank, visitor in enumerate(order, 1) if visitor}
    return Lots(
        ranks,
        {visitor: queue_number(rank, len(order), opened_us) for visitor, rank in ranks.items()},
        _verified(files),
        len(files.receipts),
        read_passed(files) if len(order) > 1 else (),
    )


def _verified(files: Files) -> str:
    """By the verifier that the site hands out, run as anybody would: alone, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="storm-draw-") as name:
        folder = Path(name)
        (folder / "verify.py").write_bytes(files.verifier)
        (folder / "bundle.json").write_bytes(files.bundle)
        words = ["verify.py", "--json", "bundle.json"]
        for i, receipt in enumerate(files.receipts):
            (folder / f"receipt-{i}.json").write_bytes(receipt)
            words.append(f"receipt-{i}.json")
        command = [sys.executable, "-I", *words]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
        try:
            return str(json.loads(done.stdout)["verdict"])
        except (ValueError, KeyError, TypeError):
            return "unreadable"


Content = dict[str, Any]
Tampering = Callable[[Content, list[Content]], str]
TAMPERED: dict[str, Tampering] = {}


def tampering(change: Tampering) -> Tampering:
    """Changes what was published or given, and says by which line of the verifier it must be refused."""
    TAMPERED[change.__name__] = change
    return change


@tampering
def an_entrant_dropped(bundle: Content, _receipts: list[Content]) -> str:
    del bundle["roster"][0]
    return "roster-short"


@tampering
def an_entrant_added(bundle: Content, _receipts: list[Content]) -> str:
    bundle["roster"] = sorted([*bundle["roster"], "ab" * 32])
    return "roster-long"


@tampering
def another_seed(bundle: Content, _receipts: list[Content]) -> str:
    bundle["seed"] = "ab" * 32
    return "seed-wrong"


@tampering
def two_ranks_swapped(bundle: Content, _receipts: list[Content]) -> str:
    ranks = bundle["ranks"]
    ranks[0], ranks[-1] = ranks[-1], ranks[0]
    return "ranks-wrong"


@tampering
def a_reveal_withheld(bundle: Content, _receipts: list[Content]) -> str:
    bundle["reveals"][0] = None
    return "reveal-withheld"


@tampering
def a_checkpoint_forged(bundle: Content, _receipts: list[Content]) -> str:
    lines = bundle["checkpoint"].split("\n")
    lines[1] = str(int(lines[1]) + 1)
    bundle["checkpoint"] = "\n".join(lines)
    return "checkpoint-unsigned"


@tampering
def a_receipt_forged(_bundle: Content, receipts: list[Content]) -> str:
    receipts[0]["entry"] = receipts[0]["entry"].replace("\nat 2", "\nat 1")
    return "receipt-forged"


@tampering
def two_people_told_one_id(_bundle: Content, receipts: list[Content]) -> str:
    receipts[:] = [receipts[0], receipts[0]]
    return "same-id"


def read_passed(files: Files) -> tuple[str, ...]:
    """The tampered copies that the verifier does not refuse, or not in the right words."""
    return tuple(name for name in TAMPERED if not _is_refused(name, files))


def _is_refused(name: str, files: Files) -> bool:
    bundle = json.loads(files.bundle)
    receipts = [json.loads(one) for one in files.receipts[:2]]
    if not receipts and name in ("a_receipt_forged", "two_people_told_one_id"):
        return True
    code = TAMPERED[name](bundle, receipts := copy.deepcopy(receipts))
    report = verify(bundle, receipts)
    return report.verdict == "refused" and any(line["code"] == code for line in report.lines)
