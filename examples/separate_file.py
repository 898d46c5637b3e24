"""Separate a file: a song's stems as WAV files, in memory. `sideman separate` does more, and songs of any length.

.venv/bin/python examples/separate_file.py song.flac FOLDER [standard | low | ultra | dsp]
"""

from __future__ import annotations

import sys
from pathlib import Path

import soundfile

from bridge.audiofile import read_whole
from engines.separation.offline.profiles import choose_profile


def main(song: str, folder: str, profile: str = "standard") -> None:
    """Write drums.wav, bass.wav, vocals.wav and other.wav of ``song`` into ``folder``."""
    mix, rate = read_whole(Path(song))  # shape (2, frames), float32
    separator = choose_profile(profile).separator
    stems = separator.separate(mix, rate)  # shape (stems, 2, frames), aligned with the mix
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, stem in zip(separator.stems, stems, strict=True):
        path = Path(folder) / f"{name}.wav"
        soundfile.write(path, stem.T, rate, subtype="FLOAT")
        print(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
