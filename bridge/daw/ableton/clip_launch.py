"""Clip launch: a clip of Live started on a bar, in phase with the song.

A message takes up to a tick of Live and longer: how long is measured. Live itself starts a clip exactly on the bar,
where its quantization is one bar; so the message is sent when it surely arrives before that bar. Behind the bar the
position of the clip is measured against the song's: where Live has started it a bar late, or on another beat, it is
started again, and what remains is reported.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bridge.daw.ableton.clip_target import ClipTarget, check_target
from bridge.daw.ableton.live_client import LiveClient, LiveQuery, LiveReply, ask, set_value
from bridge.daw.ableton.live_procedure import Procedure, check_when_refused
from bridge.daw.ableton.live_protocol import LiveError, LiveRestartError

ONE_BAR = 4
"""Value of `clip_trigger_quantization` for one bar (Live Object Model: Song)."""
ROUNDS = 8
"""Tries to start the clip; each takes a bar at most."""
SPARE_TICKS = 1.0
"""Ticks that are kept beside the longest round trip, before the bar."""
TOLERANCE_BEATS = 0.25
"""Largest difference of the positions that counts as started on the bar: both are known within some ms, a bar is
farther."""


@dataclass(frozen=True, slots=True)
class ClipLaunch:
    """How a clip was started: on which beat of the song, with which measured difference of the clip's position (in
    beats, positive where the clip is ahead), and in how many tries. Beat 0 and no difference where Live stood."""

    target: ClipTarget
    beat: float
    offset_beats: float
    tries: int


@dataclass(frozen=True, slots=True)
class _Song:
    tempo_bpm: float
    bar_beats: float

    def to_seconds(self, beats: float) -> float:
        return beats * 60.0 / self.tempo_bpm

    def beat_at(self, reply: LiveReply, at_s: float) -> float:
        """The position at ``at_s``, from the reply to a question for it."""
        return _read_number(reply) + (at_s - reply.received_s) * self.tempo_bpm / 60.0


def launch_clip(client: LiveClient, target: ClipTarget, origin: float | None = None) -> Procedure[ClipLaunch]:
    """Start a clip on the next bar that the message can reach, in phase with the song.

    ``origin``: the beat of the song that the clip's start belongs to; None to start the clip from its start marker.

    Raises:
        LiveError: The track, the scene or the clip is not there, or Live did not start it.
    """
    return (yield from check_when_refused(_launch(client, target, origin), lambda: check_target(target)))


def _launch(client: LiveClient, target: ClipTarget, origin: float | None) -> Procedure[ClipLaunch]:
    if not (yield ask("/live/clip_slot/get/has_clip", *target.ids)).values[0]:
        raise LiveError(f"slot {target.slot + 1} of track {target.track + 1} is empty", "write a clip first")
    if not (yield ask("/live/song/get/is_playing")).values[0]:
        if origin is not None:
            yield set_value("clip", "start_marker", 0.0, *target.ids)
        return (yield from _launch_stopped(target))
    quantization = (yield ask("/live/song/get/clip_trigger_quantization")).values[0]
    if quantization == ONE_BAR:
        return (yield from _launch_rolling(client, target, origin))
    yield set_value("song", "clip_trigger_quantization", ONE_BAR)
    try:
        launch = yield from _launch_rolling(client, target, origin)
    except LiveRestartError:
        raise
    except LiveError:
        yield set_value("song", "clip_trigger_quantization", quantization)
        raise
    yield set_value("song", "clip_trigger_quantization", quantization)
    return launch


def _launch_stopped(target: ClipTarget) -> Procedure[ClipLaunch]:
    """Live is stopped: its transport starts at once, the clip with it."""
    for number in range(1, ROUNDS + 1):
        yield from _fire(target)
        if (yield ask("/live/clip/get/is_playing", *target.ids)).values[0]:
            return ClipLaunch(target, 0.0, 0.0, number)
    raise LiveError(f"Live did not start slot {target.slot + 1} of track {target.track + 1}", "start it in Live")


def _launch_rolling(client: LiveClient, target: ClipTarget, origin: float | None) -> Procedure[ClipLaunch]:
    for number in range(1, ROUNDS + 1):
        song = yield from _read_song()
        length = _read_number((yield ask("/live/clip/get/length", *target.ids)))
        reply = yield ask("/live/song/get/current_song_time")
        bar = yield from _wait_for_room(client, song, reply)
        start = _read_number((yield ask("/live/clip/get/start_marker", *target.ids)))
        if origin is not None:
            start = (bar - origin) % length
            yield set_value("clip", "start_marker", start, *target.ids)
        reply = yield ask("/live/song/get/current_song_time")
        if bar - _read_number(reply) < _compute_lead(client, song):
            continue  # setting it took too long: the next bar
        yield from _fire(target)
        reply = yield ask("/live/song/get/current_song_time")
        after_s = song.to_seconds(bar - _read_number(reply))
        yield max(after_s, 0.0) + _compute_margin_s(client)
        offset = yield from _measure_offset(song, target, length, start - bar)
        if offset is not None and abs(offset) < TOLERANCE_BEATS:
            return ClipLaunch(target, bar, offset, number)
    raise LiveError(
        f"Live did not start slot {target.slot + 1} of track {target.track + 1} on a bar",
        "is its launch quantization Global, and its launch mode Trigger?",
    )


def _wait_for_room(client: LiveClient, song: _Song, reply: LiveReply) -> Procedure[float]:
    """Wait until the next bar is far enough away for two messages and their replies; returns its beat."""
    while True:
        beat = _read_number(reply)
        bar = (math.floor(beat / song.bar_beats) + 1) * song.bar_beats
        needed = min(3.0 * _compute_lead(client, song), 0.75 * song.bar_beats)
        if bar - beat >= needed:
            return bar
        yield song.to_seconds(bar - beat) + client.tick_s / 10.0
        reply = yield ask("/live/song/get/current_song_time")


def _measure_offset(song: _Song, target: ClipTarget, length: float, start: float) -> Procedure[float | None]:
    """How far the clip is ahead of its place in the song, in beats within half of its length; None where it stands.

    ``start``: the position of the clip at beat 0 of the song.
    """
    if not (yield ask("/live/clip/get/is_playing", *target.ids)).values[0]:
        return None
    reply = yield ask("/live/song/get/current_song_time")
    position = yield ask("/live/clip/get/playing_position", *target.ids)
    wanted = start + song.beat_at(reply, position.received_s)
    return (_read_number(position) - wanted + length / 2) % length - length / 2


def _read_song() -> Procedure[_Song]:
    tempo_bpm = _read_number((yield ask("/live/song/get/tempo")))
    numerator = _read_number((yield ask("/live/song/get/signature_numerator")))
    denominator = _read_number((yield ask("/live/song/get/signature_denominator")))
    return _Song(max(tempo_bpm, 1.0), 4.0 * max(numerator, 1.0) / max(denominator, 1.0))


def _fire(target: ClipTarget) -> Procedure[None]:
    """Start the clip, by one message: a second one behind the bar would start it again."""
    address = "/live/clip_slot/get/is_triggered"
    try:
        yield LiveQuery((("/live/clip/fire", target.ids), (address, target.ids)), address, target.ids, 1, attempts=1)
    except LiveRestartError:
        raise
    except LiveError:
        return  # whether the message or its reply was lost, the clip's position will show


def _compute_margin_s(client: LiveClient) -> float:
    """Time that a message surely needs to arrive, in seconds."""
    return client.round_trip_s + SPARE_TICKS * client.tick_s


def _compute_lead(client: LiveClient, song: _Song) -> float:
    """The same in beats."""
    return _compute_margin_s(client) * song.tempo_bpm / 60.0


def _read_number(reply: LiveReply) -> float:
    value = reply.values[0]
    return float(value) if isinstance(value, int | float) else 0.0
