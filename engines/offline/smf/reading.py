"""Standard MIDI file reader: the events of all tracks on one musical time, and remarks on faults of the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from bridge.core.time import TICKS_PER_BEAT, TempoChange, TempoMap
from bridge.errors import ConfigError
from engines.offline.smf.containers import open_container
from engines.offline.smf.events import Event, parse_events
from engines.offline.smf.metas import describe_slip, parse_tempo

LARGEST_BYTES = 16 << 20
USUAL_US = 500_000
"""Microseconds a quarter note where a file has no tempo."""
SAVE = "save it again as a standard MIDI file of type 0 or 1"
MOST_NAMED = 16
"""Most impossible values that are named."""
SMPTE_RATES = {24: 24.0, 25: 25.0, 29: 30000 / 1001, 30: 30.0}
"""Frames a second by the number in the division."""

MidiTrackEvents = Sequence[Event]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Smf:
    """``tracks``: events, TICKS_PER_BEAT a quarter note. ``remarks``: what was skipped, for the user."""

    tracks: tuple[MidiTrackEvents, ...]
    remarks: tuple[str, ...] = ()

    @property
    def events(self) -> Iterator[Event]:
        """The events of all tracks, one track after the other."""
        return chain.from_iterable(self.tracks)

    def find_all(self, parse: Callable[[Event], Value | None]) -> list[tuple[int, Value]]:
        """(tick, parsed value) of every event that ``parse`` accepts, by time; at one tick the last counts."""
        found = {event.tick: value for event in self.events if (value := parse(event)) is not None}
        return sorted(found.items(), key=lambda timed: timed[0])


def read_smf(data: bytes, name: str) -> Smf:
    """Read the MIDI file ``data``, of any format and division, alone or in RIFF.

    Raises: ConfigError, with ``name`` and a fix, where it is no MIDI file or its tracks are not of one time.
    """
    if len(data) > LARGEST_BYTES:
        raise ConfigError(f"{name}: a MIDI file of more than {LARGEST_BYTES >> 20} MB", "give a smaller one")
    try:
        container = open_container(data)
    except ValueError as error:
        raise ConfigError(f"{name}: cannot be read as MIDI ({error})", SAVE) from error
    remarks = list(container.remarks)
    tracks: list[list[Event]] = []
    for number, track in enumerate(container.tracks, 1):
        events, whole = parse_events(track)
        if not whole:
            remarks.append(f"track {number} breaks off; it is read as far as it goes")
        tracks.append(events)
    if not any(tracks):
        raise ConfigError(f"{name}: cannot be read as MIDI (it has no track with anything in it)", SAVE)
    if container.format == 2 and sum(map(bool, tracks)) > 1:
        raise ConfigError(f"{name}: a MIDI file of patterns side by side (type 2)", SAVE)
    slips = Counter(slip for event in chain.from_iterable(tracks) if (slip := describe_slip(event)))
    if slips:
        named = [f"{what} {count} times" if count > 1 else what for what, count in slips.most_common(MOST_NAMED)]
        more = [f"{len(slips) - MOST_NAMED} others"] if len(slips) > MOST_NAMED else []
        remarks.append(f"impossible values are passed over: {', '.join(named + more)}")
    to_ticks = _make_tick_converter(container.division, tracks, name)
    return Smf(
        tuple([event._replace(tick=to_ticks(event.tick)) for event in track] for track in tracks), tuple(remarks)
    )


def _make_tick_converter(division: int, tracks: Iterable[MidiTrackEvents], name: str) -> Callable[[int], int]:
    """A function from the file's ticks to TICKS_PER_BEAT a quarter note."""
    if division == 0:
        raise ConfigError(f"{name}: a MIDI file whose quarter notes have no ticks", SAVE)
    if division < 0x8000:
        return lambda tick: round(tick * TICKS_PER_BEAT / division)
    frames, each = 0x100 - (division >> 8), division & 0xFF
    if frames not in SMPTE_RATES or each == 0:
        raise ConfigError(f"{name}: a MIDI file of no known time (SMPTE {frames}/{each})", SAVE)
    tempi = Smf(tuple(tracks)).find_all(parse_tempo)  # ticks are time, so tempi say how many quarter notes fit into it
    rate = round(SMPTE_RATES[frames] * each * 1000)  # of ticks, in 1000 s
    changes, beat, before = [TempoChange(0.0, 60e6 / USUAL_US)], 0.0, 0
    for tick, tempo in tempi:
        beat += (tick - before) / rate * 1000 * changes[-1].tempo / 60
        if tick == 0:
            changes.clear()
        changes.append(TempoChange(beat, 60e6 / tempo))
        before = tick
    tempo_map = TempoMap(changes, rate)
    return lambda tick: round(tempo_map.beat_at(tick * 1000) * TICKS_PER_BEAT)
