"""Insert delays: what each point delays, and what the ledger declares for the paths that pass it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from bridge.core.audio import CHANNELS, STEMS
from bridge.core.engine import AudioPort, EngineSpec, EventPort
from bridge.core.insert import INSERT_POINTS
from bridge.errors import ConfigError
from bridge.runtime.graph import Graph
from bridge.runtime.insert_delays import InsertTiming
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.insert_ring import InsertRing
from bridge.runtime.shared.layout import (
    INSERT_CAPACITY,
    MAX_INSERT_BLOCK,
    MAX_INSERT_LATENCY,
    MAX_INSERT_RESERVE,
    MAX_PERIOD,
)
from bridge.runtime.shared.rings import write_audio
from bridge.runtime.wiring import wire
from tests.runtime.callback_driver import RATE, make_noise
from tests.runtime.toys import Toy

PERIOD = 128


def test_the_delay_is_buffering_reserve_and_latency() -> None:
    timing = InsertTiming(128, 256, 480)
    assert timing.compute_delay(128) == 256 + 480
    assert timing.compute_delay(64) == 64 + 256 + 480
    assert timing.compute_delay(48) == 128 - 16 + 256 + 480


def test_in_real_time_the_reserve_is_a_period_at_least_and_a_driver_that_waits_needs_none() -> None:
    assert InsertTiming(128, 1, 0).compute_delay(512) == 512
    assert InsertTiming(128, 0, 7).compute_delay(512) == 7


def test_the_rings_hold_the_longest_delay_with_the_longest_callback() -> None:
    longest = InsertTiming(MAX_INSERT_BLOCK, MAX_INSERT_RESERVE, MAX_INSERT_LATENCY)
    for period in (1, 1000, 4097, MAX_PERIOD):
        assert longest.compute_delay(period) + period + MAX_INSERT_BLOCK <= INSERT_CAPACITY


# the graph


RESERVES = {"separation": 512, "accompaniment": 2048, "synth": 1024}


@pytest.fixture(scope="module")
def opened() -> Iterator[Graph]:
    engines = {"separation": "separation.dsp", "accompaniment": "accompaniment.basic", "synth": "synth.plain"}
    with Graph(wire(engines, RATE, RESERVES), PERIOD, RESERVES, {}) as graph:
        yield graph


@pytest.fixture
def graph(opened: Graph) -> Iterator[Graph]:
    yield opened
    for point in INSERT_POINTS:
        opened.set_insert(point, None)
    opened.set_period(PERIOD)


def declared(graph: Graph) -> dict[str, int]:
    return {path.name: path.declared for path in graph.ledger}


def test_all_stems_and_the_mix_get_the_largest_delay_of_the_stems_and_the_mix_its_own_on_top(graph: Graph) -> None:
    before = {path.name: path for path in graph.ledger}
    graph.set_insert("drums", InsertTiming(128, 128, 256))
    graph.set_insert("bass", InsertTiming(128, 128, 480))
    graph.set_insert("mix", InsertTiming(128, 128, 7))
    graph.set_insert("band", InsertTiming(128, 128, 100))
    stems = 128 + 480
    added = dict.fromkeys(STEMS, stems) | {"mix": stems + 128 + 7}
    assert declared(graph) == {name: path.declared + added.get(name, 0) for name, path in before.items()}
    assert {path.name: path.insert for path in graph.ledger if path.insert} == added | {"band": 228}
    # the player and the synth run ahead by the delay of the band's insert; the notes pass no insert
    assert graph.ledger["band"].model == before["band"].model - 228
    notes = graph.ledger["accompaniment"]
    assert (notes.model, notes.reserve) == (before["accompaniment"].model - 228, before["accompaniment"].reserve + 228)
    delays = [int(words[w.INSERT_DELAY]) for words in graph.insert_arrays.words]
    assert delays == [stems] * len(STEMS) + [135, 228]


def test_a_point_that_is_off_again_leaves_no_delay(graph: Graph) -> None:
    before = declared(graph)
    graph.set_insert("vocals", InsertTiming(128, 128, 256))
    graph.route_insert("vocals", True)
    graph.set_insert("vocals", None)
    assert declared(graph) == before
    assert not graph.insert_arrays.words[:, [w.INSERT_DELAY, w.INSERT_ROUTED]].any()


def test_the_callback_looks_at_the_points_while_any_of_them_has_a_delay_set(graph: Graph) -> None:
    state = graph.arrays.state
    assert state[w.INSERTS_ON] == 0
    for point in ("drums", "band"):
        graph.set_insert(point, InsertTiming(128, 0, 0))
        assert state[w.INSERTS_ON] == 1
    graph.set_insert("drums", None)
    assert state[w.INSERTS_ON] == 1
    graph.set_insert("band", None)
    assert state[w.INSERTS_ON] == 0


def test_an_insert_moves_no_deadline_of_an_engine(graph: Graph) -> None:
    before = graph.arrays.workers[:, [w.DEADLINE, w.INPUT_DELAY, w.STEM_INPUT_DELAY]].copy()
    for point in INSERT_POINTS:
        graph.set_insert(point, InsertTiming(128, 128, 256))
    assert np.array_equal(graph.arrays.workers[:, [w.DEADLINE, w.INPUT_DELAY, w.STEM_INPUT_DELAY]], before)


def test_a_band_that_is_not_played_ahead_is_late_by_its_insert(monkeypatch: pytest.MonkeyPatch) -> None:
    behind = EngineSpec("toy", (EventPort("midi"),), (EventPort("midi"), AudioPort("audio")), 64)
    monkeypatch.setattr("bridge.runtime.resampled_engine.load_engine", lambda _name: Toy(behind))
    with Graph(wire({"accompaniment": "toy", "synth": "toy"}, RATE, RESERVES), PERIOD, RESERVES, {}) as graph:
        before = declared(graph)
        assert before["band"] > 0
        graph.set_insert("band", InsertTiming(128, 128, 100))
        assert declared(graph) == before | {"band": before["band"] + 228}


def test_another_period_declares_the_inserts_anew(graph: Graph) -> None:
    graph.set_insert("drums", InsertTiming(128, 128, 0))
    graph.set_period(64)
    assert graph.ledger["drums"].insert == 64 + 128
    graph.set_period(512)
    assert graph.ledger["drums"].insert == 512


def test_another_block_begins_a_new_epoch(graph: Graph) -> None:
    words = graph.insert_arrays.words[INSERT_POINTS.index("mix")]
    graph.set_insert("mix", InsertTiming(128, 128, 0))
    asked = int(words[w.INSERT_RESTART])
    graph.set_insert("mix", InsertTiming(128, 128, 10))
    assert words[w.INSERT_RESTART] == asked
    graph.set_insert("mix", InsertTiming(256, 128, 10))
    assert words[w.INSERT_RESTART] == asked + 1
    assert words[w.INSERT_BLOCK] == 256


def test_without_separation_the_paths_that_an_insert_delays_are_declared_too() -> None:
    with Graph(wire({}, RATE, {}), PERIOD, {}, {}) as graph:
        assert not declared(graph)
        graph.set_insert("other", InsertTiming(128, 128, 0))
        assert declared(graph) == dict.fromkeys((*STEMS, "mix"), 128)
        graph.set_insert("other", None)
        assert declared(graph) == dict.fromkeys((*STEMS, "mix"), 0)


@pytest.mark.parametrize(
    ("point", "timing", "message"),
    [
        ("drum", InsertTiming(128, 128, 0), "no insert point 'drum'"),
        ("drum", None, "no insert point 'drum'"),
        ("drums", InsertTiming(63, 128, 0), "insert drums: a block of 63 frames"),
        ("drums", InsertTiming(4096, 128, 0), "insert drums: a block of 4096 frames"),
        ("mix", InsertTiming(128, -1, 0), "insert mix: a reserve of -1 frames"),
        ("mix", InsertTiming(128, 128, 8193), "insert mix: a latency of 8193 frames"),
        ("mix", InsertTiming(128, 128, -1), "insert mix: a latency of -1 frames"),
    ],
)
def test_what_the_rings_do_not_hold_is_refused_and_nothing_changes(
    graph: Graph, point: str, timing: InsertTiming | None, message: str
) -> None:
    before = declared(graph), graph.insert_arrays.words.copy()
    with pytest.raises(ConfigError, match=re.escape(message)):
        graph.set_insert(point, timing)
    assert declared(graph) == before[0]
    assert np.array_equal(graph.insert_arrays.words, before[1])


# the worker's end


BLOCK = 100  # no divisor of the ring's length


def test_a_worker_gets_every_frame_once_over_the_end_of_the_ring_and_returns_it_at_its_frames(graph: Graph) -> None:
    arrays, index = graph.insert_arrays, INSERT_POINTS.index("bass")
    words = arrays.words[index]
    words[w.INSERT_EPOCH], words[w.INSERT_ORIGIN] = 3, 50
    ring, block = InsertRing(arrays, "bass", BLOCK), np.empty((CHANNELS, BLOCK), np.float32)
    assert not ring.read(block)
    assert ring.begin_epoch()
    assert not ring.begin_epoch()
    audio, got, head = make_noise(INSERT_CAPACITY + 1000), [], 50
    while head < 50 + INSERT_CAPACITY + 1000:
        part = audio[:, head - 50 :][:, :250]
        write_audio(arrays.sends[index], 0, head, part, INSERT_CAPACITY)
        head += part.shape[1]
        words[w.INSERT_HEAD] = head
        while ring.read(block):
            got.append(block.copy())
            ring.write(block, 30)
    received = np.concatenate(got, axis=1)
    assert np.array_equal(received, audio[:, : received.shape[1]])
    assert received.shape[1] > INSERT_CAPACITY
    # written 30 frames early, since it is late by so much; what is before the origin belongs to nobody
    end = int(words[w.INSERT_PROGRESS]) - 30
    place = (end - 10 + np.arange(10)) % INSERT_CAPACITY
    assert np.array_equal(arrays.returns[index][:, place], received[:, -10:])
    assert words[w.INSERT_LATENCY] == 30


def test_a_worker_that_fell_behind_goes_on_near_the_present(graph: Graph) -> None:
    arrays = graph.insert_arrays
    words = arrays.words[INSERT_POINTS.index("vocals")]
    words[w.INSERT_EPOCH], words[w.INSERT_ORIGIN], words[w.INSERT_HEAD] = 1, 0, 2 * BLOCK
    ring, block = InsertRing(arrays, "vocals", BLOCK), np.empty((CHANNELS, BLOCK), np.float32)
    assert ring.begin_epoch()
    assert not ring.drop_missed()
    words[w.INSERT_HEAD] = INSERT_CAPACITY
    assert ring.drop_missed()
    assert ring.read(block)
    ring.write(block, 0)
    assert words[w.INSERT_DROPPED] == INSERT_CAPACITY // BLOCK - 1
    assert words[w.INSERT_HEAD] - words[w.INSERT_PROGRESS] < 2 * BLOCK
