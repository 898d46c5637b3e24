"""Job screen: the list, its keys, and the form of a new job."""

from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tui.keys import press, show, type_text
from tests.tui.rig import SessionRig
from tests.tui.sample_session import make_sample
from tui.core.registry import Action
from tui.models.job_form import complete_path, to_absolute
from tui.screens.jobs import JobScreen


@pytest.fixture
def rig() -> SessionRig:
    """The sample session, on the machine of the tests."""
    rig = make_sample()
    row = list(rig.session.read("sideman").values())
    row[4] = platform.node()
    rig.bus.publish("sideman", *row)
    return rig


def test_what_runs_is_on_top_with_its_files_and_the_reason_of_a_failure_is_whole(rig: SessionRig) -> None:
    screen = JobScreen()
    lines = show(screen, rig).splitlines()
    assert lines[1].endswith("2 run, 1 wait, 1 failed")
    assert lines[2].startswith(" ▌▸ separate  album/")
    assert "42 % 7 of 12   4:10 left" in lines[2]
    assert "2:14 of 5:37" in show(screen, rig)
    press(screen, rig, "down", "down", "down")
    assert "broken.mp3: no audio in it; is it whole?" in show(screen, rig)


def test_keys_act_on_the_selected_job_as_its_state_allows(rig: SessionRig) -> None:
    screen = JobScreen()
    press(screen, rig, "space", "r", "x")
    rig.bus.publish("jobs", "3", "separate", "album/", "paused", 0.42, 6, 12, -1.0, 0.0, "/music/stems", "")
    press(screen, rig, "up", "up", "down")
    assert "▌= separate" in show(screen, rig)
    press(screen, rig, "space", "down", "down", "r", "x", "space")
    assert rig.remote.calls == [
        ("jobs.pause", "3"),
        ("jobs.cancel", "3"),
        ("jobs.resume", "3"),
        ("jobs.retry", "1"),
        ("jobs.remove", "1"),
    ]
    assert ("job 3 has not ended yet", "warning") in rig.messages


def test_the_form_starts_a_job_with_absolute_paths_and_the_chosen_options(rig: SessionRig, tmp_path: Path) -> None:
    song = tmp_path / "a song ♫.wav"
    song.write_bytes(b"")
    screen = JobScreen()
    press(screen, rig, "n", "down", "enter")
    type_text(rig, str(song))
    assert f"{tmp_path.name}/stems\n" in show(screen, rig)
    press(screen, rig, "down", "right", "right", "down", "right", "right", "right", *["down"] * 4, "enter")
    assert rig.remote.calls == [
        ("jobs.start", "separate", str(song), "--out", f"{tmp_path}/stems", "--profile", "low", "--stems", "vocals")
    ]
    assert "New job" not in show(screen, rig)


def test_chords_are_no_path_and_a_switch_is_its_flag_alone(rig: SessionRig) -> None:
    screen = JobScreen()
    press(screen, rig, "n", "left", "left", "down", "enter")
    type_text(rig, "| Am7 D7 | Gmaj7 |")
    press(screen, rig, "enter")
    type_text(rig, "/tmp/band")
    press(screen, rig, "right", "down", "right", "down", "down", "down", "enter")
    first = rig.session.registry.controls["accompaniment.band.style"].choices[0]
    assert rig.remote.calls == [
        ("jobs.start", "accompany", "| Am7 D7 | Gmaj7 |", "--out", "/tmp/band", "--style", first, "--audio")
    ]


def test_a_render_has_a_chain_of_the_sidecar_and_a_loudness(rig: SessionRig, tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    song.touch()
    control = rig.session.registry.controls["inserts.mix.chain"]
    rig.session.registry.controls["inserts.mix.chain"] = replace(control, choices=("off", "mix-loud", "room"))
    screen = JobScreen()
    press(screen, rig, "n", "left", "down", "enter")
    type_text(rig, str(song))
    press(screen, rig, "down", "right", "right", "down", "right", "down", "down", "down", "enter")
    assert rig.remote.calls == [
        ("jobs.start", "render", str(song), "--out", f"{tmp_path}/rendered", "--chain", "room", "--target-lufs", "-14")
    ]


def test_a_folder_can_be_worked_on_by_all_cores(rig: SessionRig, tmp_path: Path) -> None:
    screen = JobScreen()
    press(screen, rig, "n", "down", "enter")
    type_text(rig, str(tmp_path))
    press(screen, rig, "down", "right", *["down"] * 4, "right", "down", "enter")
    out = f"{tmp_path.parent}/stems"
    assert rig.remote.calls == [
        ("jobs.start", "batch", "separate", str(tmp_path), "--out", out, "--profile", "standard")
    ]


def test_a_file_that_is_not_there_is_said_and_nothing_is_started(rig: SessionRig, tmp_path: Path) -> None:
    screen = JobScreen()
    press(screen, rig, "n", "down", "enter")
    type_text(rig, str(tmp_path / "no.wav"))
    press(screen, rig, *["down"] * 9, "enter")
    assert rig.remote.calls == []
    assert rig.messages[-1][0].endswith("no.wav: there is no such file or folder; tab completes names")


def test_files_of_another_machine_are_not_completed_nor_checked(rig: SessionRig) -> None:
    row = list(rig.session.read("sideman").values())
    row[4] = "elsewhere"
    rig.bus.publish("sideman", *row)
    screen = JobScreen()
    press(screen, rig, "n", "down", "enter")
    assert rig.context.view.field is not None
    assert rig.context.view.field.complete is None
    type_text(rig, "/no/such.wav")
    assert "Files are those of elsewhere" in show(screen, rig)
    press(screen, rig, *["down"] * 9, "enter")
    assert rig.remote.calls[-1][:3] == ("jobs.start", "separate", "/no/such.wav")


def test_an_error_leaves_the_form_open(rig: SessionRig, tmp_path: Path) -> None:
    rig.remote.errors["jobs.start"] = "the disk is full"
    screen = JobScreen()
    press(screen, rig, "n", "down", "enter")
    type_text(rig, str(tmp_path))
    press(screen, rig, *["down"] * 9, "enter")
    assert rig.messages[-1] == ("the disk is full", "error")
    assert "New job" in show(screen, rig)


def test_tab_completes_files_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("album", "alone"):
        (tmp_path / name).mkdir()
    (tmp_path / "all.wav").write_bytes(b"")
    (tmp_path / ".hidden").write_bytes(b"")
    assert complete_path(f"{tmp_path}/al") == [f"{tmp_path}/{one}" for one in ("album/", "all.wav", "alone/")]
    monkeypatch.chdir(tmp_path)
    assert complete_path("alb") == ["album/"]
    assert complete_path("") == ["album/", "all.wav", "alone/"]
    assert complete_path(".h") == [".hidden"]
    assert complete_path("no/such/") == []
    assert to_absolute("all.wav") == str(tmp_path / "all.wav")
    assert to_absolute("~nobody-here/x") == str(tmp_path / "~nobody-here/x")


def test_l_shows_the_log_of_the_job_and_what_it_printed(rig: SessionRig) -> None:
    screen = JobScreen()
    rig.session.registry.actions["jobs.log"] = Action("jobs.log", "", ("job",), result=("line",))
    rig.remote.results["jobs.log"] = [{"line": "05 So What.flac: 14 x real time"}]
    rig.bus.publish("log", 1_764_337_260_000, "info", "jobs", "job 3 (separate): 07 Blue in Green.flac is begun")
    rig.bus.publish("log", 1_764_337_260_000, "info", "jobs", "job 33: another")
    press(screen, rig, "l")
    show(screen, rig)
    shown = show(screen, rig)
    assert "07 Blue in Green.flac is begun" in shown
    assert "05 So What.flac: 14 x real time" in shown
    assert "another" not in shown
    assert rig.remote.calls == [("jobs.log", "3")]
    rig.context.now_s += 2.0
    show(screen, rig)
    assert len(rig.remote.calls) == 2


def test_a_job_that_was_started_is_selected(rig: SessionRig, tmp_path: Path) -> None:
    screen = JobScreen()
    rig.remote.results["jobs.start"] = [{"job": 6}]
    press(screen, rig, "n", "down", "enter")
    type_text(rig, str(tmp_path))
    press(screen, rig, *["down"] * 9, "enter")
    rig.bus.publish("jobs", 6, "separate", "new/", "waits", 0.0, 0, 1, -1.0, 0.0, "/x", "")
    assert "separate new/ ─" in show(screen, rig)


def test_jobs_that_have_ended_are_counted_as_such() -> None:
    rig, screen = SessionRig(), JobScreen()
    for number, state in enumerate(("done", "cancelled"), 1):
        rig.bus.publish("jobs", number, "separate", "x", state, 1.0, 1, 1, 0.0, 1.0, "/x", "")
    assert show(screen, rig).splitlines()[1].endswith("2 ended")


@pytest.mark.parametrize("key", ["n", "x", "r", "space"])
def test_no_key_acts_behind_the_form_or_empties_it(rig: SessionRig, key: str) -> None:
    screen = JobScreen()
    press(screen, rig, "n", "down", "enter")
    type_text(rig, "/songs/one.wav")
    press(screen, rig, key)
    assert rig.remote.calls == []
    assert "/songs/one.wav" in show(screen, rig)
    assert "Esc leaves it" in rig.messages[-1][0]
