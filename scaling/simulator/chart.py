"""A chart of simulated sales: line, active, instances and rate over time."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from matplotlib import font_manager, rc_context
from matplotlib.figure import Figure

from scaling.simulator.run import Moment, Run

KOREAN_FONTS = ("Noto Sans CJK KR", "Noto Serif CJK KR", "NanumGothic", "Malgun Gothic", "Apple SD Gothic Neo")
# Told apart by people who see colours differently (Okabe and Ito).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999", "#F0E442", "#8B4513")
ENGLISH = {
    "waiting": "waiting",
    "active": "active",
    "instances": "instances in service",
    "rate": "admitted a minute",
    "time": "time",
}
PANELS: Mapping[str, Callable[[Moment], float]] = {
    "waiting": lambda moment: moment.waiting,
    "active": lambda moment: moment.active,
    "instances": lambda moment: moment.in_service,
    "rate": lambda moment: moment.per_minute,
}


def korean_font() -> str | None:
    """A font of this machine that has Hangul."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in KOREAN_FONTS if name in installed), None)


def draw(runs: Sequence[Run], file: Path, labels: Mapping[str, str] = ENGLISH) -> None:
    """Write the chart as PNG, SVG or PDF, as the file's name ends. Raises OSError, ValueError."""
    font = korean_font()
    with rc_context({"font.family": [font] if font else ["DejaVu Sans"], "axes.unicode_minus": False}):
        figure = Figure(figsize=(11, 11), layout="constrained")
        axes = figure.subplots(len(PANELS), 1, sharex=True)
        begins, ends = _span(runs)
        for panel, (name, value) in zip(axes, PANELS.items(), strict=True):
            for run, colour in zip(runs, _cycled(len(runs)), strict=True):
                values = [value(moment) for moment in run.moments[begins:ends]]
                panel.step(range(begins, ends), values, where="post", label=run.plan.name, color=colour, linewidth=1.6)
            panel.set_ylabel(labels[name])
            panel.grid(visible=True, alpha=0.3)
            panel.set_ylim(bottom=0)
        ticks = [second for second in range(begins, ends) if second % _tick_s(ends - begins) == 0]
        axes[-1].set_xticks(ticks, [runs[0].scenario.clock(second)[:5] for second in ticks])
        axes[-1].set_xlabel(labels["time"])
        axes[0].legend(loc="upper right", ncols=2, fontsize="small")
        figure.savefig(file, dpi=110)


def _span(runs: Sequence[Run]) -> tuple[int, int]:
    """From shortly before anything happens until shortly after the last line is gone."""

    def stirs(moment: Moment, first: Moment) -> bool:
        return bool(moment.waiting) or moment.desired != first.desired or moment.in_service != first.in_service

    seconds = [
        second
        for run in runs
        for second, moment in enumerate(run.moments)
        if moment.waiting or (second < run.scenario.opens_s and stirs(moment, run.moments[0]))
    ]
    length = len(runs[0].moments)
    if not seconds:
        return 0, length
    return max(0, min(seconds) - 120), min(length, max(seconds) + 240)


def _tick_s(span: int) -> int:
    return next((tick for tick in (60, 120, 300, 600, 1800, 3600) if span / tick <= 20), 7200)


def _cycled(count: int) -> list[str]:
    return [COLOURS[i % len(COLOURS)] for i in range(count)]
