"""Declarations of the sidecar's own controls, actions and readings; engines add theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bridge.control.registry import Registry
from bridge.core.audio import ANALYSERS, SOURCES, STEMS, db_to_gain
from bridge.core.control import Action, Control, Reading
from bridge.core.events import CHORD_SOURCES
from bridge.core.latency import PATHS
from bridge.core.role import ROLES

OWNER = "the sidecar"
"""The owner, in the registry, of what is declared here."""

RESERVE_FRAMES: Mapping[str, int] = {role: spec.reserve_frames for role, spec in ROLES.items()}
"""Default compute headroom of each role's worker."""

ACTIONS: tuple[Action, ...] = (
    Action("transport.panic", "Release all sounding notes."),
    Action("engines.reset", "Reset the engines."),
    Action(
        "preset.save",
        "Save the controls as a session preset in the user's folder.",
        arguments=("name",),
        uses_files=True,
    ),
    Action(
        "preset.load", "Load a session preset: set the controls that it names.", arguments=("name",), uses_files=True
    ),
    Action(
        "latency.tune",
        "Set each worker's reserve to the minimum that 99.9 % of its hops meet, unless it runs ahead of the input.",
    ),
    Action("counters.reset", "Set all counters to 0: late frames, skipped cycles, xruns, late and lost MIDI events."),
    Action(
        "controllers.reload",
        "Open the MIDI controllers anew and read their mappings again; one that is refused leaves the last good one.",
        uses_files=True,
    ),
    Action(
        "learn.start",
        "Learn which fader, knob or button is to set this control or trigger this action: move it now.",
        arguments=("control",),
        uses_files=True,
    ),
    Action(
        "learn.take",
        "Bind the candidate of this rank, 1 is the likeliest, and write the mapping.",
        arguments=("rank",),
        uses_files=True,
    ),
    Action(
        "learn.forget",
        "Remove what sets this control, or triggers this action, from the mapping.",
        arguments=("control",),
        uses_files=True,
    ),
    Action("learn.undo", "Restore the mapping as it was before the last change by learning.", uses_files=True),
    Action("learn.cancel", "End learning, and bind nothing."),
)

READINGS: tuple[Reading, ...] = (
    Reading(
        "sideman",
        ("name", "version", "protocol", "instance", "host", "pid", "started_s", "server", "rate", "state"),
        "Which sidecar this is. protocol: number of the OSC protocol. instance: differs after each start. started_s: "
        "seconds since 1970. server: the JACK server, or offline. state: running, waiting for the JACK server.",
    ),
    Reading(
        "change",
        ("sequence", "control", "value", "source"),
        "A control was set to a value by a source: osc, an address and a port; controller; preset. sequence: number "
        "of the change since the start, so that a gap shows a lost message.",
        queued=True,
        history=200,
    ),
    Reading(
        "log",
        ("time_ms", "level", "source", "text"),
        "A line of the sidecar's log. time_ms: since 1970. level: debug, info, warning, error.",
        queued=True,
        history=200,
    ),
    Reading(
        "counters",
        (
            "period",
            "rate",
            "cycles",
            "skipped",
            "gap_frames",
            "late_frames",
            "xruns",
            "restarts",
            "late_events",
            "lost_events",
            "slips",
            "faults",
            "dropped_hops",
        ),
        "Period (frames) and rate (Hz) of the audio system, and faults since the counters were reset. "
        "late_events: MIDI events that were ready after their time. lost_events: MIDI messages that were too long, "
        "or too many at once, at an input or output. slips: periods that overlap the previous one in JACK's time. "
        "faults: hops in which an engine failed. dropped_hops: hops that a worker skipped to catch up.",
    ),
    Reading(
        "latency",
        ("path", "declared", "measured", "late"),
        "Declared and measured latency of a path (-1: not measured) and its late frames, all in frames. A frame is "
        "late where stems were missing and the mix took their place, at the output or in the path's analyser. For "
        "the band: where its audio was missing.",
        keyed=True,
    ),
    Reading(
        "mir.beat",
        ("frame", "number", "bar_beats", "tempo", "confidence", "index"),
        "A beat at frame. number: position in the bar, 0 is the downbeat. index: counts from the start of the song.",
    ),
    Reading("mir.tempo", ("frame", "bpm", "confidence"), "The tempo from frame on, in quarter notes per minute."),
    Reading("mir.key", ("frame", "label", "confidence"), "The key from frame on, such as A minor."),
    Reading("mir.chord", ("frame", "label", "confidence"), "The chord from frame on, such as Am7; N: no chord."),
    Reading("mir.onset", ("frame", "strength", "confidence"), "An onset at frame; strength 0 to 1.", queued=True),
    Reading(
        "mir.note",
        ("frame", "on", "pitch", "velocity", "confidence"),
        "A note of the analysed voice starts (on 1) or ends (on 0) at frame; pitch 69.0 is 440 Hz.",
        queued=True,
    ),
    Reading(
        "accompaniment.chord",
        ("frame", "label", "confidence"),
        "The chord that the accompaniment plays at frame, decided one lookahead before it; N: no chord.",
    ),
    Reading(
        "accompaniment.commit",
        ("frame", "beat", "level", "source", "lookahead_beats"),
        "The accompaniment has decided the beat at frame, lookahead_beats before it. level: foreseen, held, tonic, "
        f"drums or silence. source: of its chord, one of {', '.join(CHORD_SOURCES)}.",
    ),
    Reading(
        "accompaniment.level",
        ("level", "beats"),
        "Beats that the accompaniment has decided at each level since the counters were reset.",
        keyed=True,
    ),
    Reading(
        "worker.time",
        ("worker", "p50_ms", "p99_ms", "p999_ms", "max_ms", "share"),
        "Time per hop of an engine's worker since the counters were reset, and its share of a CPU core (1: all of it).",
        keyed=True,
    ),
    Reading(
        "osc",
        ("received", "malformed", "refused", "excess", "dropped", "lost", "unanswered", "unsent", "failed"),
        "OSC datagrams since the start, and their outcome. refused: from peers without access. excess: messages "
        "beyond the limit of one datagram. dropped: by the server, from a peer that sent more than its share. lost: "
        "by the system, with its buffer full. unanswered: errors beyond the rate limit. unsent: other replies.",
    ),
    Reading(
        "health",
        ("worker", "state"),
        "State of an engine's worker: starting, running, stalled, died (why), stopped; off at an unsupported rate.",
        keyed=True,
    ),
    Reading("meters", ("port", "peak_db", "rms_db"), "Peak and RMS level of a port, in dBFS.", keyed=True),
    Reading(
        "controllers.device",
        ("device", "mapping", "input", "output", "state", "detail"),
        "A controller, its mapping and its ports. state: confirmed (the device answered), port (the ports are open), "
        "taken (by another program), missing, refused (its mapping has an error). detail: what to do about it.",
        keyed=True,
    ),
    Reading(
        "controllers.message",
        ("device", "message", "value", "control"),
        "The last message of a controller, and the control or action that it is bound to; at most 20 a second.",
    ),
    Reading(
        "controllers.binding",
        ("binding", "device", "message", "control", "state"),
        "A fader, knob or button of a controller, and what it does, with the value that it sets. state: of a fader "
        "that has yet to be moved to the present value, where it is (soft takeover); or the layer that it belongs to.",
        keyed=True,
    ),
    Reading(
        "controllers.counters",
        ("received", "sent", "lost", "incomplete"),
        "MIDI messages from and to controllers since the start. Lost: there were too many at once, counted at "
        "control_in and control_out alone; incomplete: system exclusive messages without an end.",
    ),
    Reading(
        "learn.state",
        ("state", "control", "device", "message", "kind", "detail"),
        "What learning does: off, listening, learned, forgotten, undone or refused, and for which control. detail: "
        "what the user does next, or why it was refused.",
    ),
    Reading(
        "learn.candidate",
        ("rank", "device", "message", "kind", "movement", "conflict"),
        "What has been moved since learning began, the likeliest first. conflict: what it is bound to already.",
        keyed=True,
    ),
)


def make_sidecar_registry(engine_controls: Mapping[str, Iterable[Control]]) -> Registry:
    """Build the registry of a running sidecar; ``engine_controls``: each engine's controls by the engine's name."""
    registry = Registry()
    registry.add(_make_stem_controls(), OWNER)
    registry.add(_make_latency_controls(), OWNER)
    registry.add(_make_source_controls(), OWNER)
    for engine, controls in engine_controls.items():
        registry.add(controls, f"engine {engine}")
    registry.add(ACTIONS, OWNER)
    registry.add(READINGS, OWNER)
    return registry


def compute_stem_gains(values: Mapping[str, float]) -> dict[str, float]:
    """Compute the linear gain of each stem, in the mix and on its port, from its fader, mute and solo.

    While any stem is soloed the others are silent; mute overrides solo.
    """
    any_solo = any(values[f"stems.{stem}.solo"] > 0.5 for stem in STEMS)
    targets = {}
    for stem in STEMS:
        silent = values[f"stems.{stem}.mute"] > 0.5 or (any_solo and values[f"stems.{stem}.solo"] <= 0.5)
        targets[stem] = 0.0 if silent else db_to_gain(values[f"stems.{stem}.gain_db"])
    return targets


def read_latency_settings(values: Mapping[str, float], setting: str) -> dict[str, int]:
    """``latency.<role>.<setting>`` of every role, in frames."""
    return {role: int(values[f"latency.{role}.{setting}"]) for role in RESERVE_FRAMES}


def _make_switch(name: str, doc: str, saved: bool = True) -> Control:
    return Control(name, 0, 1, 0, kind="switch", doc=doc, saved=saved)


def _make_stem_controls() -> Iterator[Control]:
    for stem in STEMS:
        yield Control(
            f"stems.{stem}.gain_db", -60, 12, 0, unit="dB", doc=f"Fader of the {stem} stem; -60 dB is silence."
        )
        yield _make_switch(f"stems.{stem}.mute", f"Mute the {stem} stem; overrides its solo.")
        yield _make_switch(f"stems.{stem}.solo", f"Solo the {stem} stem: only soloed stems are audible.")
    yield _make_switch("stems.direct", "Stem ports pre-fader: before gain, mute and solo. The mix stays post-fader.")


def _make_source_controls() -> Iterator[Control]:
    for analyser in ANALYSERS:
        yield Control(
            f"mir.{analyser}.source", 0, len(SOURCES) - 1, 0, kind="choice", choices=SOURCES,
            doc=f"Input of the {analyser} analyser. Stems delay its results, as declared. "
            "An engine with a single input, such as mir.chroma, analyses the mix.",
        )  # fmt: skip


def _make_latency_controls() -> Iterator[Control]:
    for role, spec in ROLES.items():
        yield Control(
            f"latency.{role}.reserve_frames", 16, 8192, spec.reserve_frames, unit="frames", kind="integer",
            doc=f"Compute headroom of the {role} worker. {spec.reserve_doc}",
        )  # fmt: skip
        yield Control(
            f"latency.{role}.user_offset_frames", 0, 48000, 0, unit="frames", kind="integer",
            doc=f"Extra delay on the {role} engine's paths, included in their declared latency.",
        )  # fmt: skip
        yield _make_switch(
            f"latency.{role}.reserve_auto",
            f"Keep the {role} worker's reserve at the minimum that 99.9 % of its hops meet. "
            "Changes only while the transport is stopped.",
        )
    for path in PATHS:
        yield _make_switch(
            f"latency.{path}.ping",
            f"Replace the {path} path with a pure delay of its declared latency, to measure it.",
            False,
        )
