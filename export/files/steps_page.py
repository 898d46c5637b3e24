"""Steps page: how a session gets into a DAW that has no open project format, as one HTML file without scripts or links.

It has the steps, and what the producer needs beside them: settings, tracks, sections and chords with bar and time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import median

from engines.offline.smf.writing import SIGNATURES
from export.session.bar_positions import find_bar_position
from export.session.session import Marker, Session

STEPS_FILE = "Steps.html"
STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
li { margin: .6rem 0; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .2rem 1rem .2rem 0; border-bottom: 1px solid #8886; }
td { overflow-wrap: anywhere; }
.note { border-left: .3rem solid #d9822b; padding-left: .8rem; }
"""


@dataclass(frozen=True, slots=True)
class DawSteps:
    """What a page says about one DAW. ``steps`` are HTML; all else is text.

    ``sources``: where the names of menus and the behaviour are from.
    """

    daw: str
    steps: Sequence[str]
    sources: Sequence[str]


def write_steps_page(session: Session, steps: DawSteps, folder: Path) -> None:
    """Write the page into ``folder`` as STEPS_FILE.

    Raises:
        OSError: The disk is full or refuses.
    """
    (folder / STEPS_FILE).write_bytes(make_steps_page(session, steps).encode("utf-8", "replace"))


def make_steps_page(session: Session, steps: DawSteps) -> str:
    """The page as HTML. The same session gives the same page."""
    title = escape(f"{session.name} in {steps.daw}")
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>",
            *_list_facts(session),
            f"<h2>Steps</h2>\n{_format_note(steps)}\n<ol>",
            *(f"<li>{step}</li>" for step in steps.steps),
            "</ol>",
            *_list_tracks(session),
            *(_list_markers("Time signatures", session, _name_metres(session)) if len(session.metres) > 1 else ()),
            *_list_markers("Sections", session, session.sections),
            *_list_markers("Chords", session, session.chords),
            "</body>\n</html>\n",
        ]
    )


def format_time(time_s: float) -> str:
    """Hours if there are any, minutes, seconds and milliseconds."""
    minutes, ms = divmod(round(time_s * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{start}:{ms // 1000:02}.{ms % 1000:03}"


def name_muted(session: Session) -> str:
    """The names of the tracks that are muted at first, as HTML."""
    return ", ".join(f"<b>{escape(track.name)}</b>" for track in session.audio if track.is_muted)


def _format_note(steps: DawSteps) -> str:
    sources = "; ".join(escape(source) for source in steps.sources)
    return f'<p class="note">Menu names are from: {sources}. These steps were not tried in {escape(steps.daw)}.</p>'


def _list_facts(session: Session) -> Iterator[str]:
    bits = f"{session.sample_format.bits}-bit{' float' if session.sample_format.is_float else ''}"
    metres = ", ".join(dict.fromkeys(metre.name for metre in _name_metres(session)))
    rows = [
        ("Sample rate", f"{session.rate} Hz"),
        ("Audio files", f"{bits} WAV. All begin at bar 1 (1.1.1)."),
        ("Length", format_time(session.frames / session.rate)),
        ("Tempo", _describe_tempo(session)),
        ("Time signature", metres),
    ]
    if session.keys:
        names = (SIGNATURES[key.is_minor][key.tonic] for key in session.keys)
        rows.append(("Key", ", ".join(dict.fromkeys(names))))
    yield from _list_table(("", ""), rows)


def _name_metres(session: Session) -> list[Marker]:
    return [Marker(metre.tick, f"{metre.numerator}/{metre.denominator}") for metre in session.metres]


def _describe_tempo(session: Session) -> str:
    tempi = [point.bpm for point in session.tempi]
    if len(tempi) == 1:
        return f"{tempi[0]:.2f} BPM"
    return f"{median(tempi):.1f} BPM, the median of {min(tempi):.2f} to {max(tempi):.2f} ({len(tempi) - 1} changes)"


def _list_tracks(session: Session) -> Iterator[str]:
    yield "<h2>Audio files</h2>"
    layouts = {1: "mono", 2: "stereo"}
    rows = [
        (
            track.file,
            track.name,
            layouts.get(track.sound.channels, f"{track.sound.channels} channels"),
            "muted" if track.is_muted else "on",
        )
        for track in session.audio
    ]
    yield from _list_table(("File", "Track", "Channels", "At first"), rows)
    if session.midi:
        yield "<h2>MIDI tracks</h2>"
        parts = [
            (track.name, "–" if track.program is None else f"{track.program + 1}", f"{track.channel + 1}")
            for track in session.midi
        ]
        yield from _list_table(("Track", "General MIDI program", "Channel"), parts)


def _list_markers(heading: str, session: Session, markers: Sequence[Marker]) -> Iterator[str]:
    if not markers:
        return
    yield f"<h2>{heading}</h2>"
    rows = [
        (
            str(find_bar_position(session.metres, marker.tick)),
            format_time(session.to_seconds(marker.tick)),
            marker.name,
        )
        for marker in markers
    ]
    yield from _list_table(("Bar", "Time", "Name"), rows)


def _list_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table of text. Where ``heads`` are empty, the first column is the heading of its row."""
    yield "<table>"
    if any(heads):
        yield "<tr>" + "".join(f"<th>{escape(head)}</th>" for head in heads) + "</tr>"
    for row in rows:
        first, *others = (escape(text) for text in row)
        head = f"<td>{first}</td>" if any(heads) else f"<th>{first}</th>"
        yield f"<tr>{head}" + "".join(f"<td>{text}</td>" for text in others) + "</tr>"
    yield "</table>"
