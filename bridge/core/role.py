"""Roles: what an engine is used for, each declared once, with all that graph, controls and settings need to know.

A new role is one entry of ROLES: its engine in the settings, its controls, worker, rings, paths and ports follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bridge.core.audio import STEMS

HOST_RING = "host"
"""The ring of the MIDI input and of the host's transport."""

CLOCK_PORT = "clock"
"""The MIDI port that carries MIDI clock, made of the beats."""

FORESEEN_RING = "accompaniment.foreseen"
"""Event ring of the decisions and expectations of a player, for display: chords, section, lookahead; no MIDI port."""

PLANNED_RING = "accompaniment.planned"
"""The notes that a player has decided to play, for display. Their MIDI messages go out beside it."""

SOUND_RING = "accompaniment.sound"
"""Program changes and volumes of a player, for our own synth. It has no MIDI port: the instruments in the DAW are the
user's choice."""


@dataclass(frozen=True, slots=True)
class RolePath:
    """A path through an engine: a row of the ledger.

    Attributes:
        name: The name of the path; for an event output that other engines read too, the name of the output.
        ports: The output ports of JACK; none for events that are published and not sent.
        output: The event output of the engine whose latency the path has; empty for its audio. An optional output
            that an engine lacks has no path.
        analyser: The audio input that the events are made from, one of ANALYSERS; empty for none.
        on_time: Whether it is sent earlier by all of its delay, so that it declares 0.
    """

    name: str
    ports: tuple[str, ...] = ()
    output: str = ""
    analyser: str = ""
    on_time: bool = False


def make_audio_path(name: str) -> RolePath:
    """A path of stereo audio, with a port for each channel."""
    return RolePath(name, (f"{name}_1", f"{name}_2"))


def make_midi_path(name: str, output: str, analyser: str = "", on_time: bool = False) -> RolePath:
    """A path of MIDI messages, with a port of its name."""
    return RolePath(name, (name,), output, analyser, on_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSpec:
    """The inputs, outputs and delays of the engine in a role.

    Attributes:
        engine: The default engine.
        reserve_frames: The default reserve, the compute headroom of its worker.
        reserve_doc: What the reserve means for the user, a sentence.
        reserve_takes_effect: When a change of it takes effect (``Control.takes_effect``).
        paths: Its rows of the ledger, in order.
        needed_inputs: Event inputs that its engine must have.
        needed_outputs: Outputs that its engine must have.
        reads: The ring of each event input; only rings of the host and of earlier roles.
        writes: The ring of each event output.
        renders: MIDI port to the event output that is rendered there, as notes or as MIDI clock.
        audio_inputs: What fills its audio inputs. ``mix``: the mix. ``chosen``: for an input named after an analyser,
            what the user chose for it, else the mix. ``stems``: for an input named after a stem that stem, else the
            mix; since it cannot wait for them, stems come delayed.
        audio_ring: The ring of its audio in the shared memory; empty for none.
        audio_outputs: The audio outputs that are written to that ring, in the order of its rows.
        leads: Whether it decides ahead of the input, with its reserve as part of the lead.
        sounds: The role whose notes it plays; empty for none. It runs ahead of the input with that role, never alone.
        realtime: Whether its worker gets real-time priority, and the status line its time per hop.
    """

    engine: str
    reserve_frames: int
    reserve_doc: str
    paths: tuple[RolePath, ...]
    needed_inputs: frozenset[str] = frozenset()
    needed_outputs: frozenset[str] = frozenset()
    reads: Mapping[str, str] = field(default_factory=dict)
    writes: Mapping[str, str] = field(default_factory=dict)
    renders: Mapping[str, str] = field(default_factory=dict)
    reserve_takes_effect: str = "delay moves"
    audio_inputs: Literal["mix", "chosen", "stems"] = "mix"
    audio_ring: Literal["", "stems", "band"] = ""
    audio_outputs: tuple[str, ...] = ()
    leads: bool = False
    sounds: str = ""
    realtime: bool = False


_ANALYSES = {port: f"mir.{port}" for port in ("chords", "beats", "onsets", "notes")}
"""The ring of each event output of an analysis engine."""

ROLES: dict[str, RoleSpec] = {
    "separation": RoleSpec(
        engine="separation.standard",
        reserve_frames=384,  # 1024 with hop and overlap, at a period of 128
        reserve_doc="It is part of the declared latency.",
        paths=(*map(make_audio_path, STEMS), make_audio_path("mix")),
        needed_outputs=frozenset(STEMS[:-1]),
        reads={"midi": HOST_RING},
        audio_ring="stems",
        audio_outputs=STEMS[:-1],
        realtime=True,
    ),
    "mir": RoleSpec(
        engine="mir.standard",
        reserve_frames=1024,
        reserve_doc="It is part of the declared latency.",
        # onsets and notes are published only: the DAW has better MIDI notes on its own track, and a wrong note of a
        # tracker is worse when it sounds than when it is displayed
        paths=(
            make_midi_path("chords", "chords", "chord"),
            make_midi_path("beats", "beats", "beat"),
            RolePath("onsets", (), "onsets", "beat"),
            RolePath("notes", (), "notes", "note"),
            make_midi_path(CLOCK_PORT, "beats", on_time=True),
        ),
        needed_outputs=frozenset({"chords", "beats"}),
        reads={"midi": HOST_RING},
        writes=_ANALYSES,
        renders={"chords": "chords", "beats": "beats", CLOCK_PORT: "beats"},
        audio_inputs="chosen",
    ),
    "accompaniment": RoleSpec(
        engine="accompaniment.band",
        reserve_frames=2048,
        reserve_doc="The band decides this much earlier; it is no latency. It takes effect at the next start.",
        reserve_takes_effect="next start",
        paths=(make_midi_path("accompaniment", "midi"),),
        needed_outputs=frozenset({"midi"}),
        reads={"midi": HOST_RING} | _ANALYSES,
        writes={
            "midi": "accompaniment",
            "foreseen": FORESEEN_RING,
            "planned": PLANNED_RING,
            "sound": SOUND_RING,
        },
        audio_inputs="stems",
        leads=True,
    ),
    "synth": RoleSpec(
        engine="synth.fluid",
        reserve_frames=1024,
        reserve_doc="The accompaniment decides this much earlier; it is no latency. It takes effect at the next start.",
        reserve_takes_effect="next start",
        paths=(make_audio_path("band"),),
        needed_inputs=frozenset({"midi"}),
        needed_outputs=frozenset({"audio"}),
        reads={"midi": "accompaniment", "sound": SOUND_RING},
        audio_ring="band",
        audio_outputs=("audio",),
        sounds="accompaniment",
    ),
}
"""The roles of engines, by name; each may read only the output of those before it."""


def find_role_of_ring(audio_ring: str) -> str:
    """The role whose audio is written to ``audio_ring``."""
    return next(role for role, spec in ROLES.items() if spec.audio_ring == audio_ring)
