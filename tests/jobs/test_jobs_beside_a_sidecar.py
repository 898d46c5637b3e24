"""Jobs of a whole sidecar, by OSC: its end, its death, and that the audio is the same beside them."""

from __future__ import annotations

from pathlib import Path

from bridge.core.audio import STEMS
from bridge.jobs.job_store import JobRecord, JobStore
from bridge.osc.client import OscClient
from tests.conftest import StartOfflineSidecar
from tests.offline_sidecar import NO_ENGINES, OfflineSidecar, write_song
from tests.processes import alive, children
from tests.waiting import HANG_S, until

STATE, DETAIL = 3, 10
ALWAYS = "[jobs]\npause_when_late = false\n"
"""On a busy machine the jobs of a sidecar would wait."""
QUIET, SEPARATING = NO_ENGINES + ALWAYS, NO_ENGINES.replace('separation = ""', 'separation = "separation.dsp"') + ALWAYS
LONG_S = 20.0
"""A song that takes longer than what a test does meanwhile."""


def get_job(client: OscClient) -> tuple[object, ...]:
    """The row of the only job."""
    replies = client.gather("/get", "/jobs", done="/get/done", timeout_s=HANG_S)
    (row,) = (args for address, args in replies if address == "/jobs")
    return tuple(row)


def start_separation(client: OscClient, song: Path, out: Path) -> None:
    rows = client.call("/jobs/start", "separate", str(song), "--out", str(out), "--profile", "dsp", timeout_s=HANG_S)
    assert rows == [(1,)]


def until_working(client: OscClient) -> None:
    until("the job separates", lambda: "separating" in str(get_job(client)[DETAIL]))


def find_commands(sidecar: OfflineSidecar) -> set[int]:
    """The commands of its jobs."""
    found = children(sidecar.process.pid)
    return {pid for pid in found if b"separate" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")}


def has_stems(out: Path, song: Path) -> bool:
    return all((out / song.stem / f"{stem}.wav").is_file() for stem in STEMS)


def test_a_job_goes_on_after_the_sidecar_has_ended(offline_sidecar: StartOfflineSidecar, tmp_path: Path) -> None:
    song, out = write_song(tmp_path / "long.wav", LONG_S), tmp_path / "stems"
    with offline_sidecar(settings=QUIET) as sidecar, sidecar.open_client() as client:
        start_separation(client, song, out)
        until_working(client)
        commands = find_commands(sidecar)
        assert len(commands) == 1
        assert sidecar.stop() == 0
        assert not any(map(alive, commands))
    assert not has_stems(out, song)
    with offline_sidecar(settings=QUIET) as sidecar, sidecar.open_client() as client:
        until("the job is done", lambda: get_job(client)[STATE] == "done")
    assert has_stems(out, song)


def test_a_job_goes_on_after_the_sidecar_was_killed(offline_sidecar: StartOfflineSidecar, tmp_path: Path) -> None:
    song, out = write_song(tmp_path / "long.wav", LONG_S), tmp_path / "stems"
    with offline_sidecar(settings=QUIET) as sidecar, sidecar.open_client() as client:
        start_separation(client, song, out)
        until_working(client)
        commands = find_commands(sidecar)
        sidecar.process.kill()
        sidecar.wait()
        until("its command ends too", lambda: not any(map(alive, commands)))
    with offline_sidecar(settings=QUIET) as sidecar, sidecar.open_client() as client:
        until("the job is done", lambda: get_job(client)[STATE] == "done")
    assert has_stems(out, song)


def test_a_paused_job_of_a_killed_sidecar_is_paused_in_the_next(
    offline_sidecar: StartOfflineSidecar, tmp_path: Path
) -> None:
    song, out = write_song(tmp_path / "long.wav", LONG_S), tmp_path / "stems"
    with offline_sidecar(settings=QUIET) as sidecar, sidecar.open_client() as client:
        start_separation(client, song, out)
        until_working(client)
        commands = find_commands(sidecar)
        client.call("/jobs/pause", "1", timeout_s=HANG_S)
        sidecar.process.kill()
        sidecar.wait()
    with offline_sidecar(settings=QUIET) as sidecar, sidecar.open_client() as client:
        until("its command ends too", lambda: not any(map(alive, commands)))
        assert get_job(client)[STATE] == "paused"
        client.call("/jobs/resume", "1", timeout_s=HANG_S)
        until_working(client)
        client.call("/jobs/cancel", "1", timeout_s=HANG_S)
        until("no command runs", lambda: not find_commands(sidecar))
        client.call("/jobs/remove", "1", timeout_s=HANG_S)
        assert client.gather("/get", "/jobs", done="/get/done", timeout_s=HANG_S)[-1][1] == ("/jobs", 0)


def test_the_audio_is_the_same_to_the_bit_beside_a_job(offline_sidecar: StartOfflineSidecar, tmp_path: Path) -> None:
    played, song = write_song(tmp_path / "song.wav", 3.0), write_song(tmp_path / "long.wav", LONG_S)
    store = JobStore(tmp_path / "config" / "state" / "jobs")
    for name in ("alone", "beside"):
        if name == "beside":
            assert store.lock()
            arguments = (str(song), "--out", str(tmp_path / "stems"), "--profile", "dsp")
            store.save(JobRecord(schema=1, number=1, kind="separate", arguments=arguments, state="waits"))
            store.unlock()
        options = ("--out", str(tmp_path / name), "--tempo", "120")
        with offline_sidecar(played, "virtual", options, SEPARATING) as sidecar:
            assert sidecar.wait() == 0, sidecar.output
        assert store.get_log_path(1).exists() == (name == "beside")  # a command was started
    for path in (*STEMS, "mix"):
        alone, beside = ((tmp_path / name / f"{path}.wav").read_bytes() for name in ("alone", "beside"))
        assert alone == beside, path
