"""The sidecar's own controls, actions and readings, declared once; engines add theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bridge.control.registry import Registry
from bridge.control.spec import Action, Control, Reading
from bridge.core.audio import ANALYSERS, SOURCES, STEMS, db_to_gain

PATHS: tuple[str, ...] = (*STEMS, "mix", "band", "accompaniment", "chords", "beats", "clock")
"""The ways through the sidecar, each a row of the latency ledger."""

RESERVE_FRAMES: Mapping[str, int] = {"separation": 384, "mir": 1024, "accompaniment": 2048, "synth": 1024}
"""The time a role's worker has by default. Separation: with its hop and overlap 1024 frames at a period of 128."""

_RESERVE_MEANS: Mapping[str, str] = {
    "separation": "part of the declared delay",
    "mir": "part of the declared delay",
    "accompaniment": "how much earlier it decides (from the next start on), not a delay",
    "synth": "how much earlier the accompaniment decides for it (from the next start on), not a delay",
}

ACTIONS: tuple[Action, ...] = (
    Action("transport.panic", "Release every sounding note, now."),
    Action("engines.reset", "Make the engines forget what they heard."),
    Action("preset.save", "Save the controls as a session preset in the user's folder.", argument="name"),
    Action("preset.load", "Set the controls that a session preset names.", argument="name"),
    Action(
        "latency.tune",
        "Set each worker's reserve to the least that 99.9 % of its answers allow; not those of what runs ahead.",
    ),
    Action("counters.reset", "Set all counters to 0: late frames, skipped cycles, xruns, late and lost MIDI events."),
)

READINGS: tuple[Reading, ...] = (
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
        "The audio system's period (frames) and rate (Hz), and what went wrong since the counters were reset. "
        "late_events: MIDI events that were ready after they were due. lost_events: MIDI messages that were too long, "
        "or too many at once, coming in or going out. slips: periods that overlap the last in JACK's time. "
        "faults: hops in which an engine failed. dropped_hops: hops that a worker passed over to catch up.",
    ),
    Reading(
        "latency",
        ("path", "declared", "measured", "late"),
        "A path's declared and measured delay (-1: not measured) and its late frames, all in frames. Late are those "
        "for which stems were missing: the mix was heard instead, by you or by the analyser that the path is of. The "
        "band's are those for which its sound was missing.",
        keyed=True,
    ),
    Reading(
        "mir.beat",
        ("frame", "number", "bar_beats", "tempo", "confidence", "index"),
        "A beat falls at frame; number 0 is the downbeat, index counts from the song's start.",
    ),
    Reading("mir.tempo", ("frame", "bpm", "confidence"), "The tempo from frame on, quarter notes a minute."),
    Reading("mir.key", ("frame", "label", "confidence"), "The key from frame on, such as A minor."),
    Reading("mir.chord", ("frame", "label", "confidence"), "The chord from frame on, such as Am7; N is none."),
    Reading("mir.onset", ("frame", "strength", "confidence"), "Something begins to sound at frame; strength 0 to 1."),
    Reading(
        "mir.note",
        ("frame", "on", "pitch", "velocity", "confidence"),
        "A note of the voice listened to begins (on 1) or ends (on 0) at frame; pitch 69.0 is 440 Hz.",
    ),
    Reading(
        "accompaniment.chord",
        ("frame", "label", "confidence"),
        "The chord that the player has decided to play at frame, a lookahead before it; N is none.",
    ),
    Reading(
        "accompaniment.commit",
        ("frame", "beat", "level", "source", "lookahead_beats"),
        "The player has decided the beat at frame, so many beats before it. level: foreseen, held, tonic, drums or "
        "silence. source of its chord: track, played, heard, loop, habit or none.",
    ),
    Reading(
        "accompaniment.level",
        ("level", "beats"),
        "Beats that the player has decided at each level since the counters were reset.",
        keyed=True,
    ),
    Reading(
        "worker.time",
        ("worker", "p50_ms", "p99_ms", "p999_ms", "max_ms", "share"),
        "What a hop costs an engine's worker since the counters were reset, and its share of a core (1: all of it).",
        keyed=True,
    ),
    Reading(
        "osc",
        ("received", "malformed", "refused", "excess", "dropped", "lost", "unanswered", "unsent", "failed"),
        "OSC datagrams since the start, and what became of them. refused: by peers who may not. excess: messages that "
        "asked for more than one datagram may. dropped: by us, of a peer that sent more than its share; lost: by the "
        "system, which had no room. unanswered: errors that were not sent, to send no flood. unsent: other replies.",
    ),
    Reading(
        "health",
        ("worker", "state"),
        "How an engine's worker is doing: starting, running, stalled, died (why), stopped; off at a rate it refuses.",
        keyed=True,
    ),
    Reading("meters", ("port", "peak_db", "rms_db"), "The level of a port, in dB below full scale.", keyed=True),
)


def sidecar_registry(engine_controls: Mapping[str, Iterable[Control]]) -> Registry:
    """Everything that a running sidecar has; ``engine_controls``: each engine's controls by the engine's name."""
    registry = Registry()
    registry.add(_stem_controls(), "the sidecar")
    registry.add(_latency_controls(), "the sidecar")
    registry.add(_source_controls(), "the sidecar")
    for engine, controls in engine_controls.items():
        registry.add(controls, f"engine {engine}")
    registry.add(ACTIONS, "the sidecar")
    registry.add(READINGS, "the sidecar")
    return registry


def gain_targets(values: Mapping[str, float]) -> dict[str, float]:
    """The linear factor of each stem in the mix and on its port, from its fader, mute and solo.

    While any stem is soloed the others are silent; a mute wins over a solo.
    """
    any_solo = any(values[f"stems.{stem}.solo"] > 0.5 for stem in STEMS)
    targets = {}
    for stem in STEMS:
        silent = values[f"stems.{stem}.mute"] > 0.5 or (any_solo and values[f"stems.{stem}.solo"] <= 0.5)
        targets[stem] = 0.0 if silent else db_to_gain(values[f"stems.{stem}.gain_db"])
    return targets


def _switch(name: str, doc: str, saved: bool = True) -> Control:
    return Control(name, 0, 1, 0, kind="switch", doc=doc, saved=saved)


def _stem_controls() -> Iterator[Control]:
    for stem in STEMS:
        yield Control(
            f"stems.{stem}.gain_db", -60, 12, 0, unit="dB", doc=f"Fader of the {stem} stem; -60 dB is silence."
        )
        yield _switch(f"stems.{stem}.mute", f"Silence the {stem} stem; wins over its solo.")
        yield _switch(f"stems.{stem}.solo", f"Hear the {stem} stem and the other soloed ones only.")
    yield _switch("stems.direct", "Take the stem ports before the faders, mutes and solos; the mix keeps them.")


def _source_controls() -> Iterator[Control]:
    for analyser in ANALYSERS:
        yield Control(
            f"mir.{analyser}.source", 0, len(SOURCES) - 1, 0, kind="choice", choices=SOURCES,
            doc=f"What the {analyser} analyser listens to. Stems delay what it says, as declared. "
            "An engine that has one input for everything, such as mir.chroma, hears the mix.",
        )  # fmt: skip


def _latency_controls() -> Iterator[Control]:
    for role, frames in RESERVE_FRAMES.items():
        yield Control(
            f"latency.{role}.reserve_frames", 16, 8192, frames, unit="frames", kind="integer",
            doc=f"Time that the {role} worker has; {_RESERVE_MEANS[role]}.",
        )  # fmt: skip
        yield Control(
            f"latency.{role}.user_offset_frames", 0, 48000, 0, unit="frames", kind="integer",
            doc=f"Delay added to the {role} engine's paths and declared with it.",
        )  # fmt: skip
        yield _switch(
            f"latency.{role}.reserve_auto",
            f"Keep the {role} worker's reserve at the least that 99.9 % of its answers allow. "
            "Changed only while the transport stands.",
        )
    for path in PATHS:
        yield _switch(
            f"latency.{path}.ping", f"Turn the {path} path into a pure delay of what it declares, to measure it.", False
        )
