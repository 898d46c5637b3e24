"""STEM file unpacking: ``python -m research.separation.evaluation.unpack_stems SONG.stem.mp4 --out SONGS``.

A STEM file is an MP4 with five stereo audio tracks: the mix, then drums, bass, other and vocals (MUSDB18's order,
Rafii et al. 2017). The wheel stempeg 0.2.6 carries one, six seconds long.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import av
import numpy as np
import soundfile
from cyclopts import App, Parameter

from bridge.core.arrays import Float32Array
from bridge.errors import ConfigError
from bridge.printing import Printer, exit_after

TRACKS = ("mixture", "drums", "bass", "other", "vocals")
SUFFIX = ".stem.mp4"

app = App(name="python -m research.separation.evaluation.unpack_stems", help_format="plaintext", version_flags=[])


@app.default
def unpack(
    file: Annotated[Path, Parameter(help="A STEM file, .stem.mp4.")],
    /,
    *,
    out: Annotated[Path, Parameter(help="Folder of songs; the song gets a folder in it.")],
) -> None:
    """Write the stems of a STEM file as WAV, for --folder of the evaluation.

    Raises: ConfigError where the file is missing or has no five tracks.
    """
    folder = out / file.name.removesuffix(SUFFIX)
    stems = read_stems(file)
    folder.mkdir(parents=True, exist_ok=True)
    for name, (audio, rate) in stems.items():
        soundfile.write(folder / f"{name}.wav", audio.T, rate, subtype="FLOAT")
    Printer().say(f"wrote {', '.join(stems)} to {folder}")


def read_stems(file: Path) -> dict[str, tuple[Float32Array, int]]:
    """The stems of ``file`` without its mix: audio, shape (2, frames), and its rate in Hz, of each."""
    try:
        with av.open(str(file)) as container:
            count = len(container.streams.audio)
        if count != len(TRACKS):
            raise ConfigError(f"{file}: {count} audio tracks, not {len(TRACKS)}", f"give a STEM file, {SUFFIX}")
        return {name: _read_track(file, i) for i, name in enumerate(TRACKS) if name != "mixture"}
    except (OSError, av.FFmpegError) as error:
        raise ConfigError(f"{file}: cannot be read ({error})", f"give a STEM file, {SUFFIX}") from error


def _read_track(file: Path, index: int) -> tuple[Float32Array, int]:
    with av.open(str(file)) as container:
        stream = container.streams.audio[index]
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=stream.rate)
        frames = [out for frame in container.decode(stream) for out in resampler.resample(frame)]
        frames += resampler.resample(None)
        audio = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
        return np.asarray(audio, np.float32), stream.rate


if __name__ == "__main__":
    exit_after(app, "unpack")
