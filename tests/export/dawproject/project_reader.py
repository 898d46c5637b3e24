"""Reader of DAWprojects for tests: times in seconds, by the tempo map in the file, without any code of the writer."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import soundfile
from numpy.typing import NDArray

_ROOT = Path(__file__).parents[3]
_PLACES = [folder / "shared" / "docs" / "chains" / "dawproject_xsd" for folder in (_ROOT, _ROOT.parent)]
SCHEMAS = next((place for place in _PLACES if place.is_dir()), _PLACES[0])
"""Folder of the schemas of the format, in or beside the checkout."""


@dataclass(frozen=True)
class ReadProject:
    """A DAWproject. ``members``: names in the archive, in order."""

    path: Path
    root: ET.Element
    members: list[str]

    @property
    def tempi(self) -> list[tuple[float, float]]:
        """Beat and quarter notes per minute of each step."""
        points = self.root.findall("Arrangement/TempoAutomation/RealPoint")
        if not points:
            return [(0.0, self._read_float("Transport/Tempo", "value"))]
        assert {point.get("interpolation") for point in points} == {"hold"}
        return [(float(point.attrib["time"]), float(point.attrib["value"])) for point in points]

    def to_seconds(self, beat: float) -> float:
        """The time of a beat."""
        steps = [*self.tempi, (float("inf"), 0.0)]
        spans = pairwise(steps)
        return sum(60 / bpm * max(min(beat, end) - start, 0) for (start, bpm), (end, _) in spans)

    @property
    def markers(self) -> list[tuple[float, str]]:
        """Time in seconds and name of each marker."""
        found = self.root.findall("Arrangement/Markers/Marker")
        return [(self.to_seconds(float(one.attrib["time"])), one.attrib["name"]) for one in found]

    @property
    def notes(self) -> list[tuple[str, float, float, int, int, int]]:
        """Track, start and end in seconds, key, velocity and channel of each note."""
        found = []
        for lane in self.root.findall("Arrangement/Lanes/Lanes"):
            for clip in lane.findall("Clips/Clip"):
                for note in clip.findall("Notes/Note"):
                    start = float(clip.attrib["time"]) + float(note.attrib["time"])
                    end = start + float(note.attrib["duration"])
                    figures = (
                        int(note.attrib["key"]),
                        round(float(note.attrib["vel"]) * 127),
                        int(note.attrib["channel"]),
                    )
                    found.append((lane.attrib["track"], self.to_seconds(start), self.to_seconds(end), *figures))
        return found

    def find_track(self, name: str) -> ET.Element:
        """The first track of that name."""
        return next(one for one in self.root.iter("Track") if one.get("name") == name)

    def read_audio(self, name: str) -> NDArray[np.float64]:
        """The samples at the time at which the project plays them, shape (frames, channels), of the track ``name``."""
        track = self.find_track(name)
        lane = next(
            one for one in self.root.findall("Arrangement/Lanes/Lanes") if one.get("track") == track.attrib["id"]
        )
        clip = lane.findall("Clips/Clip")[0]
        audio, file = clip.findall("Audio")[0], clip.findall("Audio/File")[0]
        with ZipFile(self.path) as archive:
            samples, rate = soundfile.read(io.BytesIO(archive.read(file.attrib["path"])), always_2d=True)
        assert (int(audio.attrib["sampleRate"]), int(audio.attrib["channels"])) == (rate, samples.shape[1])
        start, play, length = (round(float(clip.attrib[key]) * rate) for key in ("time", "playStart", "duration"))
        placed = np.zeros((start + length, samples.shape[1]))
        placed[start:] = samples[play : play + length]
        return placed

    def _read_float(self, path: str, attribute: str) -> float:
        return float(self.root.findall(path)[0].attrib[attribute])


def read_project(path: Path) -> ReadProject:
    """Read a DAWproject."""
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        return ReadProject(path, ET.fromstring(archive.read("project.xml")), archive.namelist())
