"""Declarations of the sidecar's own controls, and the registry of a running sidecar; engines add controls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bridge.control.choice_files import REGISTRY_READING
from bridge.control.clock_controls import make_clock_controls
from bridge.control.insert_controls import INSERT_CHAIN_READING, INSERT_READING, make_insert_controls
from bridge.control.link_controls import make_link_controls
from bridge.control.registry import Registry
from bridge.control.sidecar_actions import ACTIONS
from bridge.control.sidecar_readings import READINGS
from bridge.core.audio import ANALYSERS, SOURCES, STEMS, db_to_gain
from bridge.core.control import Control
from bridge.core.latency import LOOP_SENDS, PATHS, SENDS
from bridge.core.role import ROLES

OWNER = "the sidecar"
"""The owner, in the registry, of what is declared here."""

RESERVE_FRAMES: Mapping[str, int] = {role: spec.reserve_frames for role, spec in ROLES.items()}
"""Default compute headroom of each role's worker."""


def make_sidecar_registry(
    engine_controls: Mapping[str, Iterable[Control]], insert_names: tuple[str, ...] = ()
) -> Registry:
    """Build the registry of a running sidecar.

    ``engine_controls``: each engine's controls by the engine's name. ``insert_names``: what can be chosen as an insert.
    """
    registry = Registry()
    registry.add(_make_stem_controls(), OWNER)
    registry.add(_make_latency_controls(), OWNER)
    registry.add(_make_source_controls(), OWNER)
    registry.add(make_clock_controls(), OWNER)
    registry.add(make_link_controls(), OWNER)
    registry.add(make_insert_controls(insert_names), OWNER)
    for engine, controls in engine_controls.items():
        registry.add(controls, f"engine {engine}")
    registry.add(ACTIONS, OWNER)
    registry.add((*READINGS, INSERT_READING, INSERT_CHAIN_READING, REGISTRY_READING), OWNER)
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
    yield _make_switch(
        "stems.dry",
        "Dry mix: mix and other are the delayed input whatever faders and mutes say; the other stems are silent.",
        False,
    )


def _make_source_controls() -> Iterator[Control]:
    for analyser in ANALYSERS:
        yield Control(
            f"mir.{analyser}.source", 0, len(SOURCES) - 1, 0, kind="choice", choices=SOURCES,
            doc=f"Input of the {analyser} analyser. Stems delay its results, as declared. "
            "An engine with a single input, such as mir.chroma, analyses the mix.",
            takes_effect="delay moves",
        )  # fmt: skip


def _make_latency_controls() -> Iterator[Control]:
    for role, spec in ROLES.items():
        yield Control(
            f"latency.{role}.reserve_frames", 16, 8192, spec.reserve_frames, unit="frames", kind="integer",
            doc=f"Compute headroom of the {role} worker. {spec.reserve_doc}",
            takes_effect=spec.reserve_takes_effect,
        )  # fmt: skip
        yield Control(
            f"latency.{role}.user_offset_frames", 0, 48000, 0, unit="frames", kind="integer",
            doc=f"Extra delay on the {role} engine's paths, included in their declared latency.",
            takes_effect="delay moves",
        )  # fmt: skip
        yield _make_switch(
            f"latency.{role}.reserve_auto",
            f"Keep the {role} worker's reserve at the minimum that 99.9 % of its hops meet. "
            "Changes only while the transport is stopped.",
        )
    yield Control(
        "latency.jack.sends", 0, len(SENDS) - 1, SENDS.index(LOOP_SENDS), kind="choice", choices=SENDS,
        doc="Latency declared at the JACK ports. loop suits a DAW that sends and records the returns: it includes the "
        "period of the loop, and takes off the DAW's output latency. none: the delay of the paths alone, at the "
        "returns. path: at the inputs too, for a player whose returns are only listened to.",
        takes_effect="delay moves",
    )  # fmt: skip
    for path in PATHS:
        yield _make_switch(
            f"latency.{path}.ping",
            f"Replace the {path} path with a pure delay of its declared latency, to measure it.",
            False,
        )
