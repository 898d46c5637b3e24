"""Cost of a short overlap in SDR: ``python -m bench.stft_overlap FOLDER [SECONDS]``.

FOLDER holds SONG__STEM files, as ``ev3-lithium__drums.ogg``, of the four stems. Masks that are ideal on the grid (each
stem's share of the powers) go through the live kernel, so that the kernel is measured, not a network. One row a kernel:
its hop, its overlap (the delay that it declares) and the SDR in dB of each stem, the songs' mean. Takes some minutes a
song.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import soundfile

from bridge.core.arrays import Float32Array, Float64Array
from bridge.core.audio import STEMS, Audio
from engines.separation.frequency_grid import WINDOW, compute_spreading
from engines.separation.stft import StemStft

GRIDS = (
    *((512, overlap) for overlap in (256, 128, 64)),
    *((256, overlap) for overlap in (256, 128, 64, 32)),
    *((128, overlap) for overlap in (128, 64, 32, 16)),
)
"""Hop and overlap."""
AGED = ((256, 128), (128, 128), (128, 64))
"""Hop and overlap with the masks of the hop before, which leaves a network another hop of time."""
ENDS = (1.0, 0.5, 0.2)
"""Without overlap: the analysis window's value at its end."""
FALL = 128
"""Frames over which it falls to that."""
FROM_S = 30.0
FLOOR = 1e-12


def read_songs(folder: Path, seconds: float) -> Iterator[tuple[str, int, Audio]]:
    """Name, rate and stems (4, 2, frames) of each song that has all four."""
    for first in sorted(folder.glob(f"*__{STEMS[0]}.*")):
        song = first.name.split("__")[0]
        paths = [first.with_name(first.name.replace(f"__{STEMS[0]}", f"__{stem}")) for stem in STEMS]
        if not all(path.is_file() for path in paths):
            continue
        rate = soundfile.info(first).samplerate
        read = [
            soundfile.read(path, round(seconds * rate), round(FROM_S * rate), dtype="float32", always_2d=True)[0]
            for path in paths
        ]
        yield song, rate, np.stack([wave.T if wave.shape[1] == 2 else np.repeat(wave, 2, axis=1).T for wave in read])


def compute_ideal_masks(analyses: list[StemStft], stems: Audio) -> Float32Array:
    """The masks (1, 1, 4, 2, points) for this hop of the stems, shape (4, 2, hop); one analysis a stem."""
    for analysis, stem in zip(analyses, stems, strict=True):
        analysis.analyse(stem)
    power = np.stack([analysis.power[0, 0, :2] for analysis in analyses]) + np.float32(FLOOR)
    shares: Float32Array = power / power.sum(axis=0)
    return shares[None, None]


def separate_overlapped(stems: Audio, rate: int, hop: int, overlap: int, age: int = 0) -> Audio:
    """The stems as the live kernel gives them, aligned, shape (4, 2, frames); masks are ``age`` hops old."""
    kernel, analyses = StemStft(rate, hop, overlap), [StemStft(rate, hop, overlap) for _ in STEMS]
    mix, given = stems.sum(axis=0), np.zeros_like(stems)
    waiting = [kernel.masks.copy() for _ in range(age)]
    for first in range(0, stems.shape[2] - hop + 1, hop):
        waiting.append(compute_ideal_masks(analyses, stems[:, :, first : first + hop]))
        kernel.masks[:] = waiting.pop(0)
        kernel.analyse(mix[:, first : first + hop])
        kernel.synthesise()
        given[:, :, first : first + hop] = kernel.stems
    return given[:, :, overlap:]


def separate_crossfaded(stems: Audio, rate: int, hop: int, end: float) -> Audio:
    """The stems without any delay: the old masks fade to the new ones over a hop, both on the newest window.

    Masks are computed through the window of `separate_overlapped`, which falls to zero; the window of the signal to
    filter falls to ``end`` only, so that its last frames can be restored.
    """
    rise = np.sin(np.pi / 2 * (np.arange(WINDOW - FALL) + 0.5) / (WINDOW - FALL))
    angle = np.arccos(end) * (np.arange(FALL) + 0.5) / FALL
    window = np.concatenate([rise, np.cos(angle)]).astype(np.float32)
    back = 1.0 / window[-hop:]
    fade = (np.arange(hop, dtype=np.float32) + 0.5) / hop
    lower, upper = compute_spreading(rate)
    analyses = [StemStft(rate, hop, hop // 2) for _ in STEMS]
    mix, given = stems.sum(axis=0), np.zeros_like(stems)
    frames_in = np.zeros((2, WINDOW), np.float32)
    old = np.full((4, 2, len(lower)), 0.25, np.float32)
    for first in range(0, stems.shape[2] - hop + 1, hop):
        points = compute_ideal_masks(analyses, stems[:, :, first : first + hop])[0, 0]
        new = points[..., lower] * (1 - upper) + points[..., lower + 1] * upper
        frames_in = np.concatenate([frames_in[:, hop:], mix[:, first : first + hop]], axis=1)
        left, right = np.fft.rfft(frames_in * window)
        sides = np.stack([(left + right) / 2, (left - right) / 2])
        mid, side = np.moveaxis(np.fft.irfft(np.stack([old, new]) * sides, WINDOW)[..., -hop:], 2, 0) * back
        mid, side = (wave[0] + fade * (wave[1] - wave[0]) for wave in (mid, side))
        given[:, 0, first : first + hop], given[:, 1, first : first + hop] = mid + side, mid - side
        old = new
    return given


def compute_sdr_db(given: Audio, stems: Audio) -> Float64Array:
    """The SDR of each stem over all its frames, in dB; NaN of one that is silent."""
    wanted = stems[:, :, : given.shape[2]].astype(np.float64)
    wrong = ((wanted - given) ** 2).sum(axis=(1, 2))
    right = (wanted**2).sum(axis=(1, 2))
    return np.asarray(10 * np.log10(np.where(right > 0, right, np.nan) / (wrong + FLOOR)))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("seconds", type=float, nargs="?", default=60.0, help="of each song")
    options = parser.parse_args(arguments)
    folder, seconds = options.folder, options.seconds
    found = list(islice(read_songs(folder, seconds), 8))
    if not found:
        sys.stdout.write(f"skipped: {folder} has no song with files SONG__STEM of {', '.join(STEMS)}\n")
        return
    sys.stdout.write(f"{', '.join(song for song, _, _ in found)}, {seconds:.0f} s each from {FROM_S:.0f} s on\n")
    row = "{:<28}" + "{:>8}" * 5 + "\n"
    sys.stdout.write(row.format("hop overlap", *STEMS, "mean"))

    def say(name: str, each: list[Float64Array]) -> None:
        mean = np.nanmean(each, axis=0)
        sys.stdout.write(row.format(name, *(f"{value:.2f}" for value in (*mean, mean.mean()))))
        sys.stdout.flush()

    for hop, overlap in GRIDS:
        say(f"{hop} {overlap}", [compute_sdr_db(separate_overlapped(s, rate, hop, overlap), s) for _, rate, s in found])
    for hop, overlap in AGED:
        say(
            f"{hop} {overlap}, masks a hop old",
            [compute_sdr_db(separate_overlapped(s, rate, hop, overlap, 1), s) for _, rate, s in found],
        )
    for end in ENDS:
        say(
            f"128 none, window to {end}",
            [compute_sdr_db(separate_crossfaded(s, rate, 128, end), s) for _, rate, s in found],
        )


if __name__ == "__main__":
    main()
