"""Live wiring: the tracks of Live that take what Sideman plays, with their inputs.

Live shows its routing in its own language and with the names of the user's devices, so no name is assumed: each is one
of a list that Live gives. The audio inputs of the interface are the type whose channels are numbers (1, 2, 1/2), and a
MIDI port is found by the words of its name, not by a prefix or a number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.core.audio import STEMS
from bridge.daw.ableton.live_client import LiveQuery, ask, set_value
from bridge.daw.ableton.live_follower import read_names
from bridge.daw.ableton.live_procedure import Procedure
from bridge.daw.ableton.live_protocol import LiveError, LiveRestartError, read_words

TRACK_MARK = "Sideman"
"""Start of the names of the tracks that are made here."""
MONITOR_IN = 0
"""Value of `current_monitoring_state` that lets the input through at all times (Live Object Model: Track)."""
SOUNDS: tuple[str, ...] = (*STEMS, "band")
"""Audio paths back to Live, a stereo pair each, in the order of the channels."""
CREATE_ROUNDS = 5
"""Tries to create a track."""
APPEAR_ATTEMPTS = 4
"""Looks for a track that is being created, before it is created again: 2.5 s."""

_NUMBERED = re.compile(r"\d+(/\d+)?")
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class WiringStep:
    """One input of a track of Live that was set: what, and to which of Live's own names."""

    track: str
    setting: str
    value: str


@dataclass(frozen=True, slots=True)
class WiringPlan:
    """What is to be wired: ``first``: the audio input, from 1, with the left channel of the first stem; ``midi_port``:
    words of the name of the MIDI port that the band's notes come from, empty for none."""

    first: int = 1
    midi_port: str = ""


def wire_live(plan: WiringPlan) -> Procedure[list[WiringStep]]:
    """Make the tracks that are missing, and set their inputs; returns what was set.

    Raises:
        LiveError: Live does not answer, or does not list such an input.
    """
    steps: list[WiringStep] = []
    for index, sound in enumerate(SOUNDS):
        left = plan.first + 2 * index
        name = f"{TRACK_MARK} {sound}"
        track = yield from _provide_track(name, "audio")
        steps += yield from _wire_audio(track, name, left)
    if plan.midi_port:
        name = f"{TRACK_MARK} notes"
        track = yield from _provide_track(name, "midi")
        steps += yield from _wire_midi(track, name, plan.midi_port)
    return steps


def find_pair(channels: Sequence[str], left: int) -> str:
    """The name of the stereo pair that begins at input ``left``, among the names that Live lists; empty where none."""
    wanted = [str(left), str(left + 1)]
    return next((name for name in channels if _NUMBER.findall(name) == wanted), "")


def find_port(names: Sequence[str], words: str) -> str:
    """The name among ``names`` that has all of ``words``, in any case and order; of several the shortest."""
    wanted = set(_WORD.findall(words.casefold()))
    found = [name for name in names if wanted and wanted <= set(_WORD.findall(name.casefold()))]
    return min(found, key=len, default="")


def _provide_track(name: str, kind: str) -> Procedure[int]:
    """The number of the track ``name``, which is created where it is missing.

    A creation may arrive twice, and then leaves a track too many: the next one that is needed takes it.
    """
    names = yield from read_names("track")
    if name in names:
        return names.index(name)
    has_midi = kind == "midi"
    spare = yield from _find_spare(names, has_midi)
    if spare is None:
        yield from _create_track(kind, len(names))
        spare = len(names)
    yield set_value("track", "name", name, spare)
    return spare


def _find_spare(names: Sequence[str], has_midi: bool) -> Procedure[int | None]:
    """A last track that was created here and has no name of ours yet: it follows one of ours."""
    if len(names) < 2 or names[-1].startswith(TRACK_MARK) or not names[-2].startswith(TRACK_MARK):
        return None
    last = len(names) - 1
    if bool((yield ask("/live/track/get/has_midi_input", last)).values[0]) != has_midi:
        return None
    clips = (yield ask("/live/track/get/clips/name", last, least=0)).values
    return None if any(clip is not None for clip in clips) else last


def _create_track(kind: str, count: int) -> Procedure[None]:
    """Create a track behind the ``count`` that are there, and wait for it."""
    address = "/live/song/get/num_tracks"

    def is_more(values: tuple[object, ...]) -> bool:
        return isinstance(values[0], int | float) and values[0] > count

    create = (f"/live/song/create_{kind}_track", (-1,))
    for _ in range(CREATE_ROUNDS):
        for messages, attempts in (((create, (address, ())), 1), (((address, ()),), APPEAR_ATTEMPTS)):
            try:
                yield LiveQuery(messages, address, (), 1, is_more, attempts)
            except LiveRestartError:
                raise
            except LiveError:
                continue
            return
    raise LiveError(f"Live made no {kind} track", "make it in Live, and call it as the others")


def _wire_audio(track: int, name: str, left: int) -> Procedure[list[WiringStep]]:
    types = read_words((yield ask("/live/track/get/available_input_routing_types", track, least=0)).values)
    present = (yield ask("/live/track/get/input_routing_type", track)).values[0]
    for kind in sorted(types, key=lambda one: one != present):
        if kind != present:
            yield set_value("track", "input_routing_type", kind, track)
            present = kind
        channels = read_words((yield ask("/live/track/get/available_input_routing_channels", track, least=0)).values)
        if channels and all(_NUMBERED.fullmatch(one.strip()) for one in channels):
            pair = find_pair(channels, left)
            if not pair:
                raise LiveError(
                    f"Live lists no input {left}/{left + 1} for {name}",
                    "switch it on in Live's audio preferences, Input Config, or give another first input",
                )
            yield set_value("track", "input_routing_channel", pair, track)
            yield set_value("track", "current_monitoring_state", MONITOR_IN, track)
            return [WiringStep(name, "input", kind), WiringStep(name, "channel", pair)]
    raise LiveError("Live lists no audio inputs with numbers", "choose an audio device in Live's preferences")


def _wire_midi(track: int, name: str, words: str) -> Procedure[list[WiringStep]]:
    types = read_words((yield ask("/live/track/get/available_input_routing_types", track, least=0)).values)
    port = find_port(types, words)
    if not port:
        raise LiveError(
            f"Live lists no MIDI input with the words {words!r} for {name}; it lists {', '.join(types) or 'none'}",
            "switch the port on in Live's MIDI preferences (Track), or set midi_port under [ableton]",
        )
    yield set_value("track", "input_routing_type", port, track)
    yield set_value("track", "current_monitoring_state", MONITOR_IN, track)
    return [WiringStep(name, "input", port)]
