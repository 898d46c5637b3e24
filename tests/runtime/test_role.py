"""The table of roles: its entries agree with one another, and a further one is enough for a further role."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bridge.core.audio import ANALYSERS, STEMS
from bridge.core.latency import AUDIO_PATHS, MIDI_PORTS, PATHS, RETURNED
from bridge.core.role import HOST_RING, ROLES, RoleSpec
from bridge.settings import EngineSettings
from tests.runtime.fifth_role import CHORD_FRAME, ROLE

by_role = pytest.mark.parametrize("role", ROLES.values(), ids=ROLES)


def test_the_order_of_ports_is_that_of_the_first_release() -> None:
    """Users have connected them, and clients of OSC know the paths by name."""
    assert (*STEMS, "mix") == RETURNED
    assert (*STEMS, "mix", "band") == AUDIO_PATHS
    assert MIDI_PORTS == ("accompaniment", "chords", "beats", "clock")
    assert (*AUDIO_PATHS, *MIDI_PORTS) == PATHS


@by_role
def test_a_role_reads_only_what_the_host_or_an_earlier_role_writes(role: RoleSpec) -> None:
    known = {HOST_RING}
    for other in ROLES.values():
        if other is role:
            break
        known.update(other.writes.values())
    assert set(role.reads.values()) <= known


@by_role
def test_every_midi_port_of_a_role_is_filled_by_it(role: RoleSpec) -> None:
    ports = {port for path in role.paths for port in path.ports if port in MIDI_PORTS}
    assert ports == {ring for ring in (*role.writes.values(), *role.renders) if ring in MIDI_PORTS}


@by_role
def test_a_role_names_audio_outputs_only_beside_their_ring(role: RoleSpec) -> None:
    has_audio = any(len(path.ports) > 1 for path in role.paths)
    assert has_audio == bool(role.audio_ring) == bool(role.audio_outputs)
    assert set(role.audio_outputs) <= set(role.needed_outputs)
    assert {path.analyser for path in role.paths} <= {"", *ANALYSERS}


def test_the_settings_have_the_default_engine_of_each_role() -> None:
    assert {role: getattr(EngineSettings(), role) for role in ROLES} == {
        role: spec.engine for role, spec in ROLES.items()
    }


def test_one_entry_makes_a_fifth_role_with_settings_controls_ring_path_and_port() -> None:
    command = [sys.executable, "-m", "tests.runtime.fifth_role"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["settings"] == {role: spec.engine for role, spec in ROLES.items()} | {ROLE: "melody.toy"}
    settings = ("reserve_frames", "user_offset_frames", "reserve_auto", "ping")
    assert found["controls"] == [f"latency.{ROLE}.{setting}" for setting in settings]
    assert found["ports"] == [ROLE, *MIDI_PORTS]
    assert found["waits_for"] == [0]
    assert found["offset"] == 10
    assert found["notes"][0] == [CHORD_FRAME, [0x90, 69, 90]]
