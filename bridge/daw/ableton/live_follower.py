"""Live follower: transport, tempo, tracks and scenes of the set, as Live tells them, and whether Live answers.

Lists are asked for at times, because Live tells nobody that they changed; the rest is listened to.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from bridge.daw.ableton.live_client import LiveClient, LiveQuery, LiveReply, Outcome, ask
from bridge.daw.ableton.live_listeners import LiveListeners
from bridge.daw.ableton.live_procedure import Procedure, ProcedureRunner
from bridge.daw.ableton.live_protocol import LiveError, QueryKey, read_words
from bridge.osc.wire import Message

OWNER = "sidecar"
"""The owner of the follower's listeners."""
POLL_S, SEARCH_S = 1.0, 4.0
"""Time between two questions for the position while Live answers, and at most while it does not."""
LISTS_S = 2.0
"""Time between two readings of the lists."""
LOST_S = 4.0
"""Silence after which Live counts as lost: four questions without an answer."""
MOST_NAMES = 64
"""Names in one reply: with 60 characters each they fit a datagram."""

LISTENED: tuple[QueryKey, ...] = tuple(
    (f"/live/song/get/{name}", ())
    for name in ("tempo", "is_playing", "signature_numerator", "signature_denominator", "beat")
)


@dataclass(frozen=True, slots=True)
class LiveTrack:
    """A track: its name, and whether it takes MIDI."""

    name: str
    midi: bool


@dataclass(slots=True)
class LiveSet:
    """The set that is open in Live.

    Attributes:
        beat: Position in quarter notes from the start, at ``beat_s`` of the client's clock.
        tempo_bpm: Quarter notes per minute; 0 while unknown.
        numerator: Of the time signature, as is ``denominator``.
        version: Of Live; empty while unknown.
    """

    rolling: bool = False
    beat: float = 0.0
    beat_s: float = 0.0
    tempo_bpm: float = 0.0
    numerator: int = 4
    denominator: int = 4
    version: str = ""
    tracks: tuple[LiveTrack, ...] = ()
    scenes: tuple[str, ...] = ()

    @property
    def bar_beats(self) -> float:
        """Quarter notes per bar."""
        return 4.0 * self.numerator / self.denominator

    def beat_at(self, at_s: float) -> float:
        """The position at ``at_s`` of the client's clock."""
        return self.beat + ((at_s - self.beat_s) * self.tempo_bpm / 60.0 if self.rolling else 0.0)


@dataclass(slots=True)
class LiveFollower:
    """Follows one Live. Not thread-safe; the time is an argument."""

    client: LiveClient
    runner: ProcedureRunner
    listeners: LiveListeners
    live_set: LiveSet = field(default_factory=LiveSet)
    is_connected: bool = False
    _poll_s: float = float("-inf")
    _wait_s: float = POLL_S
    _lists_s: float = float("-inf")
    _lists: Future[None] | None = None
    _restarts: int = 0

    def start(self) -> None:
        """Begin to listen."""
        for key in LISTENED:
            self.listeners.add(OWNER, key)

    def stop(self) -> None:
        """End listening: Live sends nothing more."""
        self.listeners.remove_owner(OWNER)

    def ask_at_once(self) -> None:
        """Ask at the next `update`, and wait as shortly as at the start where Live stays silent."""
        self._poll_s, self._wait_s = float("-inf"), POLL_S

    def update(self, now_s: float) -> None:
        """Ask for what is due."""
        was_connected, self.is_connected = self.is_connected, now_s - self.client.last_reply_s < LOST_S
        if self._restarts != self.client.restarts or (self.is_connected and not was_connected):
            self._restarts = self.client.restarts
            self._lists_s = self._poll_s = float("-inf")
        if now_s >= self._poll_s:
            self._wait_s = POLL_S if self.is_connected else min(2.0 * self._wait_s, SEARCH_S)
            self._poll_s = now_s + self._wait_s
            self.client.start(ask("/live/song/get/current_song_time", attempts=1), self._take_position)
        if self.is_connected and now_s >= self._lists_s and (self._lists is None or self._lists.done()):
            self._lists_s = now_s + LISTS_S
            self._lists = Future()
            self.runner.start(self._read_lists(), self._lists)

    def receive(self, message: Message, now_s: float) -> None:
        """Take a message from Live. Equal ones, such as those of a doubled listener, change nothing."""
        address, args = message
        take = _TAKERS.get(address)
        if take is not None and args and isinstance(args[0], int | float):
            take(self.live_set, float(args[0]), now_s)

    def _take_position(self, outcome: Outcome) -> None:
        if isinstance(outcome, LiveReply) and isinstance(outcome.values[0], int | float):
            self.live_set.beat, self.live_set.beat_s = float(outcome.values[0]), outcome.received_s

    def _read_lists(self) -> Procedure[None]:
        """Read what is in the set; an error leaves what was known, until the next time."""
        try:
            if not self.live_set.version:
                major, minor = (yield ask("/live/application/get/version", least=2)).values[:2]
                self.live_set.version = f"{major}.{minor}"
            names = yield from read_names("track")
            if names != tuple(track.name for track in self.live_set.tracks):
                tracks = []
                for index, name in enumerate(names):
                    reply = yield ask("/live/track/get/has_midi_input", index)
                    tracks.append(LiveTrack(name, bool(reply.values[0])))
                self.live_set.tracks = tuple(tracks)
            self.live_set.scenes = yield from read_names("scene")
        except LiveError:
            return


def read_names(kind: str) -> Procedure[tuple[str, ...]]:
    """The names of all tracks or scenes, in pieces that fit a datagram.

    Raises:
        LiveError: Live does not answer.
    """
    count = (yield ask(f"/live/song/get/num_{kind}s")).values[0]
    total = int(count) if isinstance(count, int | float) else 0
    address = f"/live/song/get/{kind}_names"
    names: list[str] = []
    for first in range(0, total, MOST_NAMES):
        last = min(first + MOST_NAMES, total)
        wanted = last - first
        reply = yield LiveQuery(((address, (first, last)),), address, (), 1, _has_length(wanted))
        names += read_words(reply.values)
    return tuple(names)


def _has_length(wanted: int) -> Callable[[tuple[object, ...]], bool]:
    return lambda values: len(values) == wanted


def _take_tempo(live_set: LiveSet, value: float, now_s: float) -> None:
    live_set.beat, live_set.beat_s = live_set.beat_at(now_s), now_s
    live_set.tempo_bpm = value


def _take_rolling(live_set: LiveSet, value: float, now_s: float) -> None:
    live_set.beat, live_set.beat_s = live_set.beat_at(now_s), now_s
    live_set.rolling = bool(value)


def _take_beat(live_set: LiveSet, value: float, now_s: float) -> None:
    """A beat that has begun, up to a tick ago: the position of the last answer is better, unless it is elsewhere."""
    if not value <= live_set.beat_at(now_s) < value + 1.0:
        live_set.beat, live_set.beat_s = value, now_s


def _take_numerator(live_set: LiveSet, value: float, _now_s: float) -> None:
    live_set.numerator = max(int(value), 1)


def _take_denominator(live_set: LiveSet, value: float, _now_s: float) -> None:
    live_set.denominator = max(int(value), 1)


_TAKERS: dict[str, Callable[[LiveSet, float, float], None]] = {
    "/live/song/get/tempo": _take_tempo,
    "/live/song/get/is_playing": _take_rolling,
    "/live/song/get/beat": _take_beat,
    "/live/song/get/signature_numerator": _take_numerator,
    "/live/song/get/signature_denominator": _take_denominator,
}
