"""Wild sessions: readings with many rows, long, wide and unprintable names, and numbers of any size, for any screen."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.tui.rig import SessionRig
from tui.core.registry import Reading, Value
from tui.core.session import Session

NAMES = st.sampled_from(
    [
        "",
        "x",
        "Vocals/audio_in 1",
        "stems.vocals.mute",
        "a:b",
        "name " * 40,
        "日本語の長い名前" * 20,
        "e\u0301" * 30,
        "\x1b[2J\n\t\x00",
        "🎹🎸",
        "LR" * 200,
        "made",
        "away",
        "runs",
        "failed",
        "audio",
        "midi",
        "in",
        "out",
        "user",
        "listening",
    ]
)
NUMBERS = st.sampled_from([0, 1, -1, 0.5, -120.0, 1e9, -1e9, 2**53, 1_764_337_260_000, 1e-9])
VALUES: st.SearchStrategy[Value] = st.one_of(NAMES, NUMBERS)
"""Any value in any field: another sidecar may send a word where this one sends a number."""


@st.composite
def draw_session(draw: st.DrawFn, prefixes: tuple[str, ...]) -> Session:
    """A session in which the readings with these prefixes hold anything, or are missing altogether."""
    rig = SessionRig()
    session = rig.session
    for name, reading in list(session.registry.readings.items()):
        if not name.startswith(prefixes):
            continue
        if draw(st.integers(0, 9)) == 0:
            del session.registry.readings[name]
            continue
        for _ in range(draw(st.integers(0, 5))):
            session.feed("/" + name.replace(".", "/"), draw_values(draw, reading), draw(st.sampled_from([0.0, 5.0])))
    return session


def draw_values(draw: st.DrawFn, reading: Reading) -> tuple[Value, ...]:
    """A publication of ``reading``, at times with fewer or more fields than it has."""
    count = len(reading.fields) + draw(st.sampled_from([0, 0, 0, -1, 2]))
    return tuple(draw(VALUES) for _ in range(max(count, 1)))
