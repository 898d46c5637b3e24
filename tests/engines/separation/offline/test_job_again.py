"""A song as a job that was begun before: left alone when finished, gone on with when killed or stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import bridge
from bridge.core.audio import STEMS, Audio
from bridge.core.engine import State
from engines.offline.stemfile import FORMATS
from engines.separation.offline.journal import CHECKPOINT, Recipe
from engines.separation.offline.request import SeparationRequest
from tests.engines.separation.offline.separators import Late, noise
from tests.engines.separation.offline.songs import FRAMES, files_in, read, separate, song, wish


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
    assert (
        separate(path, out, SeparationRequest(Recipe("test", "late", "2", (), "wav24"), FORMATS["wav24"], STEMS)).status
        == "done"
    )
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
from engines.separation.offline.separation_job import separate_song
from engines.separation.offline.resampled_separator import ResampledSeparator
from tests.engines.separation.offline.separators import Late
from tests.engines.separation.offline.songs import wish

path, out, format_, rates, count = sys.argv[1:]
count = int(count)

def progress(*_):
    global count
    count -= 1
    if count == 0:
        os.kill(os.getpid(), signal.SIGKILL)

late = Late(rates=tuple(int(rate) for rate in rates.split()))
what = wish(format_, without=(("vocals",),))
separate_song(Path(path), Path(out), what, ResampledSeparator(late), progress, lambda: 0.0, checkpoint_s=0)
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


def stop_job(path: Path, out: Path, what: SeparationRequest | None = None) -> None:
    with pytest.raises(KeyboardInterrupt):
        separate(path, out, what, Stops())


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    path, out = song(tmp_path), tmp_path / "out"
    stop_job(path, out)
    outcome = separate(path, out)
    assert outcome.resumed_at == 3 * 65_536 - Late().lag
    separate(path, tmp_path / "undisturbed")
    assert files_in(out / "song") == files_in(tmp_path / "undisturbed" / "song")


def test_a_stopped_run_knows_how_loud_it_was_before(tmp_path: Path) -> None:
    sound = noise(FRAMES)
    sound[:, 1000:2000] *= 20.0
    path, out = song(tmp_path, sound), tmp_path / "out"
    stop_job(path, out)
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
    stop_job(path, out)
    disturb(path, out / "song")
    assert separate(path, out).resumed_at == 0
    separate(path, tmp_path / "undisturbed")
    assert files_in(out / "song") == files_in(tmp_path / "undisturbed" / "song")


def test_a_stopped_run_begins_anew_with_other_outputs_or_a_new_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = song(tmp_path), tmp_path / "out"
    stop_job(path, out)
    assert separate(path, out, wish(stems=("drums",))).resumed_at == 0
    assert list(files_in(out / "song")) == ["drums.wav"]
    stop_job(path, out)
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
