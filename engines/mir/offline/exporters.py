"""Exporters of a song map: CSV tables, Audacity labels, Sonic Visualiser layers, and .lab chord annotations."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import quoteattr

from engines.mir.offline.song_map import SongMap

Cell = str | float | int
Label = tuple[float, float, str]
"""Start and end in seconds, and the text; an instant has both the same."""


def format_text_files(song: SongMap) -> dict[str, str]:
    """Every text file of ``song`` by its suffix, such as ``beats.csv``."""
    labels = {"beats": list_beat_labels(song), "chords": list_chord_labels(song), "keys": list_key_labels(song)}
    files = {f"{kind}.csv": _format_csv(*table) for kind, table in _build_tables(song).items()}
    files |= {f"{kind}.txt": format_audacity(found) for kind, found in labels.items()}
    files |= {f"{kind}.svl": format_sonic_visualiser(found, song.rate_hz, kind) for kind, found in labels.items()}
    files["chords.lab"] = "".join(f"{span.start_s:.6f}\t{span.end_s:.6f}\t{span.harte}\n" for span in song.chords)
    return files


def list_beat_labels(song: SongMap) -> list[Label]:
    return [(beat.time_s, beat.time_s, str(beat.number)) for beat in song.beats]


def list_chord_labels(song: SongMap) -> list[Label]:
    return [(span.start_s, span.end_s, span.label) for span in song.chords]


def list_key_labels(song: SongMap) -> list[Label]:
    return [(span.start_s, span.end_s, span.label) for span in song.keys]


def _build_tables(song: SongMap) -> dict[str, tuple[Sequence[str], Iterable[Sequence[Cell]]]]:
    """Heading and rows by kind; kinds that only some engines report are included if there are any."""
    tables: dict[str, tuple[Sequence[str], Iterable[Sequence[Cell]]]] = {
        "beats": (
            ("time_s", "number", "bar_beats", "confidence"),
            [(beat.time_s, beat.number, beat.bar_beats, beat.confidence) for beat in song.beats],
        ),
        "tempo": (
            ("time_s", "bpm", "confidence"),
            [(point.time_s, point.bpm, point.confidence) for point in song.tempo],
        ),
        "chords": (
            ("start_s", "end_s", "label", "harte", "confidence"),
            [(span.start_s, span.end_s, span.label, span.harte, span.confidence) for span in song.chords],
        ),
        "keys": (
            ("start_s", "end_s", "label", "confidence"),
            [(span.start_s, span.end_s, span.label, span.confidence) for span in song.keys],
        ),
    }
    if song.notes:
        tables["notes"] = (
            ("start_s", "end_s", "pitch", "velocity", "confidence", "voice"),
            [(note.start_s, note.end_s, note.pitch, note.velocity, note.confidence, note.voice) for note in song.notes],
        )
    for kind, rows in song.events.items():
        heading = list(rows[0]) if rows else ["time_s"]
        tables[kind] = (heading, [[_format_cell(row[name]) for name in heading] for row in rows])
    return tables


def _format_cell(value: float | list[int]) -> Cell:
    return " ".join(str(number) for number in value) if isinstance(value, list) else value


def _format_csv(heading: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(rows)
    return text.getvalue()


def format_audacity(labels: Iterable[Label]) -> str:
    """A label track for File > Import > Labels: start, end and text, separated by tabs."""
    return "".join(f"{start:.6f}\t{end:.6f}\t{text}\n" for start, end, text in labels)


def format_sonic_visualiser(labels: Sequence[Label], rate_hz: int, name: str) -> str:
    """An annotation layer (.svl): time instants if all labels are instants, else regions.

    A layer is XML: a sparse model of one dimension (frames) or of three (frame, value, duration), its points, and its
    display. It is written at the song's rate, so it fits the song wherever that is opened.
    """
    regions = any(end > start for start, end, _ in labels)
    dimensions = 3 if regions else 1
    starts = [round(start * rate_hz) for start, _, _ in labels]
    ends = [round(end * rate_hz) for _, end, _ in labels]
    kind = 'subtype="region" units="" ' if regions else ""
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            "<!DOCTYPE sonic-visualiser>",
            "<sv>",
            "  <data>",
            f'    <model id="1" name={quoteattr(name)} sampleRate="{rate_hz}" start="{min(starts, default=0)}" '
            f'end="{max(ends, default=0)}" type="sparse" dimensions="{dimensions}" resolution="1" '
            f'notifyOnAdd="true" dataset="2" {kind}/>',
            f'    <dataset id="2" dimensions="{dimensions}">',
            *_format_points(labels, starts, ends, regions),
            "    </dataset>",
            "  </data>",
            "  <display>",
            f'    <layer id="3" type="{"regions" if regions else "timeinstants"}" name={quoteattr(name)} model="1" />',
            "  </display>",
            "</sv>",
            "",
        ]
    )


def _format_points(labels: Sequence[Label], starts: Sequence[int], ends: Sequence[int], regions: bool) -> Iterator[str]:
    values = {text: number for number, text in enumerate(dict.fromkeys(text for _, _, text in labels))}
    for (_, _, text), start, end in zip(labels, starts, ends, strict=True):
        region = f'value="{values[text]}" duration="{end - start}" ' if regions else ""
        yield f'      <point frame="{start}" {region}label={quoteattr(text)} />'
