"""Ardour session file: puts a song on a track, as an import does, and reads the recordings with their positions."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bridge.core.audio import CHANNELS, Audio

SUPERCLOCK = 282_240_000
"""Ardour 7's ticks per second, in times that begin with ``a`` (libs/temporal, ``superclock_ticks_per_second``)."""
REGION = {
    "muted": "0", "opaque": "1", "locked": "0", "automatic": "0", "whole-file": "0", "import": "0", "external": "0",
    "hidden": "0", "start": "a0", "sync-position": "a0", "ancestral-start": "a0", "ancestral-length": "a0@a0",
    "stretch": "1", "shift": "1", "layering-index": "0", "envelope-active": "0", "default-fade-in": "0",
    "default-fade-out": "0", "fade-in-active": "0", "fade-out-active": "0", "scale-amplitude": "1", "type": "audio",
}  # fmt: skip
"""Attributes of a region without fades or gain. Ardour can import through its window alone, so the file is written."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What lies on a track: ``audio``, shape (2, frames), from ``frame`` of the session on.

    ``take``: in which it was recorded, from 1; 0 for a file.
    """

    frame: int
    audio: Audio
    take: int = 0


def put_song(folder: Path, name: str, track: str, audio: Audio, rate: int) -> None:
    """Put ``audio``, shape (2, frames), at the beginning of a track of a session that is not open."""
    file = folder / f"{name}.ardour"
    document = ET.parse(file)
    root = document.getroot()
    ids = itertools.count(int(root.attrib["id-counter"]) + 1)
    sources, playlist = root.find("Sources"), root.find(f"Playlists/Playlist[@name='{track}']")
    assert sources is not None
    assert playlist is not None
    used: dict[str, str] = {}
    for channel, side in enumerate("LR"):
        source = {"name": f"{track}%{side}.wav", "type": "audio", "id": str(next(ids)), "channel": "0", "gain": "1"}
        soundfile.write(find_audio(folder, source["name"]), audio[channel], rate, "FLOAT")
        ET.SubElement(sources, "Source", source | {"flags": "", "natural-position": "a0", "captured-for": track})
        used |= {f"source-{channel}": source["id"], f"master-source-{channel}": source["id"]}
    length = audio.shape[1] * SUPERCLOCK // rate
    own = {"name": f"{track}.1", "length": f"a{length}@a0", "id": str(next(ids)), "channels": str(CHANNELS)}
    region = ET.SubElement(playlist, "Region", REGION | own | used)
    ET.SubElement(region, "Envelope", {"default": "yes"})
    root.set("id-counter", str(next(ids)))
    document.write(file, encoding="UTF-8", xml_declaration=True)


def read_recordings(folder: Path, name: str) -> dict[str, Recording]:
    """What was recorded last on each track of a saved session, by the track's name."""
    root = ET.parse(folder / f"{name}.ardour").getroot()
    rate = int(root.attrib["sample-rate"])
    files = {source.attrib["id"]: source.attrib["name"] for source in root.findall("Sources/Source")}
    found = {}
    for playlist in root.findall("Playlists/Playlist"):
        regions = playlist.findall("Region")
        if not regions:
            continue
        last = max(regions, key=read_take)
        length, at = (to_frames(time, rate) for time in last.attrib["length"].split("@"))
        start = to_frames(last.attrib["start"], rate)
        names = [files[last.attrib[f"source-{channel}"]] for channel in range(CHANNELS)]
        sides = [soundfile.read(find_audio(folder, one), dtype="float32")[0] for one in names]
        audio = np.stack(sides)[:, start : start + length]
        found[playlist.attrib["name"].partition(".")[0]] = Recording(at, audio, read_take(last))
    return found


def read_take(region: ET.Element) -> int:
    """The number of the take that a region was recorded in, from its name, such as Take2_drums-1.1; 0 for a file."""
    found = re.match(r"Take(\d+)_", region.attrib["name"])
    return int(found[1]) if found else 0


def find_audio(folder: Path, name: str) -> Path:
    """The path of an audio file of a session."""
    return folder / "interchange" / folder.name / "audiofiles" / name


def to_frames(time: str, rate: int) -> int:
    """An audio time of Ardour 7, such as ``a282240000``, in frames."""
    assert time.startswith("a"), f"{time} is in beats"
    return round(int(time[1:]) * rate / SUPERCLOCK)


def enable_osc(folder: Path, name: str) -> None:
    """Switch on OSC in a session that is not open, with answers to whoever asks (port mode Auto)."""
    file = folder / f"{name}.ardour"
    document = ET.parse(file)
    protocol = document.getroot().find("ControlProtocols/Protocol[@name='Open Sound Control (OSC)']")
    assert protocol is not None
    protocol.attrib.update({"active": "1", "address-only": "0", "feedback": "0", "striptypes": "159"})
    document.write(file, encoding="UTF-8", xml_declaration=True)


def read_markers(folder: Path, name: str) -> list[tuple[float, str]]:
    """Seconds and name of each marker of a saved session, in order."""
    locations = ET.parse(folder / f"{name}.ardour").getroot().findall("Locations/Location")
    marks = [one.attrib for one in locations if "IsMark" in one.attrib["flags"]]
    return sorted((int(one["start"].removeprefix("a")) / SUPERCLOCK, one["name"]) for one in marks)
