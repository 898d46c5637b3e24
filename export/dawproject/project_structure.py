"""Project structure: tracks, channels and plugins of a DAWproject, in folders, with the master last."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from chains.document.vst3_preset import parse_class_id
from export.dawproject.project_elements import ElementFactory, format_flag, format_number, get_id
from export.dawproject.vst_device import VstDevice
from export.session.session import FOLDER_TRACKS, AudioTrack, MidiTrack, Session, TrackGroup

PLUGIN_DIRECTORY = "plugins"
"""Directory of the states of plugins in the archive."""
MASTER = "master"
"""Key of the master channel's devices."""
COLORS: Mapping[TrackGroup, str] = {"song": "#8c8c8c", "stems": "#3f8fd2", "band": "#d9822b"}
MOST_MIDI = 127
"""Largest velocity, volume and pan of MIDI."""
MOST_GAIN = 2.0
"""Upper end of a fader, as Bitwig Studio writes it."""

GROUP_CHANNELS = (*FOLDER_TRACKS, MASTER)
"""Keys of channels that are no tracks."""

Devices: TypeAlias = Mapping[str, Sequence[VstDevice]]
"""Devices by channel: the file of an audio track, the name of a MIDI track, ``stems``, ``band`` or ``master``."""


@dataclass(frozen=True, slots=True)
class MixerChannel:
    """A channel. ``key``: of its devices. ``volume``: a gain. ``pan``: from 0, left, to 1."""

    role: str
    key: str
    destination: str = ""
    channels: int = 2
    is_muted: bool = False
    volume: float = 1.0
    pan: float = 0.5


@dataclass(frozen=True, slots=True)
class ProjectTracks:
    """The tracks that were written, with the ids of their elements; the states of plugins by path in the archive."""

    audio: list[tuple[AudioTrack, str]] = field(default_factory=list)
    midi: list[tuple[MidiTrack, str]] = field(default_factory=list)
    presets: dict[str, bytes] = field(default_factory=dict)


def write_structure(
    elements: ElementFactory, structure: ET.Element, session: Session, devices: Devices
) -> ProjectTracks:
    """Write the tracks of a session into the element ``Structure``.

    Raises:
        ConfigError: The class id of a device is none.
        ValueError: ``devices`` names a channel that there is not.
    """
    keys = {track.file for track in session.audio} | {track.name for track in session.midi} | {*FOLDER_TRACKS, MASTER}
    if unknown := sorted(devices.keys() - keys):
        raise ValueError(f"devices of no channel: {', '.join(unknown)}")
    writer = _StructureWriter(elements, devices)
    writer.write(structure, session)
    return writer.tracks


class _StructureWriter:
    def __init__(self, elements: ElementFactory, devices: Devices) -> None:
        self._elements, self._devices = elements, devices
        self.tracks = ProjectTracks()

    def write(self, structure: ET.Element, session: Session) -> None:
        master = self._elements.add_with_id(
            structure, "Track", {"contentType": "audio notes", "loaded": "true", "name": "Master"}
        )
        output = self._add_channel(master, MixerChannel("master", MASTER))
        for track in session.audio:
            if track.group not in FOLDER_TRACKS:
                self._write_audio_track(structure, track, output)
        for group, name in FOLDER_TRACKS.items():
            audio = [track for track in session.audio if track.group == group]
            midi = session.midi if group == "band" else ()
            if audio or midi:
                folder = self._add_track(structure, "tracks", name, COLORS[group])
                # master of the group, as openDAW reads it; it opens no project with a channel of the role submix
                sum_id = self._add_channel(folder, MixerChannel("master", group, output))
                for track in audio:
                    self._write_audio_track(folder, track, sum_id)
                for part in midi:
                    self._write_midi_track(folder, part, sum_id)
        # channels refer to the master's, so it was written first; in other programs' files it is the last track
        structure.remove(master)
        structure.append(master)

    def _write_audio_track(self, parent: ET.Element, track: AudioTrack, destination: str) -> None:
        element = self._add_track(parent, "audio", track.name, COLORS[track.group])
        channels = track.sound.channels
        self._add_channel(element, MixerChannel("regular", track.file, destination, channels, is_muted=track.is_muted))
        self.tracks.audio.append((track, get_id(element)))

    def _write_midi_track(self, parent: ET.Element, track: MidiTrack, destination: str) -> None:
        element = self._add_track(parent, "notes", track.name, COLORS["band"])
        if track.program is not None:
            element.set("comment", f"General MIDI program {track.program + 1}, channel {track.channel + 1}")
        # a part that is called like a group has no devices of its own
        key = "" if track.name in GROUP_CHANNELS else track.name
        volume = 1.0 if track.volume is None else scale_volume(track.volume)
        pan = 0.5 if track.pan is None else scale_pan(track.pan)
        self._add_channel(element, MixerChannel("regular", key, destination, volume=volume, pan=pan))
        self.tracks.midi.append((track, get_id(element)))

    def _add_track(self, parent: ET.Element, content: str, name: str, color: str) -> ET.Element:
        attributes = {"contentType": content, "loaded": "true", "name": name, "color": color}
        return self._elements.add_with_id(parent, "Track", attributes)

    def _add_channel(self, track: ET.Element, settings: MixerChannel) -> str:
        """Add the channel of ``track``, and return its id."""
        attributes = {"role": settings.role, "audioChannels": str(settings.channels), "solo": "false"}
        if settings.destination:
            attributes["destination"] = settings.destination
        channel = self._elements.add_with_id(track, "Channel", attributes)
        if found := self._devices.get(settings.key):
            devices = self._elements.add(channel, "Devices")
            for device in found:
                self._add_device(devices, device)
        self._elements.add_with_id(channel, "Mute", {"name": "Mute", "value": format_flag(settings.is_muted)})
        self._add_real(channel, "Pan", "normalized", settings.pan, 1.0)
        self._add_real(channel, "Volume", "linear", settings.volume, MOST_GAIN)
        return get_id(channel)

    def _add_real(self, channel: ET.Element, name: str, unit: str, value: float, most: float) -> None:
        attributes = {"name": name, "unit": unit, "min": "0.0", "max": format_number(most)}
        self._elements.add_with_id(channel, name, {**attributes, "value": format_number(value)})

    def _add_device(self, devices: ET.Element, device: VstDevice) -> None:
        attributes = {
            "name": device.label or device.name,
            # as presets have it, and as ProjectConverter reads it from other programs' files: the hyphens of the
            # format's reference would break its code
            "deviceID": parse_class_id(device.class_id),
            "deviceName": device.name,
            "deviceRole": "instrument" if device.is_instrument else "audioFX",
            "loaded": "true",
        }
        if device.version:
            attributes["pluginVersion"] = device.version
        element = self._elements.add_with_id(devices, "Vst3Plugin", attributes)
        self._elements.add_with_id(element, "Enabled", {"name": "On/Off", "value": format_flag(device.is_enabled)})
        if device.state:
            path = f"{PLUGIN_DIRECTORY}/{get_id(element)}.vstpreset"
            self._elements.add(element, "State", {"path": path, "external": "false"})
            self.tracks.presets[path] = device.state


def scale_volume(value: int) -> float:
    """The gain of a volume of MIDI: 40 log10(value / 127) dB (General MIDI Level 1 developer guidelines, MMA)."""
    return (value / MOST_MIDI) ** 2


def scale_pan(value: int) -> float:
    """The pan, from 0 to 1, of one of MIDI: 0 and 1 are both left, 64 is the middle (RP-036, MMA)."""
    return max(value - 1, 0) / (MOST_MIDI - 1)
