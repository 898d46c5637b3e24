"""Sample session: it has a value of every reading, so that a screen that lacks one is seen."""

from __future__ import annotations

from tests.tui.sample_session import make_sample

UNSAMPLED = frozenset({"accompaniment.withdrawn", "audio.device", "learn.candidate", "registry"})
"""Readings that are there only at moments that the sample does not show."""


def test_every_reading_has_a_value() -> None:
    session = make_sample().session
    empty = {
        name for name in session.registry.readings if not session.read_rows(name) and not session.read_events(name)
    }
    assert empty == UNSAMPLED


def test_the_same_call_gives_the_same_session() -> None:
    assert make_sample().session == make_sample().session
