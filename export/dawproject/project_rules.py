"""Project rules: what a DAW needs of a DAWproject and its schema does not say.

Each rule gets the whole project and yields a sentence for each problem, with its place. What is no number at all is the
schema check's.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from export.dawproject.project_document import METADATA, PROJECT
from export.dawproject.project_schema import (
    CHANNEL_ID,
    ELEMENTS,
    NUMBER,
    PARAMETER_ID,
    REFERENCES,
    TRACK_ID,
)
from export.dawproject.schema_check import PlacedElement, parse_number
from export.dawproject.wave_header import WaveHeader

POSITIONS = frozenset({"time", "duration", "playStart", "playStop", "loopStart", "loopEnd", "contentTime"})
"""Attributes that are never negative, so that nothing lies before the start of what it is in."""
RANGES: Mapping[tuple[str, str], tuple[float, float]] = {
    ("Note", "vel"): (0, 1), ("Note", "rel"): (0, 1), ("Note", "key"): (0, 127), ("Note", "channel"): (0, 15)
}  # fmt: skip
"""Ranges of figures by element and attribute."""
HALF_FRAME = 0.5
"""Frames by which a length in seconds may miss its whole number of frames."""
_SECONDS = "seconds"


@dataclass(frozen=True)
class CheckedProject:
    """A project under check. ``sounds``: header of each audio file in the archive by its path, None where it is no WAV
    file. ``members``: the names in the archive."""

    elements: tuple[PlacedElement, ...]
    members: frozenset[str]
    sounds: Mapping[str, WaveHeader | None]

    @cached_property
    def by_id(self) -> Mapping[str, ET.Element]:
        """The elements that have an id."""
        found = (placed.element for placed in self.elements)
        return {element.attrib["id"]: element for element in found if "id" in element.attrib}

    def find(self, *tags: str) -> Iterator[PlacedElement]:
        """Yield the elements with one of these tags."""
        return (placed for placed in self.elements if placed.element.tag in tags)


def read_number(element: ET.Element, name: str) -> float | None:
    """The number in an attribute; None where it is missing or no finite number."""
    return parse_number(element.get(name, ""))


def find_double_ids(project: CheckedProject) -> Iterator[str]:
    """Ids are unique."""
    counts = Counter(placed.element.attrib["id"] for placed in project.elements if "id" in placed.element.attrib)
    for placed in project.elements:
        if (id_ := placed.element.get("id")) is not None and counts[id_] > 1:
            yield f"{placed.place}: id={id_!r} is there {counts[id_]} times"


def find_dangling_references(project: CheckedProject) -> Iterator[str]:
    """A reference leads to an element of the right kind."""
    for placed in project.elements:
        for name, expected in ELEMENTS[placed.element.tag].attributes.items():
            value = placed.element.get(name)
            if isinstance(expected, str) and expected in REFERENCES and value is not None:
                target = project.by_id.get(value)
                if target is None:
                    yield f"{placed.place}: {name}={value!r} is no id of the project"
                elif not _is_kind(target, expected):
                    yield f"{placed.place}: {name}={value!r} is a {target.tag}, and a {expected} is needed"


def _is_kind(element: ET.Element, expected: str) -> bool:
    if expected == CHANNEL_ID:
        return element.tag == "Channel"
    if expected == TRACK_ID:
        return element.tag == "Track"
    attributes = ELEMENTS[element.tag].attributes
    return ("parameterID" if expected == PARAMETER_ID else "timeUnit") in attributes


def find_bad_paths(project: CheckedProject) -> Iterator[str]:
    """A path leads to a file in the archive, and never out of it."""
    for placed in project.find("File", "State"):
        path = placed.element.get("path", "")
        if reason := explain_unsafe(path):
            yield f"{placed.place}: path={path[:80]!r} {reason}"
        elif placed.element.get("external", "false").strip() not in ("true", "1") and path not in project.members:
            yield f"{placed.place}: path={path[:80]!r} is not in the archive"


def find_unused_files(project: CheckedProject) -> Iterator[str]:
    """Every file is there for something."""
    used = {placed.element.get("path") for placed in project.find("File", "State")}
    for name in sorted(project.members - used - {METADATA, PROJECT}):
        if not name.endswith("/"):
            yield f"{name}: nothing in the project refers to it"


def explain_unsafe(path: str) -> str:
    """Why a path in an archive may not be used; empty: it may."""
    if not path:
        return "is empty"
    if path.startswith("/") or "\\" in path or ":" in path:
        return "is no path within the archive"
    return "leads out of its folder" if {"..", ".", ""} & set(path.split("/")) else ""


def find_bad_positions(project: CheckedProject) -> Iterator[str]:
    """Nothing begins before its parent, and figures of notes are in the range of MIDI."""
    for placed in project.elements:
        element = placed.element
        for name in element.attrib:
            value = read_number(element, name)
            if value is None:
                continue
            if name in POSITIONS and value < 0:
                yield f"{placed.place}: {name}={value:g} is before the start"
            low, high = RANGES.get((element.tag, name), (value, value))
            if not low <= value <= high:
                yield f"{placed.place}: {name}={value:g} is not from {low:g} to {high:g}"


def find_bad_parameters(project: CheckedProject) -> Iterator[str]:
    """A parameter is within its own limits."""
    for placed in project.elements:
        if ELEMENTS[placed.element.tag].attributes.get("min") != NUMBER:
            continue
        value, least, most = (read_number(placed.element, name) for name in ("value", "min", "max"))
        if value is None:
            continue
        if (least is not None and value < least) or (most is not None and value > most):
            yield f"{placed.place}: value={value:g} is outside of its own min and max"


def find_bad_tempi(project: CheckedProject) -> Iterator[str]:
    """Tempi are above 0, bars have a length, and the automation of both is that of the transport."""
    for placed in project.find("Tempo", "RealPoint"):
        is_tempo = placed.element.tag == "Tempo" or placed.parents[-1].tag == "TempoAutomation"
        value = read_number(placed.element, "value")
        if is_tempo and value is not None and value <= 0:
            yield f"{placed.place}: a tempo of {value:g} bpm"
    for placed in project.find("TimeSignature", "TimeSignaturePoint"):
        numerator, denominator = (read_number(placed.element, name) for name in ("numerator", "denominator"))
        if numerator is None or denominator is None:
            continue
        if numerator < 1 or denominator < 1 or int(denominator) & (int(denominator) - 1):
            yield f"{placed.place}: a time signature of {numerator:g}/{denominator:g}"
    for automation, parameter in (("TempoAutomation", "Tempo"), ("TimeSignatureAutomation", "TimeSignature")):
        for placed in project.find(automation):
            for target in placed.element.findall("Target"):
                element = project.by_id.get(target.get("parameter", ""))
                if element is None or element.tag != parameter:
                    yield f"{placed.place}/Target: is not the {parameter} of the transport"


def find_unordered_points(project: CheckedProject) -> Iterator[str]:
    """Points of automation follow one another in time, one at a time."""
    for placed in project.find("Points", "TempoAutomation", "TimeSignatureAutomation"):
        times = [time for child in placed.element if (time := read_number(child, "time")) is not None]
        for number, time in enumerate(times[1:], 1):
            if time <= times[number - 1]:
                yield f"{placed.place}: point {number + 1} is at {time:g}, not behind the one at {times[number - 1]:g}"


def find_bad_sounds(project: CheckedProject) -> Iterator[str]:
    """What is said about an audio file is what its header says."""
    for placed in project.find("Audio"):
        path = next((file.get("path", "") for file in placed.element.findall("File")), "")
        if path not in project.sounds:
            continue
        header = project.sounds[path]
        if header is None:
            yield f"{placed.place}: {path} is no WAV file that can be read"
            continue
        for name, is_found in (("channels", header.channels), ("sampleRate", header.rate)):
            value = read_number(placed.element, name)
            if value is not None and value != is_found:
                yield f"{placed.place}: {name}={value:g}, and {path} has {is_found}"
        duration = read_number(placed.element, "duration")
        if duration is not None and abs(duration - header.duration_s) * header.rate > HALF_FRAME:
            yield f"{placed.place}: a duration of {duration:g} s, and {path} has {header.duration_s:g} s"


def find_long_clips(project: CheckedProject) -> Iterator[str]:
    """A clip in seconds plays no more than its audio, unless it loops."""
    for placed in project.find("Clip"):
        clip = placed.element
        unit = next((one.attrib["timeUnit"] for one in reversed(placed.parents) if "timeUnit" in one.attrib), "")
        for audio in clip.findall("Audio"):
            length, rate = read_number(audio, "duration"), read_number(audio, "sampleRate")
            start, duration = read_number(clip, "playStart") or 0.0, read_number(clip, "duration")
            is_seconds = clip.get("contentTimeUnit", unit) == _SECONDS
            if length is None or not rate or not is_seconds:
                continue
            stop = read_number(clip, "playStop")
            if duration is not None and unit == _SECONDS and "loopEnd" not in clip.attrib:
                stop = max(stop or 0.0, start + duration)
            if stop is not None and (stop - length) * rate > HALF_FRAME:
                yield f"{placed.place}: plays to {stop:g} s, and its audio has {length:g} s"


def find_masters(project: CheckedProject) -> Iterator[str]:
    """One channel is the master of all; that of a group has a destination."""
    masters = [placed.element for placed in project.find("Channel") if placed.element.get("role") == "master"]
    count = sum("destination" not in element.attrib for element in masters)
    if count != 1:
        yield f"Structure: {count} channels have the role master and no destination, and one is needed"


RULES: tuple[Callable[[CheckedProject], Iterator[str]], ...] = (
    find_double_ids,
    find_dangling_references,
    find_bad_paths,
    find_unused_files,
    find_bad_positions,
    find_bad_parameters,
    find_bad_tempi,
    find_unordered_points,
    find_bad_sounds,
    find_long_clips,
    find_masters,
)
"""All rules, for elements that the format has."""
