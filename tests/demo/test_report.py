"""Demo report: problems, comparison of the music, rendering and file."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from bridge.core.latency import Ledger
from bridge.core.latency import Path as LedgerPath
from bridge.printing import Printer
from demo.demo_song import render_own_song
from demo.report import (
    CounterFigures,
    DemoReport,
    Music,
    PathRow,
    Playing,
    add_verdict,
    compare_music,
    list_paths,
    render_report,
    write_json,
)
from tests.demo.made_up import make_report

RATE = 44100
replace = msgspec.structs.replace


@pytest.fixture(scope="module")
def report() -> DemoReport:
    return make_report(render_own_song(22050, seconds=10.0))


def shown(report: DemoReport, width: int = 80) -> str:
    console = Printer(width=width, color_system=None)
    with console.capture() as captured:
        console.print(render_report(report))
    return captured.get()


def with_path(report: DemoReport, **changes: int) -> DemoReport:
    first, *rest = report.paths
    return add_verdict(replace(report, paths=(replace(first, **changes), *rest)))


def test_a_run_in_which_all_is_as_declared_is_ok(report: DemoReport) -> None:
    assert report.ok
    assert report.problems == ()


def test_a_single_frame_off_is_not_ok_and_is_said_in_frames_and_ms(report: DemoReport) -> None:
    off = with_path(report, measured=1409)
    assert not off.ok
    assert off.problems == ("drums: declares 1408 frames, measured 1409 (+0.05 ms)",)


def test_what_was_not_measured_is_not_ok(report: DemoReport) -> None:
    off = with_path(report, measured=-1)
    assert not off.ok
    assert off.problems == ("drums: declares 1408 frames, but nothing was measured",)


def test_no_path_at_all_is_not_ok(report: DemoReport) -> None:
    assert not add_verdict(replace(report, paths=())).ok


def test_late_frames_and_xruns_are_problems_that_leave_the_run_ok(report: DemoReport) -> None:
    late = add_verdict(
        replace(report, counters=CounterFigures(late_frames=2048, xruns=1)), ["no picture: matplotlib is missing"]
    )
    assert late.ok
    assert [p.split(";")[0] for p in late.problems] == [
        "late frames: 2,048",
        "xruns: 1",
        "no picture: matplotlib is missing",
    ]


def test_beats_are_compared_by_the_median_of_those_that_were_found() -> None:
    truth = Music(beats=(0, 10000, 20000, 30000))
    detected = Music(beats=(10, 10020, 25000, 30030))
    result = compare_music(detected, truth, RATE)
    assert (result.beats_found, result.beats_total, result.beat_offset_frames) == (3, 4, 20.0)


def test_no_beats_detected_gives_no_offset() -> None:
    assert compare_music(Music(), Music(beats=(0, 10000)), RATE).beat_offset_frames is None


def test_chords_count_by_root_and_must_be_there_on_the_beat() -> None:
    truth = Music(beats=(0, 20000, 40000, 60000), chords=((0, "Gm"), (40000, "Ebmaj7")), key="G minor")
    detected = Music(chords=((100, "G7"), (42000, "Eb")), key="Bb major")
    result = compare_music(detected, truth, RATE)
    assert (result.chords_right, result.chords_total) == (4, 4)
    assert not result.key_right
    late = compare_music(replace(detected, chords=((100, "G7"), (44000, "Eb"))), truth, RATE)
    assert late.chords_right == 3


def test_beats_before_the_first_detected_chord_are_wrong() -> None:
    truth = Music(beats=(0, 20000), chords=((0, "C"),))
    assert compare_music(Music(chords=((20000, "C"),)), truth, RATE).chords_right == 1
    assert compare_music(Music(chords=((0, "N"),)), truth, RATE).chords_right == 0


def test_the_rows_are_the_ledgers() -> None:
    ledger = Ledger(RATE, 128)
    ledger.declare(LedgerPath("mix", ("mix_1", "mix_2"), 512, 384, 512, user_offset=3, period=128))
    ledger.set_measured("mix", 1411)
    assert list_paths(ledger) == (
        PathRow(
            name="mix", ports=("mix_1", "mix_2"), declared=1411, measured=1411, model=512, buffering=384, reserve=512,
            user_offset=3, period=128,
        ),
    )  # fmt: skip


def test_the_json_says_its_schema_and_comes_back_the_same(report: DemoReport, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_json(report, path)
    assert json.loads(path.read_text())["schema"] == 1
    assert msgspec.json.decode(path.read_bytes(), type=DemoReport) == report
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


def test_the_table_fits_80_columns_and_names_every_path(report: DemoReport) -> None:
    lines = shown(report).splitlines()
    assert max(map(len, lines)) <= 80
    for row in report.paths:
        assert any(line.strip().startswith(row.name) and "exact" in line for line in lines), row.name
    assert "Declared = measured on every path." in lines
    assert [line.split()[0] for line in lines if line.startswith(("Callback", "Counters"))] == ["Callback", "Counters"]


def test_the_table_says_what_differs_and_why(report: DemoReport) -> None:
    text = shown(with_path(report, measured=1500))
    assert "differs" in text
    assert "! drums: declares 1408 frames, measured 1500 (+4.17 ms)" in text
    assert "Declared = measured" not in text


def test_the_table_says_how_far_ahead_the_player_decided(report: DemoReport) -> None:
    playing = Playing(
        beats=4, least_lookahead_beats=0.9, lookahead_beats=1.25,
        levels={"foreseen": 3, "held": 1, "drums": 0}, sources={"loop": 3, "habit": 1},
    )  # fmt: skip
    said = " ".join(shown(replace(report, playing=playing), width=200).split())
    assert "4 beats, decided 1.25 beats ahead in the median, 0.90 at least" in said
    assert "foreseen 3, held 1; chords from: loop 3, habit 1" in said
    assert "Played" not in shown(report)


def test_the_table_of_an_unknown_song_counts_what_was_detected(report: DemoReport) -> None:
    text = shown(replace(report, truth=None, checks=None))
    assert f"{len(report.detected.beats)} beats, {len(report.detected.chords)} chords, key G minor" in text
