"""Layout of shared memory and callback: slots, arrays and paths agree on names, counts and order."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path

import pytest

from bridge.core.audio import CHANNELS, STEMS
from bridge.core.events import PAYLOAD_BYTES
from bridge.core.latency import AUDIO_PATHS, MIDI_PORTS, PATHS
from bridge.runtime.callback.context import OUTPUTS, CallbackContext, make_context
from bridge.runtime.callback.midi_output import FIRST_PING
from bridge.runtime.callback.synth_output import BAND
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.arena import Arena
from bridge.runtime.shared.layout import CAPACITY, GAINS, RECORDS, Plan, SharedArrays, map_arena, size_of
from tests.runtime.callback_driver import NO_ENGINES, PLAN, WITH_SYNTH


def enumerations() -> list[tuple[list[str], int]]:
    """Each ``A, B, N = range(k)`` of slots.py as its names and k."""
    found = []
    for node in ast.parse(Path(w.__file__).read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.targets[0], ast.Tuple):
            names = [name.id for name in node.targets[0].elts if isinstance(name, ast.Name)]
            count = node.value.args[0]
            assert isinstance(count, ast.Constant) and isinstance(count.value, int)
            found.append((names, count.value))
    return found


def test_each_enumeration_ends_with_its_own_count() -> None:
    groups = enumerations()
    assert [names[-1] for names, _ in groups] == [
        "STATE_WORDS", "WORKER_WORDS", "INSERT_WORDS", "CALLBACK_WORDS", "CONTROL_STATE_WORDS",
        "CONTROL_REQUEST_WORDS", "FADE_WORDS", "PORT_WORDS", "TRANSPORT_WORDS", "CLOCK_TABLE_WORDS",
        "TIMEBASE_WORDS",
    ]  # fmt: skip
    for names, count in groups:
        assert len(names) == len(set(names)) == count
        assert getattr(w, names[-1]) == count - 1


def test_a_record_holds_a_payload() -> None:
    assert (w.RECORD_WORDS - w.DATA) * 8 == PAYLOAD_BYTES


def test_rings_are_powers_of_two_so_that_a_mask_finds_a_slot() -> None:
    assert CAPACITY & (CAPACITY - 1) == 0
    assert RECORDS & (RECORDS - 1) == 0


def test_every_path_has_a_bit_in_the_ping_word_where_the_callback_looks() -> None:
    assert (*STEMS, "mix", "band", *MIDI_PORTS) == PATHS
    assert PATHS.index("band") == BAND
    assert PATHS[FIRST_PING:] == MIDI_PORTS


@pytest.mark.parametrize("plan", [WITH_SYNTH, NO_ENGINES], ids=["four workers", "none"])
def test_shared_arrays_start_on_cache_lines_and_fill_the_arena_without_overlap(plan: Plan) -> None:
    with Arena.create(size_of(plan)) as arena:
        shared = map_arena(plan, arena)
        arrays = [getattr(shared, name) for name in SharedArrays.specs]
        spans = sorted((array.ctypes.data, array.ctypes.data + array.nbytes) for array in arrays)
        assert all(first % 64 == 0 for first, _ in spans)
        assert all(end <= first for (_, end), (first, _) in pairwise(spans))
        assert spans[-1][1] - spans[0][0] <= size_of(plan)


def test_parent_and_worker_lay_out_the_same() -> None:
    with Arena.create(size_of(PLAN)) as arena:
        one, other = map_arena(PLAN, arena), map_arena(PLAN, arena)
        for name in SharedArrays.specs:
            getattr(one, name).flat[-1] = 1
            assert getattr(other, name).flat[-1] == 1


def test_a_context_has_the_shared_arrays_first_and_private_memory_after() -> None:
    with Arena.create(size_of(PLAN)) as arena:
        shared = map_arena(PLAN, arena)
        context = make_context(PLAN, shared)
        assert list(CallbackContext.specs)[: len(shared)] == list(SharedArrays.specs)
        assert all(mine is theirs for mine, theirs in zip(context, shared, strict=False))
        private, end = context[len(shared) :], shared.state.ctypes.data + size_of(PLAN)
        assert not any(shared.state.ctypes.data <= array.ctypes.data < end for array in private)


def test_a_context_has_a_row_for_each_output_and_each_fader() -> None:
    with Arena.create(size_of(WITH_SYNTH)) as arena:
        context = make_context(WITH_SYNTH, map_arena(WITH_SYNTH, arena))
        assert OUTPUTS == len(AUDIO_PATHS) * CHANNELS == len(context.work_out)
        assert GAINS == 2 * len(STEMS) == context.gains.size == len(context.gain_ramp)
        assert context.owners.tolist() == [2, 1, 1, 1]
        assert context.audio.tolist() == [0, 3, 2, 110]
