"""A noise as a song, separated into a folder, and what lies there afterwards."""

from __future__ import annotations

from pathlib import Path

import soundfile

from bridge.core.audio import STEMS, Audio
from engines.offline.stemfile import FORMATS
from engines.separation.offline.journal import Recipe
from engines.separation.offline.request import SeparationRequest, SeparationResult
from engines.separation.offline.resampled_separator import ResampledSeparator
from engines.separation.offline.separation_job import separate_song
from tests.engines.separation.offline.separators import RATE, Late, noise

FRAMES = 400_000


def song(folder: Path, sound: Audio | None = None, rate: int = RATE, name: str = "song.wav") -> Path:
    path = folder / name
    soundfile.write(path, (noise(FRAMES) if sound is None else sound).T, rate, subtype="FLOAT")
    return path


def wish(format_: str = "wav24", **more: object) -> SeparationRequest:
    recipe = Recipe("test", "late", "1", (), format_)
    return SeparationRequest(recipe, FORMATS[format_], **{"stems": STEMS, **more})  # type: ignore[arg-type]


def separate(
    path: Path, out: Path, what: SeparationRequest | None = None, separator: Late | None = None
) -> SeparationResult:
    def progress(pass_: str, done: int, total: int, rate: int) -> None:
        pass

    return separate_song(
        path, out, what or wish(), ResampledSeparator(separator or Late()), progress, lambda: 0.0, checkpoint_s=0
    )


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if not path.name.startswith(".")}


def read(folder: Path, stem: str, suffix: str = ".wav") -> Audio:
    sound: Audio = soundfile.read(folder / f"{stem}{suffix}", dtype="float32", always_2d=True)[0].T
    return sound
