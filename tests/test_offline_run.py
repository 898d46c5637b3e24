"""``sideman run --offline``: a whole sidecar as a process of its own, on a song and without JACK."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.core.audio import STEMS, Audio
from bridge.core.latency import AUDIO_PATHS
from bridge.errors import DriverError
from bridge.osc.client import OscClient
from tests.conftest import StartOfflineSidecar
from tests.offline_sidecar import NO_ENGINES, RATE, OfflineSidecar, start_process, write_song
from tests.runtime.toys import FAILS
from tests.test_cli import without_libjack
from tests.waiting import HANG_S, until

ROOT = Path(__file__).parents[1]


def read(path: Path) -> Audio:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == RATE
    return np.asarray(samples.T)


def get(client: OscClient, address: str) -> list[tuple[object, ...]]:
    """The rows of a reading."""
    replies = client.gather("/get", address, done="/get/done", timeout_s=HANG_S)
    return [tuple(args) for name, args in replies if name == address]


def run(folder: Path, song: Path, *arguments: str, settings: str = NO_ENGINES) -> tuple[int, str]:
    """Run to the end; returns exit status and output."""
    process, log = start_process(folder, song, ("--port", "0", *arguments), settings)
    return process.wait(HANG_S), log.read_text()


def test_it_says_where_it_listens_and_publishes_what_a_live_one_does(offline_sidecar: StartOfflineSidecar) -> None:
    with offline_sidecar() as sidecar, sidecar.open_client() as client:
        assert f"sideman offline: song.flac, 44,100 Hz, period 128; OSC on 127.0.0.1:{sidecar.port}" in sidecar.output
        for reading in ("counters", "health", "latency", "meters", "worker.time", "callback.time", "mir.beat"):
            address = "/" + reading.replace(".", "/")
            until(reading, lambda address=address: bool(get(client, address)))  # type: ignore[misc]
        assert {state for _, state in get(client, "/health")} == {"running"}
        assert {path for path, *_ in get(client, "/latency")} >= set(AUDIO_PATHS)
        client.send("/stems/drums/mute", 1)
        assert get(client, "/stems/drums/mute") == [(1,)]


def test_panic_with_dry_makes_the_mix_dry_until_it_is_switched_off(offline_sidecar: StartOfflineSidecar) -> None:
    with offline_sidecar(settings=NO_ENGINES) as sidecar, sidecar.open_client() as client:
        client.send("/stems/other/gain_db", -60)

        def mix_db() -> float:
            """Peak of the mix, once there is one."""
            return next((float(str(row[1])) for row in get(client, "/meters") if row[0] == "mix"), 1.0)

        until("a silent mix", lambda: mix_db() == -120.0)
        client.send("/transport/panic", "dry")
        until("the dry mix", lambda: -60.0 < mix_db() <= 0.0)
        assert get(client, "/stems/dry") == [(1,)]
        client.send("/transport/panic")  # a press leaves it as it is
        assert get(client, "/stems/dry") == [(1,)]
        client.send("/stems/dry", 0)
        until("a silent mix again", lambda: mix_db() == -120.0)
        assert client.gather("/call", "7", "/transport/panic", "loud", done="/failed")[-1][1][:2] == (
            "7",
            "/transport/panic",
        )


def test_two_virtual_runs_give_the_same_bytes_with_a_client_and_without_one(
    offline_sidecar: StartOfflineSidecar, tmp_path: Path
) -> None:
    song = write_song(tmp_path / "song.flac", 2.0)
    for name in ("alone", "watched"):
        with offline_sidecar(song, "virtual", ("--out", str(tmp_path / name), "--tempo", "120")) as sidecar:
            if name == "watched":
                watch(sidecar)
            assert sidecar.wait() == 0, sidecar.output
    for path in AUDIO_PATHS:
        alone, watched = ((tmp_path / name / f"{path}.wav").read_bytes() for name in ("alone", "watched"))
        assert alone == watched, path
        assert np.abs(read(tmp_path / "alone" / f"{path}.wav")).max() > 0.01, path


def watch(sidecar: OfflineSidecar) -> None:
    """Subscribe to all readings, and ask for all of them until the sidecar ends."""

    def ask() -> None:
        with suppress(DriverError), sidecar.open_client() as client:  # it ends meanwhile
            client.send("/subscribe", "/", 30.0)
            while sidecar.process.poll() is None:
                client.send("/get", "/counters")
                for _ in client.read_messages(0.01):
                    pass

    threading.Thread(target=ask, daemon=True).start()


def test_the_mix_is_the_song_by_the_declared_latency_later(tmp_path: Path) -> None:
    song = write_song(tmp_path / "song.flac", 1.0)
    status, output = run(tmp_path, song, "--clock", "virtual", "--out", str(tmp_path / "out"))
    assert status == 0, output
    sent, mix = read(song), read(tmp_path / "out" / "mix.wav")
    assert mix.shape[1] >= sent.shape[1]
    np.testing.assert_array_equal(mix[:, : sent.shape[1]], sent)
    assert not mix[:, sent.shape[1] :].any()
    stems = sum(read(tmp_path / "out" / f"{stem}.wav") for stem in STEMS)
    np.testing.assert_array_equal(stems, mix)


def test_an_own_rate_and_period(tmp_path: Path) -> None:
    song = write_song(tmp_path / "song.flac", 1.0)
    out = tmp_path / "out"
    status, output = run(tmp_path, song, "--clock", "virtual", "--rate", "48000", "--period", "100", "--out", str(out))
    assert status == 0, output
    assert "48,000 Hz, period 100" in output
    said = f"written to {out}: drums.wav, bass.wav, vocals.wav, other.wav, mix.wav, band.wav; no frame was late"
    assert said in " ".join(output.split())
    assert soundfile.info(out / "mix.wav").samplerate == 48000
    assert 48000 <= soundfile.info(out / "mix.wav").frames <= 48200


def test_it_needs_no_libjack(tmp_path: Path) -> None:
    song = write_song(tmp_path / "song.flac", 0.5)
    config = tmp_path / "config"
    config.mkdir()
    arguments = ("run", "--offline", str(song), "--clock", "virtual", "--port", "0", "--out", str(tmp_path / "out"))
    done = without_libjack(arguments, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "mix.wav").exists()


def test_with_hold_silence_goes_on_behind_the_songs_end(offline_sidecar: StartOfflineSidecar, tmp_path: Path) -> None:
    song = write_song(tmp_path / "song.flac", 0.5)
    with offline_sidecar(song, "real", ("--hold",), NO_ENGINES) as sidecar, sidecar.open_client() as client:

        def cycles() -> int:
            rows = get(client, "/counters")
            return int(str(rows[0][2])) if rows else 0

        until("the song's end", lambda: cycles() > 1.5 * RATE / 128)
        before = cycles()
        until("silence going on", lambda: cycles() > before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--tempo", "1000"), "--tempo 1000"),
        (("--period", "9000"), "--period 9000"),
        (("--rate", "100"), "--rate 100"),
        (("--clock", "fast"), "virtual"),
        (("--server", "mine"), "--server and --client are for JACK"),
    ],
)
def test_an_option_out_of_range_is_refused(tmp_path: Path, arguments: Sequence[str], message: str) -> None:
    status, output = run(tmp_path, write_song(tmp_path / "song.flac", 0.1), *arguments)
    assert status != 0
    assert message in output
    assert "Traceback" not in output


@pytest.mark.parametrize(("content", "message"), [(None, "no such file"), (b"no audio", "cannot be read as audio")])
def test_a_song_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    song = tmp_path / "song.wav"
    if content is not None:
        song.write_bytes(content)
    status, output = run(tmp_path, song)
    assert status == 2
    assert message in " ".join(output.split())
    assert "song.wav" in output


def test_files_that_are_there_stay(tmp_path: Path) -> None:
    (tmp_path / "mix.wav").write_bytes(b"mine")
    status, output = run(tmp_path, write_song(tmp_path / "song.flac", 0.1), "--out", str(tmp_path))
    assert status == 2
    assert "is there already" in " ".join(output.split())
    assert (tmp_path / "mix.wav").read_bytes() == b"mine"
    assert not list(tmp_path.glob(".*.tmp"))


def test_an_engine_that_failed_is_named_and_the_exit_status_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "toys-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[sideman.engines]\ntoy.separation = tests.runtime.toys:InWorker\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(tmp_path)]))
    monkeypatch.setenv(FAILS, "once")
    song = write_song(tmp_path / "song.flac", 3.0)
    settings = NO_ENGINES.replace('separation = ""', 'separation = "toy.separation"')
    status, output = run(tmp_path, song, "--clock", "virtual", "--out", str(tmp_path / "out"), settings=settings)
    assert status == 1, output
    said = " ".join(output[output.index("! engine") :].split())
    assert re.fullmatch(
        r"! engine toy\.separation failed in 1 of [\d,]+ hops, first before 0:0[234]: the mix was played dry there; "
        "please report it with what is printed above",
        said,
    )
    assert (tmp_path / "out" / "mix.wav").exists()
