"""The line below the ledger while the sidecar runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from bridge.status import format_status_line

FIELDS = ("late_frames", "skipped", "xruns", "restarts")


def format_line(counts: tuple[int, ...], connected: bool = True, width: int = 200, insert: str = "running") -> str:
    latest: dict[str, tuple[object, ...]] = {
        "mir.chord": (0, "Gbmaj7/Bb"), "mir.key": (0, "Gb minor"), "mir.beat": (0, 0, 4, 240.0), "counters": counts,
    }  # fmt: skip
    rows: dict[str, list[tuple[object, ...]]] = {
        "worker.time": [("separation", 1.0, 1.0, 12.34, 1.0, 0.1)],
        "health": [("mir", "running")],
    }
    rows["insert"] = [("drums", "glue", insert, 0, 512, 0, 0, 0, 0.1)]
    bus = SimpleNamespace(
        get_latest=latest.get,
        get_rows=rows.__getitem__,
        registry=SimpleNamespace(get_reading=lambda _: SimpleNamespace(fields=FIELDS)),
    )
    sidecar: Any = SimpleNamespace(bus=bus, is_connected=connected, audio_source="JACK server")
    return format_status_line(sidecar, width).plain


def test_the_longest_names_fit_in_80_columns_with_the_spinner() -> None:
    assert len(format_line((0, 0, 0, 0))) <= 78


def test_faults_are_shown() -> None:
    shown = format_line((5, 6, 7, 8), connected=False)
    for part in ("late 5", "skipped 6", "xruns 7", "restarts 8", "waiting for the JACK server"):
        assert part in shown


def test_at_80_columns_faults_come_before_figures_that_are_fine() -> None:
    assert "12.3 ms" in format_line((5, 6, 7, 8))
    shown = format_line((5123, 6000, 700, 80), connected=False, width=78)
    assert len(shown) <= 78
    assert "waiting for the JACK server" in shown
    assert "late 5,123" in shown
    for width in range(1, 140):
        assert len(format_line((5123, 0, 7, 8), connected=False, width=width)) <= width


def test_an_insert_that_does_not_play_is_shown() -> None:
    assert "insert" not in format_line((0, 0, 0, 0))
    assert "insert" not in format_line((0, 0, 0, 0), insert="bypassed")
    assert "insert drums died (SIGSEGV)" in format_line((0, 0, 0, 0), insert="died (SIGSEGV)")
    assert "a reason" not in format_line((0, 0, 0, 0), insert="refused: a reason that may be long")
