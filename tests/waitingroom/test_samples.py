"""The samples of a room's last half hour."""

from dataclasses import replace
from typing import Any

from tests.waitingroom.line import NOON, Line
from waitingroom import admission, scripts
from waitingroom.keys import keys_of
from waitingroom.redis import client, run_now
from waitingroom.samples import Sample, read, written
from waitingroom.timing import MAX_SAMPLES, SAMPLES_KEPT_MS

NONE = Sample(0, 0, 0, 0, 0, 1000, 0, 0, 0, 0.0, 0, 2.0, 0.0)


def at(at_s: float, **counted: float) -> Sample:
    return replace(NONE, at_s=at_s, **counted)  # type: ignore[arg-type]


def test_a_sample_is_read_as_it_was_written_and_another_releases_is_none():
    sample = at(12.5, waiting=3, oldest_wait_s=1.25, arrived=10_000_000)

    assert read(f"12500,{written(sample)}".encode()) == sample
    assert read(b"12500,1,2,3") is None


def test_half_an_hour_is_kept_and_never_more_than_that(line: Line):
    for i in range(MAX_SAMPLES + 50):
        run_now([scripts.SAMPLE.call(line.slug, written(at(0, waiting=i)), NOON + i * 1_000_000)])
    kept = admission.samples(line.slug)
    assert len(kept) == MAX_SAMPLES
    assert kept[-1].waiting == MAX_SAMPLES + 49

    later = NOON + 1000 * SAMPLES_KEPT_MS + MAX_SAMPLES * 1_000_000 + 60_000_000
    run_now([scripts.SAMPLE.call(line.slug, written(at(0, waiting=1)), later)])

    assert [sample.waiting for sample in admission.samples(line.slug)] == [1]
    left_ms: Any = client().pttl(keys_of(line.slug).curve)
    assert 0 < left_ms <= SAMPLES_KEPT_MS
