"""``sideman separate`` as a user types it."""

from __future__ import annotations

import json
import math
import os
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cyclopts import App

from bridge.core.audio import STEMS, Audio
from bridge.errors import BridgeError, ConfigError, EngineError
from engines.offline import progress
from engines.separation.offline import separate_command
from engines.separation.offline.profiles import ChosenProfile
from engines.separation.offline.resampled_separator import ResampledSeparator
from engines.separation.offline.separation_job import separate_song
from tests.engines.separation.offline.separators import RATE, Late, noise


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress comes by the clock: on a busy machine there would be some."""
    monkeypatch.setattr(progress, "LINE_S", float("inf"))


def separate(*words: object) -> int:
    """The command's exit status; the DSP profile unless words say another."""
    app = App(name="sideman", result_action="return_value")
    app.command(separate_command.separate)
    profile = () if "--profile" in words else ("--profile", "dsp")
    status: int = app(["separate", *map(str, words), *profile], exit_on_error=False)
    return status


def song(path: Path, seed: int = 1, frames: int = 8000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise(frames, seed).T, RATE, subtype="FLOAT")
    return path


def test_a_song_becomes_a_folder_of_stems_that_sum_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("engines.offline.progress.LINE_S", math.inf)  # however slow the machine is
    assert separate(song(tmp_path / "song.wav"), "--out", tmp_path / "out") == 0
    made = tmp_path / "out" / "song"
    stems = [soundfile.read(made / f"{stem}.wav", dtype="float32")[0].T for stem in STEMS]
    assert np.max(np.abs(np.sum(stems, axis=0) - noise(8000))) < 1e-6
    output = capsys.readouterr()
    assert "song.wav" in output.out
    assert "drums, bass, vocals, other" in " ".join(output.out.split())
    assert output.err == ""


def test_one_failing_song_does_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "album"
    song(folder / "a.wav")
    (folder / "b [live].wav").write_text("no song")
    song(folder / "c.wav")
    status = separate(folder, tmp_path / "missing.wav", "--out", tmp_path / "out", "--stems", "drums")
    assert status == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a", "c"]
    output = capsys.readouterr()
    assert "b [live].wav: cannot be read as audio" in output.err
    assert "missing.wav: no such file; give a WAV" in output.err
    assert output.out.count("failed:") == 2
    assert "b [live].wav" in output.out


def test_a_folder_without_songs_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert separate(tmp_path / "empty", "--out", tmp_path / "out") == 1
    assert "empty: a folder, with no song in it" in " ".join(capsys.readouterr().err.split())


def test_songs_of_one_name_do_not_meet(tmp_path: Path) -> None:
    songs = [song(tmp_path / "x" / "song.wav", 1), song(tmp_path / "y" / "song.wav", 2)]
    assert separate(*songs, "--out", tmp_path / "out", "--stems", "other", "--format", "wav32f") == 0
    made = [(tmp_path / "out" / name / "other.wav").read_bytes() for name in ("song", "song (2)")]
    assert made[0] != made[1]


def test_the_report_for_machines_is_json_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = song(tmp_path / "song.wav"), tmp_path / "out"
    words = (path, tmp_path / "missing.wav", "--out", out, "--stems", "vocals, drums", "--without", "vocals", "--json")
    assert separate(*words) == 1
    done, failed = json.loads(capsys.readouterr().out)
    assert done["status"] == "done"
    assert done["files"] == {name: str(out / "song" / f"{name}.wav") for name in ("drums", "vocals", "no_vocals")}
    assert (done["rate_hz"], done["length_frames"], done["gain_db"]) == (RATE, 8000, 0.0)
    assert set(done["peaks_db"]) == {"drums", "vocals", "no_vocals"}
    assert failed["status"] == "failed"
    assert failed["error"].endswith("missing.wav: no such file")
    assert failed["hint"]
    separate(path, "--out", out, "--stems", "vocals", "--json")
    assert json.loads(capsys.readouterr().out)[0]["status"] == "skipped"


def test_less_a_stem_alone_gives_that_mix_alone(tmp_path: Path) -> None:
    separate(song(tmp_path / "song.wav"), "--out", tmp_path / "out", "--without", "vocals", "--format", "flac16")
    assert [path.name for path in (tmp_path / "out" / "song").glob("[!.]*")] == ["no_vocals.flac"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--stems", "vocal"), "--stems vocal: no such stem; did you mean vocals?"),
        (("--stems", "kazoo"), "--stems kazoo: no such stem; there are: drums, bass, vocals, other"),
        (("--without", "voice,drums"), "--without voice: no such stem"),
        (("--without", "drums,bass,vocals,other"), "leaves nothing"),
        (("--without", ","), "leaves nothing"),
        (("--format", "mp3"), "--format mp3: no such format; there are: wav16, wav24"),
        (("--profile", "dps"), "--profile dps: no such profile; did you mean dsp?"),
        (("--model", "x"), "--model x: the profile dsp has its own; add --profile studio"),
        (("--steps", "consistancy"), "no step 'consistancy'; did you mean consistency?"),
    ],
)
def test_a_wrong_word_is_said_before_anything_is_made(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(BridgeError) as raised:
        separate(song(tmp_path / "song.wav"), "--out", tmp_path / "out", *words)
    assert said in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path: Path) -> None:
    path = song(tmp_path / "song.wav")
    with pytest.raises(ConfigError, match=r"--out .*: cannot be made \(File exists\)"):
        separate(path, "--out", path)


def test_steps_around_the_separator_are_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = song(tmp_path / "song.wav")
    separate(path, "--out", tmp_path / "out", "--steps", "consistency", "--stems", "drums", "--json")
    assert json.loads(capsys.readouterr().out)[0]["status"] == "done"
    separate(path, "--out", tmp_path / "out", "--stems", "drums", "--json")
    assert json.loads(capsys.readouterr().out)[0]["status"] == "done"  # another recipe: not skipped


def test_ctrl_c_says_that_the_same_command_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Stops(Late):
        blocks = 0

        def push(self, mix: Audio) -> Audio:
            self.blocks += 1
            if self.blocks == 3:
                signal.raise_signal(signal.SIGINT)
            return super().push(mix)

    stops = Stops()
    monkeypatch.setattr(separate_command, "choose_profile", lambda *_: ChosenProfile(ResampledSeparator(stops), "1"))
    path = song(tmp_path / "song.wav", frames=400_000)
    monkeypatch.setattr(separate_command, "separate_song", partial(separate_song, checkpoint_s=0.0))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    try:
        assert separate(path, "--out", tmp_path / "out") == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert "give the same command again to continue" in capsys.readouterr().err
    assert separate(path, "--out", tmp_path / "out") == 0
    output = capsys.readouterr()
    assert "song.wav: continues at 0:0" in output.err


def test_a_song_with_something_odd_is_separated_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, noise(1000, channels=8).T, RATE)
    assert separate(path, "--out", tmp_path / "out") == 0
    assert "song.wav: has 8 channels; the first two were used" in capsys.readouterr().err


def test_without_an_engine_for_the_profile_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("engines.separation.engine_profiles.find_engine", lambda _name: None)
    with pytest.raises(EngineError, match=r"the profile ultra has no engine: 'separation.ultra' is not registered"):
        separate(song(tmp_path / "song.wav"), "--out", tmp_path / "out", "--profile", "ultra")


def test_a_name_that_is_no_utf_8_is_separated_shown_and_known_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = song(tmp_path / "coffee.wav").rename(tmp_path / os.fsdecode(b"caf\xe9.wav"))
    broken = tmp_path / os.fsdecode(b"bro\xe9.wav")
    broken.write_bytes(b"")
    words = (path, broken, "--out", tmp_path / "out", "--stems", "drums")
    assert separate(*words) == 1
    output = capsys.readouterr()
    assert "caf\\xe9.wav" in output.out
    assert "bro\\xe9.wav: is empty" in output.err
    separate(*words, "--json")
    assert json.loads(capsys.readouterr().out)[0]["status"] == "skipped"
