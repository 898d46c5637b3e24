"""Band from a chord sheet: MIDI for drums, bass, keys, pad and guitar, a track each.

.venv/bin/python examples/band_from_sheet.py FOLDER [STYLE]

The same function as `sideman accompany`; docs/accompany.md says how sheets are written.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mido import MidiFile

from engines.backing.accompany_command import accompany

SHEET = """
tempo: 92
key: G
[verse x2]
| Am7 D7 | Gmaj7 | Am7 D7 | G |
[chorus]
| C | D | G/B | Em7 |
"""


def main(folder: str, style: str = "jazz") -> None:
    """Write band.mid and print how many notes each track has."""
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    sheet = out / "sheet.txt"
    sheet.write_text(SHEET, encoding="utf-8")
    accompany(str(sheet), out=out, style=style, seed=1, count_in=True)
    for track in MidiFile(out / "band.mid").tracks:
        notes = sum(message.type == "note_on" and message.velocity > 0 for message in track)
        print(f"{track.name}: {notes} notes")


if __name__ == "__main__":
    main(*sys.argv[1:])
