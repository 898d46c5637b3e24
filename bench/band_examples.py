"""Four examples of the band: ``python -m bench.band_examples [--out FOLDER] [--picture FILE.png]``.

``sideman accompany --audio`` plays a song with intro, verse, chorus and ending in four styles. Prints a Markdown table:
integrated loudness, side against mid and energy below 120 Hz of the mix in dB, the drums in LU above the loudest other
part, the share of unisons, and the standard deviation of each part's timing in ms. ``--picture`` draws piano rolls.
Takes two minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.band_mix import compare_drums, measure_mix, read_stereo
from bench.mma_comparison import format_number, measure_timing, measure_unison, read_parts
from bench.piano_rolls import draw
from bench.styles import perform
from engines.accompaniment.parts import CHORD_PARTS, PARTS
from engines.accompaniment.style_lookup import load_named
from engines.backing.accompany_command import FILE
from engines.synth.stems import MIX

EXAMPLES: Mapping[str, str] = {
    "pop": "[intro]\n| C | G |\n[verse]\n| Am | F | C | G |\n[chorus]\n| F | G | Am | C/E | F | G | C | C |",
    "rock": "[intro]\n| E | E |\n[verse]\n| E | A | E | B |\n[chorus]\n| A | B | C#m | A | E | B | E | E |",
    "jazz": "[intro]\n| Dm7 | G7 |\n[verse]\n| Dm7 | G7 | Cmaj7 | A7 |\n"
    "[chorus]\n| Fmaj7 | Fm7 | Em7 | A7 | Dm7 | G7 | Cmaj7 | Cmaj7 |",
    "funk": "[intro]\n| Em7 | Em7 |\n[verse]\n| Em7 | A7 | Em7 | A7 |\n"
    "[chorus]\n| Cmaj7 | B7 | Em7 | Em7 | Cmaj7 | B7 | Em7 | Em7 |",
}
"""Charts by style."""


def measure_example(style: str, folder: Path) -> str:
    """The row of the table for the files of ``style`` in ``folder``."""
    parts = read_parts(folder / FILE)
    mix = measure_mix(*read_stereo(folder / f"{MIX}.wav"))
    drums = compare_drums({name: measure_mix(*read_stereo(folder / f"{name}.wav")).lufs for name in parts})
    beat_ms = 60_000 / load_named(style).tempo
    unison = measure_unison([parts[name] for name in CHORD_PARTS if name in parts])
    cells = [
        format_number(mix.lufs, 1), format_number(mix.side_mid_db, 1), format_number(mix.low_db, 1),
        format_number(drums, 1), format_number(unison),
        *(format_number(measure_timing(parts[name]) * beat_ms if name in parts else None, 0) for name in PARTS),
    ]  # fmt: skip
    return f"| {style} | {' | '.join(cells)} |"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="keep the files here")
    parser.add_argument("--picture", type=Path, help="draw piano rolls as PNG")
    options = parser.parse_args(arguments)
    heads = ("style", "LUFS", "side/mid", "<120 Hz", "drums, LU", "unison", *(f"{name}, ms" for name in PARTS))
    sys.stdout.write(f"| {' | '.join(heads)} |\n|---|{'---:|' * (len(heads) - 1)}\n")
    with tempfile.TemporaryDirectory() as scratch:
        played = []
        for style, chart in EXAMPLES.items():
            folder = (options.out or Path(scratch)) / style
            played.append(perform(style, folder, chart=chart))
            sys.stdout.write(measure_example(style, folder) + "\n")
            sys.stdout.flush()
        if options.picture:
            draw(played, options.picture)


if __name__ == "__main__":
    main()
