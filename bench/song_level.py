"""Loudness of the band beside songs: ``python -m bench.song_level SONG ... [--style NAME] [--seconds S]``.

``sideman accompany SONG --audio`` plays to the first seconds of each song. Prints a Markdown table: integrated loudness
(ITU-R BS.1770) of the song and of the band's mix, their difference, and the mix's true peak. A song without a beat or a
chord has no row. Takes half of the songs' length.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import soundfile

from bridge.errors import ConfigError
from engines.accompaniment.style_lookup import SHIPPED_STYLES
from engines.backing.accompany_command import accompany
from engines.backing.band_level import measure_file
from engines.synth.stems import MIX

SECONDS = 90.0
HEAD = "| song | song, LUFS | band, LUFS | difference, LU | true peak, dBTP |\n|---|---:|---:|---:|---:|\n"


def compare_level(song: Path, style: str, seconds: float, folder: Path) -> str:
    """A row of the table for the first ``seconds`` of ``song``; its files go to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    with soundfile.SoundFile(song) as file:
        rate, audio = file.samplerate, file.read(int(seconds * file.samplerate), dtype="float32")
    excerpt = folder / f"{song.stem}.wav"
    soundfile.write(excerpt, audio, rate, "FLOAT")
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        status = accompany(str(excerpt), out=folder / "band", style=style, audio=True)
    if status:
        raise SystemExit(status)
    before, after = measure_file(excerpt), measure_file(folder / "band" / f"{MIX}.wav")
    if before.integrated_lufs is None or after.integrated_lufs is None:
        return f"| {song.stem} | – | – | – | – |"
    return (
        f"| {song.stem} | {before.integrated_lufs:.1f} | {after.integrated_lufs:.1f} | "
        f"{after.integrated_lufs - before.integrated_lufs:+.1f} | {after.true_peak_dbtp:.1f} |"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("songs", type=Path, nargs="+", help="audio files")
    parser.add_argument("--style", default="pop", choices=SHIPPED_STYLES, help="style of the band; pop by default")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each song")
    options = parser.parse_args(arguments)
    sys.stdout.write(HEAD)
    for song in options.songs:
        with tempfile.TemporaryDirectory() as scratch:
            try:
                row = compare_level(song, options.style, options.seconds, Path(scratch))
            except ConfigError as error:
                sys.stderr.write(f"{song.stem}: {error}\n")
                continue
            sys.stdout.write(row + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
