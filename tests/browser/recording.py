"""Records docs/images/evening.webp: one telephone in the line of a real storm, and the line beside it."""

import base64
import subprocess
import sys
import time
from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple

import redis
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.pictures import CROWDED, IMAGES, PHONE, page_of
from tests.patience import until
from tests.site import ROOT, Site
from tiketi.local_redis import recorded_url
from waitingroom.keys import keys_of

# A room for sixty, whose visitors stay five seconds: 400 of them are in within a minute.
THRESHOLD, PER_MINUTE = 60, 600
STORM = ("--visitors", "400", "--arrive-in", "8", "--stay", "5")
# Pictures a second of the evening, so many seconds at the most, and how long each is shown: three times as fast.
STEP_S, LONGEST_S, SHOWN_MS, LAST_SHOWN_MS = 0.6, 75, 200, 3_000
SIZE = ViewportSize(width=900, height=560)
QUALITY = 70  # of WebP's 100; above it the file grows and nobody sees why
CHART_WIDTH, CHART_HEIGHT = 500, 300

FRAME = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; width: 900px; height: 560px; background: #f4f2ee; color: #22252b; display: flex; gap: 36px;
  font: 15px/1.4 "Noto Sans CJK KR", sans-serif }}
img {{ height: 520px; margin: 20px 0 20px 28px; border-radius: 18px; box-shadow: 0 2px 18px #0003 }}
main {{ padding-top: 34px }} h1 {{ font-size: 21px; margin: 0 0 2px }} p {{ margin: 0 0 14px; color: #5b616b }}
svg {{ display: block }} text {{ font-size: 13px; fill: #5b616b }} strong {{ font-size: 30px; color: #22252b }}
dl {{ display: flex; gap: 40px; margin: 12px 0 0 }} dt {{ color: #5b616b }} dd {{ margin: 0 }}
.line {{ color: #c2410c }} .inside {{ color: #1d6f5c }}
</style>
<img src="data:image/png;base64,{phone}">
<main><h1>{visitors} visitors, room for {threshold}</h1><p>400명이 8초에, 자리는 60 · {second:.0f} s</p>
<svg width="{width}" height="{height}" viewBox="-34 -10 {outer_width} {outer_height}">
<path d="M0 0V{bottom}H{right}" fill="none" stroke="#b9b4aa"/>
<text x="-6" y="4" text-anchor="end">{most}</text><text x="-6" y="{bottom}" text-anchor="end">0</text>
<path d="{waiting}" fill="none" stroke="#c2410c" stroke-width="3"/>
<path d="{active}" fill="none" stroke="#1d6f5c" stroke-width="3"/></svg>
<dl><div><dt class="line">in line · 대기</dt><dd><strong>{now.waiting}</strong></dd></div>
<div><dt class="inside">inside · 입장</dt><dd><strong>{now.active}</strong></dd></div></dl></main>"""


class Moment(NamedTuple):
    """The line as Redis had it."""

    second: float  # of the storm
    waiting: int
    active: int


def record(browser: Browser, site: Site) -> None:
    """Let the storm blow, look at it, and write the pictures."""
    site.manage(
        "waitingroom", "set", CROWDED, f"threshold={THRESHOLD}", f"users_per_minute_per_instance={PER_MINUTE}"
    )  # fmt: skip
    phone, stage = page_of(browser, site, PHONE), browser.new_page(viewport=SIZE)
    client = redis.Redis.from_url(recorded_url(site.folder / "redis"))
    storm = subprocess.Popen(
        [sys.executable, "manage.py", "storm", CROWDED, *STORM],
        cwd=ROOT, env=site.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    frames: list[Image.Image] = []
    try:
        until(lambda: moment(client, 0).waiting > 200, within=60)
        phone.goto(f"/events/{CROWDED}/")
        began = time.monotonic()
        moments: list[Moment] = []
        while not is_inside(phone) and time.monotonic() - began < LONGEST_S:
            moments.append(moment(client, time.monotonic() - began))
            frames.append(drawn(stage, phone, moments))
            stage.wait_for_timeout(1000 * max(0.0, STEP_S * len(frames) - (time.monotonic() - began)))
        phone.wait_for_load_state("load")
        moments.append(moment(client, time.monotonic() - began))
        frames.append(drawn(stage, phone, moments))
        if storm.wait(120) != 0:
            raise SystemExit("the storm found a broken invariant: nothing is written")
    finally:
        storm.kill()
        client.close()
    durations = [SHOWN_MS] * (len(frames) - 1) + [LAST_SHOWN_MS]
    first, *rest = frames
    into = IMAGES / "evening.webp"
    first.save(into, save_all=True, append_images=rest, duration=durations, loop=0, quality=QUALITY, method=6)


def moment(client: "redis.Redis", second: float) -> Moment:
    """How many wait and are inside now."""
    keys = keys_of(CROWDED)
    line = client.pipeline()
    line.zcard(keys.queue)
    line.zcard(keys.active)
    return Moment(second, *line.execute())


def is_inside(phone: Page) -> bool:
    """Whether the event's own page has come by itself."""
    return not phone.locator("#position").count()


def drawn(stage: Page, phone: Page, moments: Sequence[Moment]) -> Image.Image:
    """One picture: the telephone, and the line so far."""
    most = max(400, *(one.waiting for one in moments))
    right, bottom = CHART_WIDTH - 50, CHART_HEIGHT - 30

    def path(name: str) -> str:
        points = (
            f"{right * one.second / max(20.0, moments[-1].second):.1f} {bottom * (1 - getattr(one, name) / most):.1f}"
            for one in moments
        )
        return "M" + "L".join(points)

    stage.set_content(
        FRAME.format(
            phone=base64.b64encode(phone.screenshot()).decode(),
            visitors=STORM[1], threshold=THRESHOLD, second=moments[-1].second,
            width=CHART_WIDTH, height=CHART_HEIGHT, outer_width=CHART_WIDTH - 10, outer_height=CHART_HEIGHT - 10,
            right=right, bottom=bottom, most=most, now=moments[-1], waiting=path("waiting"), active=path("active"),
        )
    )  # fmt: skip
    return Image.open(BytesIO(stage.screenshot(type="png"))).convert("RGB")
