"""Ableton service: Live followed by a running sidecar, with the actions that write, launch and wire in it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from bridge.control.bus import ActionHandler, Bus, Row
from bridge.daw.ableton.band_notes import BandClip, BandNotes
from bridge.daw.ableton.clip_launch import launch_clip
from bridge.daw.ableton.clip_target import ClipTarget, list_names
from bridge.daw.ableton.clip_writer import write_clip
from bridge.daw.ableton.live_client import set_value
from bridge.daw.ableton.live_connection import LiveAddress, LiveConnection
from bridge.daw.ableton.live_follower import LiveSet
from bridge.daw.ableton.live_procedure import ask_once
from bridge.daw.ableton.live_protocol import LiveError
from bridge.daw.ableton.live_readings import LiveReadings
from bridge.daw.ableton.live_wiring import WiringPlan, wire_live
from bridge.daw.ableton.midi_file_notes import read_midi_file
from bridge.errors import BridgeError, ControlError
from bridge.runtime.service import Service
from bridge.settings import AbletonSettings

log = logging.getLogger(__name__)

LONGEST_S = 120.0
"""By then an action has ended, or ends with an error: 8 bars at 20 BPM, which a launch may wait."""
DEFAULT_BARS = 4
TEMPO_RANGE_BPM = (20.0, 999.0)
"""Tempi of Live (Live Object Model: Song)."""
OFF = "Ableton Live is off"
OFF_HINT = "set enabled = true under [ableton] in sideman.toml"


class AbletonService(Service):
    """Service of Ableton Live. It never fails the sidecar: what is wrong is logged, and in the reading
    ableton.state."""

    def __init__(self, bus: Bus, settings: AbletonSettings) -> None:
        self._bus, self._settings = bus, settings
        self._readings = LiveReadings(bus)
        self._notes = BandNotes(bus)
        self._origins: dict[ClipTarget, float] = {}
        """Beat of the song at which what is in a clip begins."""
        self._connection: LiveConnection | None = None
        self._stack = ExitStack()

    def __enter__(self) -> AbletonService:
        if not self._settings.enabled:
            self._readings.publish_off(OFF_HINT)
            return self
        with ExitStack() as opened:
            opened.callback(self._notes.start())
            connection = LiveConnection(make_address(self._settings), self._update)
            self._connection = connection
            try:
                opened.enter_context(connection)
            except BridgeError as error:
                log.warning("Ableton Live: %s", error)
                self._readings.publish_off(str(error))
                self._connection = None
            self._stack = opened.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stack.close()
        self._connection = None

    def handlers(self) -> dict[str, ActionHandler]:
        """The handlers of the actions, by name."""
        return {
            "ableton.play": lambda: self._get_connection().post(("/live/song/continue_playing", ())),
            "ableton.stop": lambda: self._get_connection().post(("/live/song/stop_playing", ())),
            "ableton.tempo": self.set_tempo,
            "ableton.fire_scene": self.fire_scene,
            "ableton.write": self.write,
            "ableton.import": self.import_file,
            "ableton.launch": self.launch,
            "ableton.wire": self.wire,
        }

    def set_tempo(self, bpm: str) -> None:
        """Set Live's tempo, and read it back. Raises: ControlError where it is none, or Live does not answer."""
        low, high = TEMPO_RANGE_BPM
        try:
            value = float(bpm)
        except ValueError:
            value = 0.0
        if not low <= value <= high:
            raise ControlError(f"{bpm!r} is no tempo of Live", f"give {low:g} to {high:g} BPM")
        self._get_connection().run(ask_once(set_value("song", "tempo", value)), LONGEST_S)

    def fire_scene(self, scene: str) -> None:
        """Fire a scene, by its number from 1 or its name. Raises: ControlError where there is none."""
        connection = self._get_connection()
        number = find_number(scene, connection.follower.live_set.scenes, "scene")
        connection.post(("/live/scene/fire", (number,)))

    def write(self, part: str, track: str, slot: str, bars: str = "") -> Iterable[Row]:
        """Write what a part of the band has played last into a clip; returns a row with what was written.

        Raises:
            ControlError: An argument is wrong, the slot has a clip of the user's, or Live does not answer.
        """
        target = self._find_target(self._get_connection().follower.live_set, track, slot)
        clip = self._notes.collect(part, parse_whole(bars or str(DEFAULT_BARS), "bars", 1024))
        return [self._write(target, part, clip)]

    def import_file(self, file: str, part: str, track: str, slot: str) -> Iterable[Row]:
        """Write a track of a MIDI file into a clip; returns a row with what was written.

        Raises:
            ControlError: As `write`, or the file cannot be read.
        """
        target = self._find_target(self._get_connection().follower.live_set, track, slot)
        return [self._write(target, part, read_midi_file(Path(file), part))]

    def _write(self, target: ClipTarget, part: str, clip: BandClip) -> Row:
        connection = self._get_connection()
        name = f"{target.track + 1}/{target.slot + 1}"

        def report(done: int, of: int) -> None:
            self._readings.publish_clip(name, part, "writing" if done < of else "written", done, of, "")

        try:
            written = connection.run(write_clip(target, clip.notes, clip.length, part, report), LONGEST_S)
        except LiveError as error:
            self._readings.publish_clip(name, part, "failed", 0, 0, str(error))
            raise
        self._origins[target] = clip.origin
        return target.track + 1, target.slot + 1, written.notes, clip.length

    def launch(self, track: str, slot: str) -> Iterable[Row]:
        """Start a clip on a bar, one that was written here in phase with the song; returns a row with the beat.

        Raises:
            ControlError: There is no such clip, or Live did not start it.
        """
        connection = self._get_connection()
        target = self._find_target(connection.follower.live_set, track, slot)
        launched = connection.run(launch_clip(connection.client, target, self._origins.get(target)), LONGEST_S)
        return [(launched.beat, round(launched.offset_beats, 4), launched.tries)]

    def wire(self, first: str = "") -> Iterable[Row]:
        """Make the tracks that take what Sideman plays, and set their inputs; returns a row for each input.

        Raises:
            ControlError: Live lists no such input, or does not answer.
        """
        number = parse_whole(first or "1", "first input", 255)
        plan = WiringPlan(number, self._settings.midi_port)
        steps = self._get_connection().run(wire_live(plan), LONGEST_S)
        return [(step.track, step.setting, step.value) for step in steps]

    def _update(self) -> None:
        if self._connection is not None:
            self._readings.update(self._connection)

    def _get_connection(self) -> LiveConnection:
        connection = self._connection
        if connection is None:
            raise ControlError(OFF, OFF_HINT)
        if not connection.follower.is_connected and (silence := self._readings.silence):
            raise ControlError(silence)
        return connection

    def _find_target(self, live_set: LiveSet, track: str, slot: str) -> ClipTarget:
        tracks = tuple(one.name for one in live_set.tracks)
        if not tracks:
            raise ControlError("Live's tracks are not known yet", "is Live running, with AbletonOSC?")
        most = max(len(live_set.scenes), 1)
        return ClipTarget(find_number(track, tracks, "track"), parse_whole(slot, "slot", most) - 1)


def make_address(settings: AbletonSettings) -> LiveAddress:
    """Where Live is, by the settings."""
    clients = tuple(split_client(one) for one in settings.clients)
    hub_port = settings.hub_port or None
    return LiveAddress(settings.host, settings.port, settings.reply_port, hub_port, clients)


def split_client(text: str) -> tuple[str, int]:
    """Host and port of a client in the settings, which have checked it."""
    host, _, port = text.rpartition(":")
    return host, int(port)


def find_number(word: str, names: tuple[str, ...], kind: str) -> int:
    """The number, from 0, of a track or scene: by its number from 1, or its name where one alone has it.

    Raises:
        ControlError: There is none, or several have that name.
    """
    if word.isascii() and word.isdecimal():
        return parse_whole(word, kind, len(names)) - 1
    found = [at for at, name in enumerate(names) if name.casefold() == word.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ", ".join(str(at + 1) for at in found)
        raise ControlError(f"{len(found)} {kind}s of Live are called {word!r}", f"give the number: {numbers}")
    raise ControlError(f"Live has no {kind} {word!r}", f"it has {list_names(names)}")


def parse_whole(word: str, what: str, most: int) -> int:
    """A whole number from 1 to ``most``. Raises: ControlError."""
    if not word.isascii() or not word.isdecimal() or len(word) > 9 or not 1 <= int(word) <= most:
        raise ControlError(f"{what} {word!r}", f"give 1 to {most}")
    return int(word)
