"""Messages between a host process and its parent: requests down, events and results up, one JSON object a line.

Audio goes through files that both map (`AudioSegment`), not through the pipe.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from chains.document.chain import Chain


class AudioSegment(msgspec.Struct, frozen=True):
    """Float32 audio in a file, shape (channels, frames), one channel behind the other."""

    path: str
    channels: int
    frames: int


class MidiNote(msgspec.Struct, frozen=True):
    """A note for an instrument; times in seconds from the start of the segment. ``pitch``, ``velocity``: 0 to 127."""

    start_s: float
    length_s: float
    pitch: int
    velocity: int
    channel: int = 0


class LoadRequest(msgspec.Struct, frozen=True, tag="load"):
    """Load a chain and prepare it.

    ``rate``: in Hz. ``block_frames``: the largest block that will follow. ``host``: ``auto``, or the host that has to
    load every plugin: ``pedalboard``, ``dawdreamer``. ``folder``: of the chain's file, for ``state_file``.
    """

    chain: Chain
    rate: int
    block_frames: int = 8192
    host: str = "auto"
    folder: str = ""


class RenderRequest(msgspec.Struct, frozen=True, tag="render"):
    """Render ``source`` through the chain into ``sink``, aligned: the latency is taken off.

    ``sink`` may be longer than ``source``: the tail. ``block_frames``: how much a plugin gets at a time.
    ``beats_s``: the time of each beat from beat 0 on, for automation and tempo; empty: from ``tempo_bpm``.
    ``sidechains``: audio by the name that members use. ``resets``: start from silence; else continue in the plugins'
    present state. ``block_sizes``: sizes of blocks that follow one another, again and again, instead of
    ``block_frames``, for plugins in Pedalboard; DawDreamer has one size, and Pedalboard's own effects need one.
    """

    source: AudioSegment
    sink: AudioSegment
    block_frames: int = 8192
    tempo_bpm: float = 0.0
    beats_s: tuple[float, ...] = ()
    sidechains: dict[str, AudioSegment] = {}
    notes: tuple[MidiNote, ...] = ()
    is_compensated: bool = True
    resets: bool = True
    block_sizes: tuple[int, ...] = ()


class ParametersRequest(msgspec.Struct, frozen=True, tag="parameters"):
    """Ask for the parameters of a member, after ``values`` were set by name: numbers are raw values from 0 to 1."""

    member: str
    values: dict[str, float | str] = {}


class StateRequest(msgspec.Struct, frozen=True, tag="state"):
    """Ask for the state of a member (``state`` empty), or load ``state``: a .vstpreset in base64."""

    member: str
    state: str = ""


class EndRequest(msgspec.Struct, frozen=True, tag="end"):
    """End the process in order."""


Request: TypeAlias = LoadRequest | RenderRequest | ParametersRequest | StateRequest | EndRequest


class Step(msgspec.Struct, frozen=True, tag="step"):
    """Written before the host touches a plugin, so that the parent knows the culprit of a crash.

    ``step``: load, state, parameters, prepare, render.
    """

    step: str
    plugin: str = ""


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """Frames of a render that are done."""

    frames: int


UNKNOWN_TAIL_S = -1.0
"""Tail of a member whose host does not pass on what it says: any plugin, and a program."""


class MemberFacts(msgspec.Struct, frozen=True):
    """What a loaded member is.

    ``latency_frames``: at the rate of the chain, as the plugin reports it now. ``layout``: stereo or double.
    ``extra_outputs``: outputs that are left out. ``tail_s``: -1 where not known. ``warnings``: sentences for the user.
    """

    label: str
    host: str
    name: str = ""
    version: str = ""
    id: str = ""
    path: str = ""
    layout: str = "stereo"
    latency_frames: int = 0
    extra_outputs: int = 0
    fingerprint: str = ""
    tail_s: float = 0.0
    warnings: tuple[str, ...] = ()


class LoadResult(msgspec.Struct, frozen=True, tag="loaded"):
    """The chain is ready. ``latency_frames``: of the whole chain. ``load_s``: how long loading took."""

    members: tuple[MemberFacts, ...]
    latency_frames: int
    load_s: float = 0.0


class RenderResult(msgspec.Struct, frozen=True, tag="rendered"):
    """The render is in the sink.

    ``latency_frames``: of the whole chain after it. ``latency_changes``: frame and new latency of each change
    meanwhile. ``bad_frames``: frames with NaN or infinity. ``peak``: the largest magnitude. ``warnings``: sentences.
    ``bad_members``: the members that gave bad frames, the first one first.
    """

    frames: int
    latency_frames: int
    latency_changes: tuple[tuple[int, int], ...] = ()
    bad_frames: int = 0
    peak: float = 0.0
    cpu_s: float = 0.0
    warnings: tuple[str, ...] = ()
    bad_members: tuple[str, ...] = ()


class ParameterFacts(msgspec.Struct, frozen=True):
    """A parameter of a plugin. ``raw``: 0 to 1. ``low``, ``high``, ``unit``: where the texts are numbers."""

    name: str
    raw: float
    text: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    steps: int = 0
    is_automatable: bool = True
    index: int = 0


class ParametersResult(msgspec.Struct, frozen=True, tag="parameters"):
    """The parameters of a member, read back."""

    parameters: tuple[ParameterFacts, ...]
    latency_frames: int = 0


class StateResult(msgspec.Struct, frozen=True, tag="state"):
    """The state of a member as a .vstpreset in base64; empty where the host cannot save it."""

    state: str
    latency_frames: int = 0


class Failure(msgspec.Struct, frozen=True, tag="failed"):
    """The request was refused by the host or the plugin."""

    message: str
    hint: str
    plugin: str = ""
    step: str = ""
    verdict: str = "refused"


Reply: TypeAlias = Step | Progress | LoadResult | RenderResult | ParametersResult | StateResult | Failure
