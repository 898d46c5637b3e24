"""A song as a job: whole results, left alone when finished, gone on with when killed."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

import bridge
from bridge.core.audio import STEMS, Audio
from bridge.core.engine import State
from bridge.errors import ConfigError, EngineError
from engines.separation.offline.files import FORMATS
from engines.separation.offline.job import separate_song
from engines.separation.offline.journal import CHECKPOINT, JOURNAL, Recipe
from engines.separation.offline.resampled import Resampled
from engines.separation.offline.wish import Outcome, Wish
from tests.engines.separation.offline.separators import RATE, Late, noise

FRAMES = 400_000


def song(folder: Path, sound: Audio | None = None, rate: int = RATE, name: str = "song.wav") -> Path:
    path = folder / name
    soundfile.write(path, (noise(FRAMES) if sound is None else sound).T, rate, subtype="FLOAT")
    return path


def wish(format_: str = "wav24", **more: object) -> Wish:
    recipe = Recipe("test", "late", "1", (), format_)
    return Wish(recipe, FORMATS[format_], **{"stems": STEMS, **more})  # type: ignore[arg-type]


def separate(path: Path, out: Path, what: Wish | None = None, separator: Late | None = None) -> Outcome:
    def told(pass_: str, done: int, total: int, rate: int) -> None:
        pass

    return separate_song(path, out, what or wish(), Resampled(separator or Late()), told, lambda: 0.0, checkpoint_s=0)


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if not path.name.startswith(".")}


def read(folder: Path, stem: str, suffix: str = ".wav") -> Audio:
    sound: Audio = soundfile.read(folder / f"{stem}{suffix}", dtype="float32", always_2d=True)[0].T
    return sound


def test_the_stems_are_written_beside_each_other_and_sum_to_the_mix(tmp_path: Path) -> None:
    outcome = separate(song(tmp_path), tmp_path / "out")
    folder = tmp_path / "out" / "song"
    assert (outcome.status, outcome.folder, outcome.frames) == ("done", folder, FRAMES)
    assert list(files_in(folder)) == ["bass.wav", "drums.wav", "other.wav", "vocals.wav"]
    assert not (folder / CHECKPOINT).exists()
    assert np.max(np.abs(sum(read(folder, stem) for stem in STEMS) - noise(FRAMES))) < 1e-6


@pytest.mark.parametrize("rate", [8000, 96_000, 192_000])
def test_at_any_rate_the_stems_have_the_song_s_rate_and_length_and_sum_to_it(tmp_path: Path, rate: int) -> None:
    sound = noise(rate * 2 + 1)
    separate(song(tmp_path, sound, rate), tmp_path / "out", wish("wav32f"), Late(rates=(44100,)))
    folder = tmp_path / "out" / "song"
    assert soundfile.info(folder / "drums.wav").samplerate == rate
    assert np.max(np.abs(sum(read(folder, stem) for stem in STEMS) - sound)) < 1e-6


def test_named_stems_alone_are_written_and_mixes_less_stems(tmp_path: Path) -> None:
    separate(
        song(tmp_path), tmp_path / "out", wish("wav32f", stems=("drums",), without=(("vocals",), ("drums", "bass")))
    )
    folder = tmp_path / "out" / "song"
    assert list(files_in(folder)) == ["drums.wav", "no_drums_bass.wav", "no_vocals.wav"]
    stems = Late().separate(noise(FRAMES), RATE)
    assert np.max(np.abs(read(folder, "no_vocals") - (noise(FRAMES) - stems[2]))) < 1e-6
    assert np.max(np.abs(read(folder, "no_drums_bass") - (stems[2] + stems[3]))) < 1e-6


def test_a_mono_song_gives_mono_stems(tmp_path: Path) -> None:
    sound = noise(FRAMES, channels=1)
    separate(song(tmp_path, sound), tmp_path / "out")
    folder = tmp_path / "out" / "song"
    assert soundfile.info(folder / "drums.wav").channels == 1
    assert np.max(np.abs(sum(read(folder, stem) for stem in STEMS) - sound)) < 1e-6


def test_a_stem_above_full_scale_lowers_all_by_one_factor_and_that_is_said(tmp_path: Path) -> None:
    sound = noise(FRAMES)
    outcome = separate(song(tmp_path, sound), tmp_path / "out", separator=Late(loud=8.0))
    folder = tmp_path / "out" / "song"
    peaks = [float(np.max(np.abs(read(folder, stem)))) for stem in STEMS]
    assert 0.9999 < max(peaks) < 1.0
    assert np.max(np.abs(sum(read(folder, stem) for stem in STEMS) - outcome.gain * sound)) < 1e-6
    assert f"lowered by {-20 * np.log10(outcome.gain):.1f} dB" in outcome.notes[0]


def test_float_files_keep_what_is_above_full_scale(tmp_path: Path) -> None:
    outcome = separate(song(tmp_path), tmp_path / "out", wish("wav32f"), Late(loud=8.0))
    assert outcome.gain == 1.0
    assert np.array_equal(read(tmp_path / "out" / "song", "vocals"), Late(loud=8.0).separate(noise(FRAMES), RATE)[2])


def test_a_stem_that_was_not_asked_for_decides_the_factor_too(tmp_path: Path) -> None:
    all_ = separate(song(tmp_path), tmp_path / "out", separator=Late(loud=8.0))
    one = separate(song(tmp_path), tmp_path / "other", wish(stems=("drums",)), Late(loud=8.0))
    assert one.gain == all_.gain < 1.0


def test_what_is_finished_is_left_alone_unless_forced(tmp_path: Path) -> None:
    path, out = song(tmp_path), tmp_path / "out"
    separate(path, out)
    (out / "song" / "drums.wav").write_bytes(b"mine")
    assert separate(path, out).status == "skipped"
    assert separate(path, out, wish(stems=("bass",))).status == "skipped"
    assert (out / "song" / "drums.wav").read_bytes() == b"mine"
    assert separate(path, out, wish(force=True)).status == "done"
    assert len(read(out / "song", "drums")[0]) == FRAMES


def test_a_finished_file_that_was_removed_is_made_again(tmp_path: Path) -> None:
    path, out = song(tmp_path), tmp_path / "out"
    separate(path, out)
    (out / "song" / "drums.wav").unlink()
    assert separate(path, out).status == "done"
    assert (out / "song" / "drums.wav").exists()


def test_another_recipe_or_another_take_is_separated_anew(tmp_path: Path) -> None:
    path, out = song(tmp_path), tmp_path / "out"
    separate(path, out)
    assert separate(path, out, Wish(Recipe("test", "late", "2", (), "wav24"), FORMATS["wav24"], STEMS)).status == "done"
    song(tmp_path, noise(FRAMES, seed=9))
    assert separate(path, out).status == "done"
    assert np.max(np.abs(read(out / "song", "drums") - 0.25 * noise(FRAMES, seed=9))) < 1e-6


def test_another_format_stands_beside_the_first(tmp_path: Path) -> None:
    path, out = song(tmp_path), tmp_path / "out"
    separate(path, out)
    separate(path, out, wish("flac24"))
    assert len(files_in(out / "song")) == 8
    assert separate(path, out).status == "skipped"
    assert separate(path, out, wish("flac24")).status == "skipped"


KILLED = """
import os, signal, sys
from pathlib import Path
from engines.separation.offline.job import separate_song
from engines.separation.offline.resampled import Resampled
from tests.engines.separation.offline.separators import Late
from tests.engines.separation.offline.test_job import wish

path, out, format_, rates, count = sys.argv[1:]
count = int(count)

def told(*_):
    global count
    count -= 1
    if count == 0:
        os.kill(os.getpid(), signal.SIGKILL)

late = Late(rates=tuple(int(rate) for rate in rates.split()))
what = wish(format_, without=(("vocals",),))
separate_song(Path(path), Path(out), what, Resampled(late), told, lambda: 0.0, checkpoint_s=0)
"""


@pytest.mark.parametrize(("format_", "rates"), [("wav16", ""), ("flac24", "48000")])
def test_a_run_that_is_killed_again_and_again_ends_with_the_bytes_of_an_undisturbed_one(
    tmp_path: Path, format_: str, rates: str
) -> None:
    path = song(tmp_path)
    late = Late(rates=tuple(int(rate) for rate in rates.split()))
    what = wish(format_, without=(("vocals",),))
    separate(path, tmp_path / "undisturbed", what, late)
    out = tmp_path / "out"
    for count in (4, 3, 12):  # twice while separating (7 blocks), once while writing (7 blocks a file)
        arguments = [str(path), str(out), format_, rates, str(count)]
        assert subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False).returncode == -signal.SIGKILL
        assert any(path.name.endswith(".part") for path in (out / "song").iterdir())
    outcome = separate(path, out, what, late)
    assert outcome.status == "done"
    assert files_in(out / "song") == files_in(tmp_path / "undisturbed" / "song")
    assert not (out / "song" / CHECKPOINT).exists()


class Stops(Late):
    """Is interrupted at a block, as by Ctrl-C."""

    blocks = 0

    def push(self, mix: Audio) -> Audio:
        self.blocks += 1
        if self.blocks == 4:
            raise KeyboardInterrupt
        return super().push(mix)


def stopped(path: Path, out: Path, what: Wish | None = None) -> None:
    with pytest.raises(KeyboardInterrupt):
        separate(path, out, what, Stops())


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    path, out = song(tmp_path), tmp_path / "out"
    stopped(path, out)
    outcome = separate(path, out)
    assert outcome.resumed_at == 3 * 65_536 - Late().lag
    separate(path, tmp_path / "undisturbed")
    assert files_in(out / "song") == files_in(tmp_path / "undisturbed" / "song")


def test_a_stopped_run_knows_how_loud_it_was_before(tmp_path: Path) -> None:
    sound = noise(FRAMES)
    sound[:, 1000:2000] *= 20.0
    path, out = song(tmp_path, sound), tmp_path / "out"
    stopped(path, out)
    assert separate(path, out).gain == separate(path, tmp_path / "undisturbed").gain < 1.0


@pytest.mark.parametrize(
    "disturb",
    [
        lambda path, folder: song(path.parent, noise(FRAMES, seed=2)),
        lambda path, folder: (folder / CHECKPOINT).write_bytes(b"PK\3\4 broken"),
        lambda path, folder: (folder / CHECKPOINT).unlink(),
        lambda path, folder: (folder / "bass.f32.part").unlink(),
        lambda path, folder: os.truncate(folder / "bass.f32.part", 1000),
    ],
    ids=["the song changed", "the checkpoint is broken", "it is gone", "a part is gone", "a part is short"],
)
def test_a_stopped_run_begins_anew_where_what_it_left_cannot_be_used(
    tmp_path: Path, disturb: Callable[[Path, Path], object]
) -> None:
    path, out = song(tmp_path), tmp_path / "out"
    stopped(path, out)
    disturb(path, out / "song")
    assert separate(path, out).resumed_at == 0
    separate(path, tmp_path / "undisturbed")
    assert files_in(out / "song") == files_in(tmp_path / "undisturbed" / "song")


def test_a_stopped_run_begins_anew_with_other_outputs_or_a_new_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = song(tmp_path), tmp_path / "out"
    stopped(path, out)
    assert separate(path, out, wish(stems=("drums",))).resumed_at == 0
    assert list(files_in(out / "song")) == ["drums.wav"]
    stopped(path, out)
    monkeypatch.setattr(bridge, "__version__", "99.0")
    assert separate(path, out).resumed_at == 0


def test_a_separator_that_cannot_tell_its_memory_is_run_anew(tmp_path: Path) -> None:
    class Secret(Stops):
        def state(self) -> State | None:
            return None

    path, out = song(tmp_path), tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        separate(path, out, None, Secret())
    assert separate(path, out).resumed_at == 0


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """No file can grow beyond this, as on a full disk (the error is EFBIG instead of ENOSPC)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("format_", ["wav24", "wav32f"])
def test_a_full_disk_is_said_and_once_mended_the_run_goes_on(tmp_path: Path, format_: str) -> None:
    path, out = song(tmp_path), tmp_path / "out"
    with room_for(2_000_000), pytest.raises(ConfigError, match="File too large") as raised:
        separate(path, out, wish(format_))
    assert "free space" in raised.value.hint
    outcome = separate(path, out, wish(format_))
    assert outcome.resumed_at > 0
    separate(path, tmp_path / "undisturbed", wish(format_))
    assert files_in(out / "song") == files_in(tmp_path / "undisturbed" / "song")


def test_a_disk_that_fills_while_writing_is_said_too(tmp_path: Path) -> None:
    path, out = song(tmp_path), tmp_path / "out"
    picture = FRAMES * 2 * 4 + 20  # the scratch fits, the file with its header does not
    with room_for(picture), pytest.raises(ConfigError, match=r"drums.wav.part: cannot be written"):
        separate(path, out, wish("wav32f"))
    assert separate(path, out, wish("wav32f")).status == "done"


def test_too_little_room_is_said_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1))
    with pytest.raises(ConfigError, match=r"0\.1 GB are needed while at work, 0\.0 GB are free"):
        separate(song(tmp_path), tmp_path / "out")


def test_a_song_that_cannot_be_decoded_to_its_end_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    soundfile.write(path, noise(FRAMES).T, RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ConfigError, match="cannot be read after"):
        separate(path, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_take_that_cannot_be_decoded_leaves_the_stems_of_the_one_before(tmp_path: Path) -> None:
    path, out = tmp_path / "song.flac", tmp_path / "out"
    soundfile.write(path, noise(FRAMES).T, RATE)
    separate(path, out)
    before = files_in(out / "song")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ConfigError, match="cannot be read after"):
        separate(path, out)
    assert files_in(out / "song") == before
    assert (out / "song" / JOURNAL).exists()


def test_numbers_that_are_none_from_a_separator_are_an_error(tmp_path: Path) -> None:
    class Broken(Late):
        def push(self, mix: Audio) -> Audio:
            return super().push(mix) * np.float32(np.nan)

    with pytest.raises(EngineError, match="late: gave samples that are no numbers"):
        separate(song(tmp_path), tmp_path / "out", separator=Broken())


def test_a_song_shorter_than_a_block_or_than_the_lag_comes_out_whole(tmp_path: Path) -> None:
    for frames in (1, 100, 65_536):
        sound = noise(frames)
        separate(song(tmp_path, sound, name=f"{frames}.wav"), tmp_path / "out", wish("wav32f"))
        stems = [read(tmp_path / "out" / str(frames), stem) for stem in STEMS]
        assert np.max(np.abs(sum(stems) - sound)) < 1e-6


def test_silence_gives_silence(tmp_path: Path) -> None:
    separate(song(tmp_path, np.zeros((2, 1000), np.float32)), tmp_path / "out", wish("wav16"))
    assert not any(read(tmp_path / "out" / "song", stem).any() for stem in STEMS)
