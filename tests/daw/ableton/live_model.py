"""Model of AbletonOSC and of the part of Live behind it, with the habits that cost users time.

As read in AbletonOSC's source and measured with it: it looks at its socket once in a tick; an error in a message leaves
the rest of its bundle undone, and the messages behind it wait for the next tick; clips are there ticks after they were
created; listeners may answer twice after a reload; at the start it sends `/live/startup` and a message without
arguments. No socket and no clock here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bridge.daw.ableton.clip_notes import ClipNote
from bridge.daw.ableton.live_protocol import FAILURE, STARTUP, make_datagram, read_datagram
from bridge.osc.wire import Args, Message

LARGEST = 9216
"""Bytes of a datagram that macOS sends: a larger one never leaves the sender."""
NUMERIC = ("1", "2", "3", "4", "1/2", "3/4", "5/6", "7/8", "9/10", "11/12")

TRACK_PROPERTIES = ("has_midi_input", "name", "current_monitoring_state")


@dataclass
class ModelClip:
    """A MIDI clip."""

    length: float
    notes: list[ClipNote] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)
    launched_beat: float | None = None
    fired_for: float | None = None

    def __post_init__(self) -> None:
        self.values = {"name": "", "looping": True, "loop_start": 0.0, "loop_end": self.length} | self.values
        self.values = {"start_marker": 0.0, "end_marker": self.length, "is_midi_clip": True} | self.values


@dataclass
class ModelTrack:
    """A track with clip slots; routing by the names that this Live shows."""

    name: str
    midi: bool = True
    slots: list[ModelClip | None] = field(default_factory=lambda: [None] * 8)
    input_type: str = ""
    input_channel: str = ""
    monitoring: int = 1


class LiveModel:
    """AbletonOSC in a Live set; `tick` takes what arrived, in order, and returns what is sent back."""

    def __init__(self, clip_ticks: int = 2, external: str = "Ext. In", midi_ports: Sequence[str] = ()) -> None:
        """``clip_ticks``: until a created clip is there. ``external``: the name of the audio inputs in its language."""
        self.clip_ticks, self.external, self.midi_ports = clip_ticks, external, tuple(midi_ports)
        self.song: dict[str, object] = {
            "tempo": 120.0,
            "is_playing": False,
            "signature_numerator": 4,
            "signature_denominator": 4,
            "clip_trigger_quantization": 4,
        }
        self.tracks = [ModelTrack("Bass"), ModelTrack("Keys"), ModelTrack("Gesang", midi=False)]
        self.scenes = ["Intro", "Verse", *[""] * 6]
        self.listeners: dict[tuple[str, Args], int] = {}
        self.beat_listening = False
        self.late_bars = 0
        """Bars by which the next clip starts late: its message took too long."""
        self.received: list[Message] = []
        self.beat = 0.0
        self._pending: list[tuple[int, int, int, float]] = []
        self._tick = 0
        self._now_s = 0.0
        self._last_beat = -1
        self._out: list[Message] = []
        self._left: list[bytes] = []

    def restart(self) -> list[bytes]:
        """Start the control surface again, as after a reload; returns what it sends. The set stays as it is."""
        self.listeners.clear()
        self.beat_listening = False
        self._left.clear()
        return [make_datagram([(STARTUP, ())]), make_datagram([("/live/application/get/average_process_usage", ())])]

    def tick(self, now_s: float, datagrams: Sequence[bytes]) -> list[bytes]:
        """One tick of Live's main thread at ``now_s``."""
        self._tick += 1
        self._move(now_s)
        for due, track, slot, length in [one for one in self._pending if one[0] <= self._tick]:
            self._pending.remove((due, track, slot, length))
            if self.tracks[track].slots[slot] is None:
                self.tracks[track].slots[slot] = ModelClip(length)
        self._left.extend(datagrams)
        while self._left:
            try:
                for message in read_datagram(self._left.pop(0)):
                    self._process(message)
            except Exception as error:  # noqa: BLE001 - as in AbletonOSC: the rest waits for the next tick
                self._out.append((FAILURE, (f"Error handling OSC message: {error}",)))
                break
        out, self._out = self._out, []
        return [datagram for datagram in (make_datagram([one]) for one in out) if len(datagram) <= LARGEST]

    def change(self, name: str, value: object) -> None:
        """Change a property of the song, as the user does in Live."""
        self.song[name] = value
        for _ in range(self.listeners.get((f"/live/song/get/{name}", ()), 0)):
            self._out.append((f"/live/song/get/{name}", (value,)))

    def send(self, *messages: Message) -> None:
        """Send messages in the next tick, each in a datagram."""
        self._out.extend(messages)

    def get_clip(self, track: int, slot: int) -> ModelClip:
        """The clip in a slot, which has one."""
        clip = self.tracks[track].slots[slot]
        assert clip is not None
        return clip

    @property
    def bar_beats(self) -> float:
        return float(str(self.song["signature_numerator"])) * 4 / float(str(self.song["signature_denominator"]))

    def _move(self, now_s: float) -> None:
        passed_s, self._now_s = now_s - self._now_s, now_s
        if not self.song["is_playing"]:
            return
        self.beat += passed_s * float(str(self.song["tempo"])) / 60.0
        if self.beat_listening and int(self.beat) != self._last_beat:
            self._out.append(("/live/song/get/beat", (int(self.beat),)))
        self._last_beat = int(self.beat)
        for track in self.tracks:
            for clip in track.slots:
                if clip is not None and clip.fired_for is not None and self.beat >= clip.fired_for:
                    clip.launched_beat, clip.fired_for = clip.fired_for, None

    def _process(self, message: Message) -> None:
        address, args = message
        self.received.append(message)
        _, top, kind, *rest = address.split("/")
        name = "/".join(rest)
        handler: Callable[[str, Args], Args | None] | None = {
            "song": self._song, "track": self._track, "clip": self._clip, "clip_slot": self._slot,
            "application": self._application,
        }.get(kind)  # fmt: skip
        if address == "/live/test":
            self._out.append((address, ("ok",)))
            return
        if address == "/live/track/get/*":  # each property that there is; errors are passed over
            for prop in TRACK_PROPERTIES:
                self._process((f"/live/track/get/{prop}", args))
            return
        if top != "live" or handler is None:
            self._out.append((FAILURE, (f"Unknown OSC address: {address}",)))
            return
        if name.startswith(("start_listen/", "stop_listen/")):
            self._listen(kind, name, args, handler)
            return
        try:
            reply = handler(name, args)
        except NotImplementedError:
            self._out.append((FAILURE, (f"Unknown OSC address: {address}",)))
            return
        if reply is not None:
            self._out.append((address, reply))

    def _listen(self, kind: str, name: str, args: Args, handler: Callable[[str, Args], Args | None]) -> None:
        verb, _, prop = name.partition("/")
        if (kind, prop) == ("song", "beat"):
            self.beat_listening = verb == "start_listen"
            return
        address = f"/live/{kind}/get/{prop}"
        if verb == "stop_listen":
            self.listeners.pop((address, args), None)
            return
        self.listeners[(address, args)] = 1
        reply = handler(f"get/{prop}", args)
        assert reply is not None
        self._out.append((address, reply))

    def _application(self, name: str, args: Args) -> Args | None:
        if name != "get/version":
            raise NotImplementedError
        return (12, 1)

    def _song(self, name: str, args: Args) -> Args | None:
        verb, _, prop = name.partition("/")
        if verb == "get":
            lists: dict[str, Args] = {
                "num_tracks": (len(self.tracks),),
                "num_scenes": (len(self.scenes),),
                "current_song_time": (self.beat,),
            }
            if prop in ("track_names", "scene_names"):
                names = [one.name for one in self.tracks] if prop == "track_names" else self.scenes
                first, last = (int(str(one)) for one in args) if args else (0, len(names))
                return tuple(names[at] for at in range(first, last))
            if prop in lists:
                return lists[prop]
            if prop not in self.song:
                raise NotImplementedError
            return (self.song[prop],)
        if verb == "set":
            self.change(prop, args[0])
        elif verb in ("start_playing", "continue_playing"):
            self.beat = self.beat if verb == "continue_playing" else 0.0
            self.change("is_playing", True)
        elif verb == "stop_playing":
            self.change("is_playing", False)
        elif verb in ("create_audio_track", "create_midi_track"):
            midi = verb == "create_midi_track"
            own = "All Ins" if midi else self.external
            self.tracks.append(ModelTrack(f"{len(self.tracks) + 1}-New", midi, input_type=own, input_channel="1/2"))
        else:
            raise NotImplementedError
        return None

    def _track(self, name: str, args: Args) -> Args | None:
        index = 0 if args[0] == "*" else int(str(args[0]))  # of all tracks the first one alone is answered
        track = self.tracks[index]
        types = (
            ("All Ins", "Computer Keyboard", *self.midi_ports) if track.midi else (self.external, "Resampling", "Bass")
        )
        channels: tuple[str, ...] = NUMERIC if track.input_type == self.external else ("Pre FX", "Post FX")
        if track.midi:
            channels = ("All Channels", *(f"Ch. {number}" for number in range(1, 17)))
        lists = {"available_input_routing_types": types, "available_input_routing_channels": channels}
        fields = {
            "name": "name", "input_routing_type": "input_type", "input_routing_channel": "input_channel",
            "current_monitoring_state": "monitoring",
        }  # fmt: skip
        verb, _, prop = name.partition("/")
        if verb == "get" and prop in lists:
            return (index, *lists[prop])
        if verb == "get" and prop == "has_midi_input":
            return index, track.midi
        if name == "get/clips/name":
            return (index, *(None if clip is None else clip.values["name"] for clip in track.slots))
        if prop not in fields:
            raise NotImplementedError
        if verb == "get":
            return index, getattr(track, fields[prop])
        known = lists.get(f"available_{prop}s")
        if known is None or args[1] in known:
            setattr(track, fields[prop], args[1])
        return None

    def _slot(self, name: str, args: Args) -> Args | None:
        track, slot = int(str(args[0])), int(str(args[1]))
        clip = self.tracks[track].slots[slot]
        if name == "get/has_clip":
            return track, slot, clip is not None
        if name == "get/is_triggered":
            return track, slot, clip is not None and clip.fired_for is not None
        if name != "create_clip":
            raise NotImplementedError
        if clip is not None:
            raise RuntimeError("Clip slot already has a clip")
        self._pending.append((self._tick + self.clip_ticks, track, slot, float(str(args[2]))))
        return None

    def _clip(self, name: str, args: Args) -> Args | None:
        track, slot, *rest = args
        clip = self.get_clip(int(str(track)), int(str(slot)))
        if name in ("get/notes", "remove/notes", "add/notes"):
            return self._notes(clip, name, args[:2], rest)
        if name == "fire":
            self._fire(clip)
            return None
        verb, _, prop = name.partition("/")
        if name == "get/is_playing":
            return track, slot, clip.launched_beat is not None
        if name == "get/playing_position":
            return track, slot, self.find_position(clip)
        if prop == "length":
            return track, slot, float(str(clip.values["loop_end"])) - float(str(clip.values["loop_start"]))
        if prop not in clip.values:
            raise NotImplementedError
        if verb == "get":
            return track, slot, clip.values[prop]
        clip.values[prop] = rest[0]
        return None

    def find_position(self, clip: ModelClip) -> float:
        """Where a clip that was launched plays, in beats of the clip."""
        if clip.launched_beat is None:
            return 0.0
        length = float(str(clip.values["loop_end"]))
        return (float(str(clip.values["start_marker"])) + self.beat - clip.launched_beat) % length

    def _fire(self, clip: ModelClip) -> None:
        if not self.song["is_playing"]:
            self.beat = 0.0
            self.change("is_playing", True)
            clip.launched_beat, clip.fired_for = 0.0, None
            return
        if self.song["clip_trigger_quantization"] != 4:
            clip.launched_beat, clip.fired_for = self.beat, None
            return
        clip.fired_for = (self.beat // self.bar_beats + 1 + self.late_bars) * self.bar_beats
        self.late_bars = 0

    def _notes(self, clip: ModelClip, name: str, ids: Args, rest: Sequence[object]) -> Args | None:
        if name == "add/notes":
            for at in range(0, len(rest), 5):
                pitch, start, duration, velocity, mute = (float(str(int(one) if isinstance(one, bool) else one))
                                                          for one in rest[at : at + 5])  # fmt: skip
                clip.notes.append(ClipNote(start, int(pitch), duration, velocity, bool(mute)))
            return None
        low, span, start, length = (float(str(one)) for one in (rest or (0, 127, -8192, 16384)))
        inside = [
            note for note in clip.notes if low <= note.pitch < low + span and start <= note.start < start + length
        ]
        if name == "remove/notes":
            clip.notes = [note for note in clip.notes if note not in inside]
            return None
        return (*ids, *(value for note in inside for value in note.values))
