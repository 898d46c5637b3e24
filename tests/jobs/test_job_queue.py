"""Jobs in their order: what runs, waits, stands still, ends and goes on, with processes whose end the test decides."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from bridge.errors import ControlError
from bridge.jobs.job_process import GRACE_S
from bridge.jobs.late_watch import QUIET_S
from bridge.settings import JobSettings
from tests.jobs.conftest import MakeRig
from tests.jobs.rig import JobRig
from tests.processes import alive
from tests.waiting import until


def let_go(song: Path) -> None:
    Path(f"{song}.go").touch()


def get_child(song: Path) -> int:
    """The process that a command has started: by then it waits for nothing but its time."""
    path = Path(f"{song}.child")
    until("the command's own child", lambda: path.exists() and path.read_text() != "")
    return int(path.read_text())


def count_runs(song: Path) -> int:
    """How often a command has begun with a song."""
    return len(Path(f"{song}.runs").read_text())


def start(rig: JobRig, folder: Path, *names: str, kind: str = "separate") -> int:
    return rig.start(kind, *(str(folder / name) for name in names), "--out", str(folder / "out"))


def get_process(rig: JobRig) -> psutil.Process:
    """The one command that runs."""
    (process,) = [one for one in psutil.Process().children() if "scripted_command" in " ".join(one.cmdline())]
    return process


def test_a_job_runs_and_is_done(rig: JobRig, tmp_path: Path) -> None:
    number = start(rig, tmp_path, "a.wav", "b.wav")
    assert rig.get(number)["state"] == "waits"
    row = rig.until(number, "done")
    assert (row["kind"], row["what"], row["folder"]) == ("separate", "a.wav and 1 more → out", str(tmp_path / "out"))
    assert (row["share"], row["done"], row["of"], row["left_s"], row["detail"]) == (1.0, 2, 2, -1.0, "")
    assert rig.get_files(number) == {}


def test_a_running_job_shows_its_songs(rig: JobRig, tmp_path: Path) -> None:
    number = start(rig, tmp_path, "a.wav", "hang.wav", "c.wav")
    rig.until_working(number)
    rig.wait("the second song", lambda: rig.get(number)["done"] == 1)
    row = rig.get(number)
    assert (row["state"], row["done"], row["of"], row["detail"]) == ("runs", 1, 3, "hang.wav: separating")
    assert row["share"] == pytest.approx((1 + 0.25 * 0.95) / 3, abs=1e-3)
    files = rig.get_files(number)
    assert files["a.wav"] == ("done", 1.0, "")
    assert files["hang.wav"] == ("runs", 0.2375, "separating")
    assert files["c.wav"] == ("waits", 0.0, "")


def test_one_job_runs_at_a_time_in_their_order(rig: JobRig, tmp_path: Path) -> None:
    first, second = start(rig, tmp_path, "hang.wav"), start(rig, tmp_path, "b.wav")
    rig.until_working(first)
    assert (rig.get(second)["state"], rig.get(second)["detail"]) == ("waits", "its turn")
    let_go(tmp_path / "hang.wav")
    rig.until(first, "done")
    rig.until(second, "done")


def test_two_jobs_run_at_a_time_where_the_settings_say_so(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = make_rig(JobSettings(parallel=2))
    (tmp_path / "x").mkdir()
    first, second = start(rig, tmp_path, "hang.wav"), start(rig, tmp_path / "x", "hang.wav")
    rig.until_working(first)
    rig.until_working(second)


def test_a_command_has_a_low_priority_and_a_group_of_its_own(rig: JobRig, tmp_path: Path) -> None:
    rig.until_working(start(rig, tmp_path, "hang.wav"))
    process = get_process(rig)
    assert process.nice() == 10
    assert Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[2] == str(process.pid)


def test_a_paused_job_stands_still_and_lets_the_next_one_run(rig: JobRig, tmp_path: Path) -> None:
    first, second = start(rig, tmp_path, "hang.wav"), start(rig, tmp_path, "b.wav")
    rig.until_working(first)
    get_child(tmp_path / "hang.wav")
    process = get_process(rig)
    rig.call("pause", first)
    until("it stands still", lambda: process.status() == psutil.STATUS_STOPPED)
    rig.until(second, "done")
    assert rig.get(first)["state"] == "paused"
    rig.call("resume", first)
    let_go(tmp_path / "hang.wav")
    rig.until(first, "done")


def test_a_job_that_waits_is_paused_and_resumed(rig: JobRig, tmp_path: Path) -> None:
    first, second = start(rig, tmp_path, "hang.wav"), start(rig, tmp_path, "b.wav")
    rig.until_working(first)
    rig.call("pause", second)
    let_go(tmp_path / "hang.wav")
    rig.until(first, "done")
    rig.update()
    assert rig.get(second)["state"] == "paused"
    rig.call("resume", second)
    rig.until(second, "done")


def test_an_older_job_that_is_resumed_does_not_stop_the_one_that_runs(rig: JobRig, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    first, second = start(rig, tmp_path, "hang.wav"), start(rig, tmp_path / "x", "hang.wav")
    rig.until_working(first)
    rig.call("pause", first)
    rig.until_working(second)
    rig.call("resume", first)
    rig.update()
    assert (rig.get(first)["state"], rig.get(second)["state"]) == ("waits", "runs")
    let_go(tmp_path / "x" / "hang.wav")
    rig.until(second, "done")
    rig.until(first, "runs")


def test_a_cancelled_job_ends_with_all_that_it_started(rig: JobRig, tmp_path: Path) -> None:
    number = start(rig, tmp_path, "a.wav", "hang.wav")
    rig.until_working(number)
    child = get_child(tmp_path / "hang.wav")
    rig.call("cancel", number)
    assert rig.get(number)["state"] == "cancelled"
    rig.wait("the end of its child", lambda: not alive(child))
    assert rig.get(number)["done"] == 1
    rig.wait("its songs are shown no more", lambda: rig.get_files(number) == {})


def test_a_paused_job_is_cancelled(rig: JobRig, tmp_path: Path) -> None:
    number = start(rig, tmp_path, "hang.wav")
    rig.until_working(number)
    process = get_process(rig)
    rig.call("pause", number)
    rig.call("cancel", number)
    rig.wait("its end", lambda: not process.is_running())


def test_a_command_that_does_not_end_is_killed(rig: JobRig, tmp_path: Path) -> None:
    number = start(rig, tmp_path, "deaf.wav")
    rig.until_working(number)
    get_child(tmp_path / "deaf.wav")
    process = get_process(rig)
    rig.call("cancel", number)
    rig.update()
    assert process.is_running()
    rig.ahead_s = GRACE_S + 1.0
    rig.wait("its end", lambda: not process.is_running())
    assert rig.get(number)["state"] == "cancelled"


def test_a_retried_job_does_not_do_again_what_is_done(rig: JobRig, tmp_path: Path) -> None:
    number = start(rig, tmp_path, "a.wav", "hang.wav")
    rig.until_working(number)
    rig.wait("the first song", lambda: rig.get(number)["done"] == 1)
    rig.call("cancel", number)
    let_go(tmp_path / "hang.wav")
    rig.call("retry", number)
    row = rig.until(number, "done")
    assert (row["done"], row["of"]) == (2, 2)
    assert [count_runs(tmp_path / name) for name in ("a.wav", "hang.wav")] == [1, 2]


def test_a_job_that_is_done_is_done_again_as_a_whole(rig: JobRig, tmp_path: Path) -> None:
    number = start(rig, tmp_path, "a.wav")
    rig.until(number, "done")
    rig.call("retry", number)
    assert (rig.get(number)["state"], rig.get(number)["share"]) == ("waits", 0.0)
    rig.until(number, "done")
    assert count_runs(tmp_path / "a.wav") == 2


def test_a_song_that_fails_is_named_and_the_others_are_done(rig: JobRig, tmp_path: Path) -> None:
    number = start(rig, tmp_path, "a.wav", "wrong.wav", "c.wav")
    row = rig.until(number, "failed")
    assert row["detail"] == f"{tmp_path}/wrong.wav: no such codec; convert it (1 of 3 songs failed)"
    assert row["done"] == 2
    assert rig.get_files(number)["wrong.wav"][0] == "failed"
    assert rig.get_files(number)["c.wav"][0] == "done"


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("crash.wav", "SIGKILL ended the command; retry continues it"),
        ("refuse.wav", "--profile x: no such profile; give another"),
        ("mute.wav", "the command ended with status 3; its log has more"),
    ],
)
def test_a_command_that_fails_says_why(rig: JobRig, tmp_path: Path, name: str, detail: str) -> None:
    number = start(rig, tmp_path, name)
    assert rig.until(number, "failed")["detail"] == detail
    assert rig.get_files(number)[name][::2] == ("failed", detail)


def test_what_a_command_has_started_ends_with_it(rig: JobRig, tmp_path: Path) -> None:
    rig.until(start(rig, tmp_path, "crash.wav"), "failed")
    child = get_child(tmp_path / "crash.wav")
    until("the end of its child", lambda: not alive(child))


def test_what_is_no_event_is_ignored(rig: JobRig, tmp_path: Path) -> None:
    number = start(rig, tmp_path, "noise.wav")
    assert rig.until(number, "done")["done"] == 1
    assert ("a library says",) in rig.call("log", number)


def test_jobs_wait_while_callbacks_come_late(rig: JobRig, tmp_path: Path) -> None:
    counters = dict.fromkeys(rig.bus.registry.get_reading("counters").fields, 0)
    number = start(rig, tmp_path, "hang.wav")
    rig.bus.publish("counters", *counters.values())
    rig.until_working(number)
    get_child(tmp_path / "hang.wav")
    process = get_process(rig)
    rig.bus.publish("counters", *(counters | {"skipped": 1}).values())
    rig.update()
    assert rig.get(number)["state"] == "waits"
    assert rig.get(number)["detail"] == "callbacks come late: it goes on by itself"
    until("it stands still", lambda: process.status() == psutil.STATUS_STOPPED)
    rig.ahead_s = QUIET_S + 1.0
    let_go(tmp_path / "hang.wav")
    rig.until(number, "done")


def test_jobs_go_on_where_the_settings_do_not_let_them_wait(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = make_rig(JobSettings(pause_when_late=False))
    counters = dict.fromkeys(rig.bus.registry.get_reading("counters").fields, 0)
    number = start(rig, tmp_path, "hang.wav")
    rig.bus.publish("counters", *counters.values())
    rig.until_working(number)
    rig.bus.publish("counters", *(counters | {"late_frames": 64}).values())
    rig.update()
    assert rig.get(number)["state"] == "runs"


def test_a_job_that_has_ended_is_removed_with_its_rows(rig: JobRig, tmp_path: Path, home: Path) -> None:
    number = start(rig, tmp_path, "wrong.wav")
    rig.until(number, "failed")
    rig.call("remove", number)
    assert rig.get(number) == {}
    assert rig.get_files(number) == {}
    assert [path.name for path in (home / "state" / "jobs").iterdir()] == ["lock"]


def test_a_job_whose_command_still_ends_is_removed_at_once_and_the_next_one_waits(
    rig: JobRig, tmp_path: Path, home: Path
) -> None:
    number, second = start(rig, tmp_path, "deaf.wav"), start(rig, tmp_path, "b.wav")
    rig.until_working(number)
    get_child(tmp_path / "deaf.wav")
    process = get_process(rig)
    rig.call("cancel", number)
    rig.call("remove", number)
    assert rig.get(number) == {}
    rig.update()
    assert rig.get(second)["state"] == "waits"
    rig.ahead_s = GRACE_S + 1.0
    rig.until(second, "done")
    assert not process.is_running()
    assert not (home / "state" / "jobs" / f"{number}.json").exists()


@pytest.mark.parametrize(
    ("action", "state", "message", "hint"),
    [
        ("remove", "runs", "job 1 runs", "pause or cancel it"),
        ("retry", "runs", "job 1 runs", "pause or cancel it"),
        ("resume", "runs", "job 1 runs", "pause or cancel it"),
        ("cancel", "done", "job 1 is done", "retry runs it again"),
        ("pause", "done", "job 1 is done", "retry runs it again"),
        ("resume", "done", "job 1 is done", "retry runs it again"),
        ("pause", "paused", "job 1 is paused", "resume or cancel it"),
    ],
)
def test_an_action_that_makes_no_sense_is_refused(
    rig: JobRig, tmp_path: Path, action: str, state: str, message: str, hint: str
) -> None:
    number = start(rig, tmp_path, "a.wav" if state == "done" else "hang.wav")
    if state == "done":
        rig.until(number, "done")
    else:
        rig.until_working(number)
    if state == "paused":
        rig.call("pause", number)
    with pytest.raises(ControlError, match=message) as caught:
        rig.call(action, number)
    assert caught.value.hint == hint


@pytest.mark.parametrize("number", ["", "x", "-1", "1.0", "٣", "9" * 40, "7"])
def test_a_job_that_is_not_there_is_refused(rig: JobRig, number: str) -> None:
    with pytest.raises(ControlError):
        rig.bus.trigger("jobs.cancel", number)
