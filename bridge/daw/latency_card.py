"""Latency card: the latency compensation settings for each DAW, from the ledger.

Only plain JACK was tested, and that Ardour 7.3 records the returns in place. The cards for the DAWs are marked
untried: the settings of Live and Logic are from their manuals, and the names of the fields in Reaper, Ardour and
Bitwig may differ from version to version.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bridge.core.audio import CHANNELS
from bridge.core.control import address_of
from bridge.core.latency import LOOP_SENDS, NO_SENDS, PATH_SENDS, UNMEASURED, Ledger, Path
from bridge.printing import Printer, columns


@dataclass(frozen=True, slots=True)
class Figure:
    """One delay that ``paths`` share, in frames at ``rate``.

    ``declared``: as in the port latency ranges. ``extra``: the JACK period that a send and return through one graph
    always adds, and that is in no range.
    """

    paths: tuple[str, ...]
    declared: int
    extra: int
    rate: int

    @property
    def round_trip(self) -> int:
        """What a DAW's insert needs, and the result of its ping."""
        return self.declared + self.extra


@dataclass(frozen=True, slots=True)
class Card:
    """Instructions for one DAW. ``automatic``: no number needs typing. ``tried``: tested, not only from a manual.

    ``where``: the device and the field. ``figures``: the numbers for it, none where the DAW reads them itself.
    ``sends``: the value of ``latency.jack.sends`` that it needs, one of
    `bridge.core.latency.SENDS`; empty where it reads no port latencies.
    """

    daw: str
    where: str
    steps: tuple[str, ...]
    figures: tuple[Figure, ...]
    automatic: bool = False
    tried: bool = False
    sends: str = ""


def collect_figures(ledger: Ledger) -> tuple[Figure, ...]:
    """Collect the delays of the audio paths, grouped by delay.

    MIDI paths are left out: their delay is in the ports' ranges, and no DAW's insert compensates it. So is the band: it
    runs ahead of the input, and returns nothing of it.
    """
    grouped: dict[tuple[int, int], list[Path]] = {}
    for path in ledger:
        if len(path.ports) == CHANNELS and path.model >= 0:
            grouped.setdefault((path.declared, path.period or ledger.period), []).append(path)
    return tuple(
        Figure(tuple(path.name for path in paths), declared, extra, ledger.rate)
        for (declared, extra), paths in grouped.items()
    )


def make_cards(ledger: Ledger) -> list[Card]:
    """Make a card for plain JACK and one for each known DAW."""
    found = collect_figures(ledger)
    name = found[0].paths[0] if found else "mix"
    ping = address_of(f"latency.{name}.ping")
    ping_on = f"To measure a path, first switch it to a pure delay: send OSC {ping} 1."
    ping_off = f"Afterwards send {ping} 0."
    device = (
        "It has no JACK support: a virtual device such as BlackHole carries the sound (sideman run --audio portaudio),"
        " and its buffers add latency. Record a click through it once and add the difference."
    )
    sends = address_of("latency.jack.sends")
    keep = f"Keep {sends} at {LOOP_SENDS} for tracks that record the returns"
    early = f"With {PATH_SENDS} Ardour 7.3 counts the delay twice, and what it records lies too early by it."
    return [
        Card(
            daw="JACK client",
            where="the port latency ranges",
            steps=(
                "Nothing to type: the ports publish the declared latency, and a client that reads it is aligned.",
                "A client that sends to the sidecar and receives from it in one graph adds one period.",
                f"{keep}: they declare that period too, less the client's output latency, which it takes off itself."
                f" {NO_SENDS}: the delay of the paths alone. {PATH_SENDS}: for a player whose returns are only listened"
                " to.",
            ),
            figures=found,
            automatic=True,
            tried=True,
            sends=LOOP_SENDS,
        ),
        Card(
            daw="Ableton Live",
            where="External Audio Effect, Hardware Latency",
            steps=(
                "Check that Options > Delay Compensation is on; without it the slider is off.",
                "Press the unit button beside the slider until it shows samples: these are right at any rate.",
                device,
            ),
            figures=found,
        ),
        Card(
            daw="Logic Pro",
            where="Utility > I/O, Latency Offset (samples)",
            steps=(
                ping_on,
                "Press Ping: Latency Offset then shows the figure plus the latency of the device.",
                ping_off,
                device,
            ),
            figures=found,
        ),
        Card(
            daw="Reaper",
            where="ReaInsert, its delay (samples or ms)",
            steps=(
                ping_on,
                "Start ReaInsert's automatic ping: it should show the figure.",
                ping_off,
                f"{keep}: on Linux with JACK, Reaper may read the port latency ranges.",
            ),
            figures=found,
            sends=LOOP_SENDS,
        ),
        Card(
            daw="Ardour",
            where="the insert's Measure Latency",
            steps=(
                "Tracks that record from the sidecar need nothing: Ardour reads the port latency ranges.",
                f"{keep} (run with Ardour 7.3). {early}",
                "An insert measures the latency itself.",
                ping_on,
                "Press Measure Latency: it plays many tones at once and should show the figure.",
                ping_off,
            ),
            figures=found,
            automatic=True,
            sends=LOOP_SENDS,
        ),
        Card(
            daw="Bitwig Studio",
            where="HW FX, its latency offset (samples or ms)",
            steps=("The figure is that of the path that you return to the DAW.", f"{keep}."),
            figures=found,
            sends=LOOP_SENDS,
        ),
    ]


def describe_card(card: Card) -> str:
    """``card`` as sentences on one line: where, what to type, the steps."""
    typed = [
        f"Type {one.round_trip} samples or {_format_ms(one.round_trip, one.rate)} ms for {', '.join(one.paths)}."
        for one in (() if card.automatic else card.figures)
    ]
    where = f"{card.where[:1].upper()}{card.where[1:]}{'' if card.tried else ' (untried)'}."
    return " ".join((where, *typed, *card.steps))


def render(shown: Iterable[Card]) -> RenderableType:
    """Render the cards for a terminal of 80 columns or more."""
    shown = list(shown)
    numbers = {figure: None for card in shown for figure in card.figures}
    parts: list[RenderableType] = [_make_figure_table(numbers)] if numbers else [Text("No audio path is declared.")]
    for card in shown:
        heading = Text.assemble("\n", (card.daw, "bold"), ": ", card.where)
        heading.append("" if card.tried else " - untried", "dim")
        parts.append(heading)
        if card.figures and not card.automatic:
            parts += [
                Padding(
                    Text(
                        f"type {figure.round_trip} samples or {_format_ms(figure.round_trip, figure.rate)} ms", "green"
                    ).append(f" for {', '.join(figure.paths)}", "default"),
                    (0, 0, 0, 2),
                )
                for figure in card.figures
            ]
        parts += [Padding(Text(step), (0, 0, 0, 2)) for step in card.steps]
    return Group(*parts)


def make_ledger_table(ledger: Ledger) -> Table:
    """Make a table of every path with the parts of its delay, in frames; it fits 80 columns.

    The column ``insert`` is there where any path passes a live insert, ``measured`` where any path was measured. Where
    both are there, delays in ms are left out: the table below it has them."""
    names = ["path", "model", "stems", "buffer", "reserve", "offset", "declared"]
    inserts = any(path.insert for path in ledger)
    if inserts:
        names.insert(names.index("declared"), "insert")
    measured = any(path.measured != UNMEASURED for path in ledger)
    if not (inserts and measured):
        names.append("ms")
    if measured:
        names.append("measured")
    caption = None
    if measured and any(not path.ports for path in ledger):
        caption = "-: goes out by OSC alone; there is no port to measure"
    grid = columns(
        *names,
        box=box.SIMPLE_HEAD,
        show_edge=False,  # its two columns are needed
        padding=(0, 1, 0, 0),
        header_style="bold",
        caption=caption,
    )
    for path in ledger:
        row = {"path": path.name, "model": path.model, "stems": path.upstream, "buffer": path.buffering}
        row |= {"reserve": path.reserve, "offset": path.user_offset, "insert": path.insert, "declared": path.declared}
        row |= {"ms": _format_ms(path.declared, ledger.rate)}
        row |= {"measured": "-" if path.measured == UNMEASURED else path.measured}
        grid.add_row(*(str(row[name]) for name in names))
    return grid


def summarise(ledger: Ledger) -> list[str]:
    """The delays of all paths in a few short lines, the paths of one delay together; those without one are last."""
    grouped: dict[int, list[str]] = {}
    for path in ledger:
        grouped.setdefault(path.declared, []).append(path.name)
    lines = [
        f"{_format_ms(declared, ledger.rate)} ms  {', '.join(paths)}" for declared, paths in grouped.items() if declared
    ]
    if in_time := grouped.get(0):
        lines.append(f"in time  {', '.join(in_time)}")
    return lines


def format_text(shown: Iterable[Card], width: int = 80) -> str:
    """Render the cards as plain text, in lines of at most ``width`` characters."""
    page = io.StringIO()
    Printer(file=page, width=width, color_system=None, force_terminal=False, legacy_windows=False).print(render(shown))
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"


def _format_ms(frames: int, rate: int) -> str:
    return f"{1000 * frames / rate:.2f}"


def _make_figure_table(numbers: Iterable[Figure]) -> Table:
    """Every figure once: declared, the extra period, and their sum, which is what a DAW's insert needs."""
    grid = columns(
        "Paths", "declared", "+ JACK's period", "= round trip", "ms", box=box.SIMPLE_HEAD, header_style="bold"
    )
    for figure in numbers:
        grid.add_row(
            ", ".join(figure.paths),
            str(figure.declared),
            str(figure.extra),
            str(figure.round_trip),
            _format_ms(figure.round_trip, figure.rate),
        )
    return grid
