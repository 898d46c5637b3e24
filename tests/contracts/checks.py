"""Contract checks for every engine. Each takes a factory and raises AssertionError where the contract is broken.

Nothing here knows an engine: input is made from the declared ports, values are the declared defaults.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import astuple
from itertools import pairwise

import numpy as np
import pytest

from bridge.core.engine import Block, EngineSpec, block_for
from bridge.core.events import Beat, Midi, TimedEvent
from bridge.errors import EngineError
from tests.contracts.material import Material
from tests.contracts.running import (
    Factory,
    copy_state,
    hops_for,
    note_ons,
    prepare_engine,
    run,
    run_in_blocks,
    run_new,
    same,
)

RATES = (44100, 48000)
CALLER_BLOCKS = ((1, 0.75), (64, 2.0), (65, 2.0), (441, 2.0), (8192, 2.0))
"""Caller's block in frames and how many seconds are pushed through."""
LEADS = (0, 640, 4096)
SECONDS = 4.0
"""Length of the material of an engine with events: a tempo is found without a host."""
AUDIO_SECONDS = 1.5
"""Length of the material of an engine with audio alone; its longest memory is a window of 0.2 s."""
SETTLED_S = 1.5
"""How long after bad input an engine may still answer to it."""
SETTLED_SHARE = 0.01
"""By how much, of the clean output's RMS, the output may differ then."""
WARM_BLOCKS, BLOCKS = 500, 2000
GROWTH_BYTES = 24 * 1024
"""Growth allowed over 1,500 blocks: 16 bytes a block. Python's smallest object has 24. Its own caches take some KiB
once."""


def count_hops(spec: EngineSpec, extra_s: float = 0.0) -> int:
    """Hops of the material at 44.1 kHz, and of ``extra_s`` more."""
    has_events = bool(spec.events(spec.inputs) or spec.events(spec.outputs))
    return hops_for(spec, 44100, (SECONDS if has_events else AUDIO_SECONDS) + extra_s)


def check_spec(factory: Factory) -> None:
    """Names are unique, values in range; rates that it names can be prepared, an impossible one is refused."""
    spec = factory().spec
    for ports in (spec.inputs, spec.outputs):
        names = [port.name for port in ports]
        assert len(set(names)) == len(names), f"port names occur twice: {names}"
        assert all(port.channels > 0 for port in spec.audio(ports))
    names = [control.name for control in spec.controls]
    assert len(set(names)) == len(names), f"control names occur twice: {names}"
    assert all(c.low <= c.default <= c.high and c.low < c.high and c.doc for c in spec.controls)
    assert spec.hop > 0
    assert spec.outputs, "an engine without outputs does nothing"
    for rate in spec.rates or RATES:
        engine = prepare_engine(factory, rate)
        lags = [engine.latency_frames(port.name) for port in spec.outputs]
        assert all(lag >= 0 for lag in lags), f"latency without a lead is 0 or more, not {lags}"
    with pytest.raises(EngineError):
        factory().prepare(0, spec.hop)


def check_block_sizes(factory: Factory) -> None:
    """The output depends on the input only, not on how, how fast and beside whom calls are made."""
    spec, material = factory().spec, Material()
    for size, seconds in CALLER_BLOCKS:
        hops = hops_for(spec, material.rate, seconds)
        pushed = run_in_blocks(prepare_engine(factory), material, hops * spec.hop, size)
        assert same(run_new(factory, material, hops), pushed), f"blocks of {size} give another output"


def check_two_at_once(factory: Factory) -> None:
    """Two instances that take turns do not disturb each other."""
    materials = Material(seed=0), Material(seed=1)
    hops = count_hops(factory().spec)
    alone = [run_new(factory, material, hops) for material in materials]
    pair = [prepare_engine(factory), prepare_engine(factory)]
    for i in range(hops):
        for engine, material, expected in zip(pair, materials, alone, strict=True):
            output = run(engine, material, 1, i)
            expected_hop = type(output)(expected.hops[i : i + 1], expected.calls[i : i + 1])
            assert same(output, expected_hop), f"hop {i} changes where another instance runs"


def check_audio_latency(factory: Factory) -> None:
    """An impulse comes out where `latency_frames` says: the sum of the audio outputs peaks there, at any phase."""
    spec = factory().spec
    if not (spec.audio(spec.inputs) and spec.audio(spec.outputs)):
        return
    for rate in spec.rates or RATES:
        for at in (4 * spec.hop, 5 * spec.hop + spec.hop // 3, 7 * spec.hop - 1):
            engine = prepare_engine(factory, rate)
            lags = {port.name: engine.latency_frames(port.name) for port in spec.audio(spec.outputs)}
            hops = (at + max(lags.values())) // spec.hop + 4

            def strike(block: Block, first: int, at: int = at) -> None:
                for array in block.audio.values():
                    if first <= at < first + array.shape[1]:
                        array[:, at - first] = 0.5

            output = run(engine, Material(rate, silent=True, hosted=False), hops, change=strike)
            frames = hops * spec.hop - max(lags.values())
            total = sum(output.audio(name)[:, lag : lag + frames].sum(axis=0) for name, lag in lags.items())
            peak = int(np.abs(np.asarray(total)).argmax())
            assert peak == at, f"at {rate} Hz the impulse comes {peak - at} frames beside the reported latency"


def check_event_latency(factory: Factory) -> None:
    """No event is about a frame before its block less the latency, nor is the latency said to be longer than it is."""
    spec = factory().spec
    if spec.predicts or not spec.events(spec.outputs):
        return
    for rate in spec.rates or RATES:
        engine = prepare_engine(factory, rate)
        output = run(engine, Material(rate), hops_for(spec, rate, 6.0))
        for port in spec.events(spec.outputs):
            lag = engine.latency_frames(port.name)
            ages = [(first - e.frame, e) for first, events in output.calls for e in events[port.name]]
            assert ages, f"{port.name} says nothing about six seconds of music: its latency cannot be measured"
            for age, event in ages:
                assert -spec.hop < age <= lag, f"{port.name}: latency {lag}, but {event} came {age} frames later"
            oldest = max(age for age, _ in ages)
            assert oldest > lag - spec.hop, f"{port.name}: latency {lag}, but nothing came later than {oldest} frames"


def check_lead(factory: Factory) -> None:
    """What an engine predicts leaves ``lead_frames`` from the end of its block, and it reports just these.

    It may be prepared again with another lead.
    """
    spec = factory().spec
    if not spec.predicts:
        return
    for rate in spec.rates or RATES:
        engine = factory()
        for lead in LEADS:
            engine.prepare(rate, spec.hop, lead)
            output = run(engine, Material(rate), hops_for(spec, rate, 6.0))
            for port in spec.events(spec.outputs):
                assert engine.latency_frames(port.name) == -lead
                assert output.events(port.name), f"{port.name} says nothing about six seconds of music"
                for first, events in output.calls:
                    for event in events[port.name]:
                        ahead = event.frame - (first + spec.hop)
                        assert ahead >= lead, f"{port.name}: {event} comes {ahead} frames ahead, not {lead}"


def check_outputs_filled(factory: Factory) -> None:
    """Whatever lies in the output arrays before a call is gone after it."""
    hops = hops_for(factory().spec, 44100, 0.5)
    clean = run_new(factory, Material(), hops)
    poisoned = run(prepare_engine(factory), Material(), hops, poison=np.nan)
    assert all(np.isfinite(array).all() for hop in poisoned.hops for array in hop.values()), "part is not written"
    assert same(clean, poisoned), "what lay in the output arrays shows through"


def check_input_untouched(factory: Factory) -> None:
    """The input block belongs to the caller: it is the same after the call as before."""
    engine, material = prepare_engine(factory), Material()
    for first in range(0, 100 * engine.spec.hop, engine.spec.hop):
        block = material.block(engine.spec, first, engine.spec.hop)
        before = material.block(engine.spec, first, engine.spec.hop)
        engine.process(block, material.at(first), block_for(engine.spec.outputs, engine.spec.hop))
        for name, array in block.audio.items():
            assert np.array_equal(array, before.audio[name]), f"the audio of {name} was changed"
        assert block.events == before.events, "the input's events were changed"
        assert block.values == before.values, "the input's values were changed"


def check_reset(factory: Factory) -> None:
    """After `reset` an engine is as good as new, to the bit, with a host and without."""
    for hosted in (True, False):
        material = Material(hosted=hosted)
        hops = count_hops(factory().spec)
        used = prepare_engine(factory)
        run(used, Material(seed=1, hosted=hosted), hops)
        used.reset()
        assert same(run_new(factory, material, hops), run(used, material, hops)), "something outlives the reset"


def check_silence(factory: Factory) -> None:
    """Where nothing comes in nothing comes out: exact zeros, no note, no beat."""
    spec = factory().spec
    output = run(prepare_engine(factory), Material(silent=True, hosted=False), count_hops(spec))
    for port in spec.audio(spec.outputs):
        assert not output.audio(port.name).any(), f"{port.name} makes sound of silence"
    for stream in spec.events(spec.outputs):
        events = output.events(stream.name)
        assert not note_ons(events), f"{stream.name} plays to silence"
        assert not [e for e in events if isinstance(e.payload, Beat)], f"{stream.name} finds beats in silence"


def check_bad_numbers(factory: Factory) -> None:
    """NaN and Inf in the input never come out, and are forgotten soon: as clean input would be, or as silence.

    A memory of seconds still knows 1.5 s later that there was a gap; it may not know that there was more to it.
    """
    spec = factory().spec
    if not spec.audio(spec.inputs):
        return
    hops = count_hops(spec, extra_s=2.0)
    bad_from, bad_to = hops // 4 * spec.hop, (hops // 4 + 5) * spec.hop

    def put(*values: float) -> Callable[[Block, int], None]:
        def spoil(block: Block, first: int) -> None:
            for array in block.audio.values():
                if bad_from <= first < bad_to:
                    array[:, ::3], array[0, 1::3], array[-1, 2::3] = values

        return spoil

    clean = run_new(factory, Material(), hops)
    spoilt, gapped = (
        run(prepare_engine(factory), Material(), hops, change=change)
        for change in (put(np.nan, np.inf, -np.inf), put(0.0, 0.0, 0.0))
    )
    settled = bad_to + int(SETTLED_S * 44100)
    for port in spec.audio(spec.outputs):
        bad = spoilt.audio(port.name)
        assert np.isfinite(bad).all(), f"{port.name} lets NaN or Inf through"
        fair = (clean.audio(port.name), gapped.audio(port.name))
        wrong = min(np.sqrt(np.mean((good - bad)[:, settled:] ** 2, dtype=np.float64)) for good in fair)
        right = np.sqrt(np.mean(fair[0][:, settled:] ** 2, dtype=np.float64))
        assert wrong <= SETTLED_SHARE * right + 1e-9, f"{port.name} still differs by {wrong:.2g} of {right:.2g} later"
    for stream in spec.events(spec.outputs):
        good_events, bad_events = clean.events(stream.name), spoilt.events(stream.name)
        assert all(_finite(event) for event in bad_events), f"{stream.name} lets NaN or Inf through"
        if any(event.frame >= settled for event in good_events):
            assert any(event.frame >= settled for event in bad_events), f"{stream.name} is silent ever after"


def _finite(event: TimedEvent) -> bool:
    if isinstance(event.payload, Midi):
        return True
    return all(isinstance(value, str) or np.isfinite(value) for value in astuple(event.payload))


def check_events_in_order(factory: Factory) -> None:
    """Events come sorted over the whole stream, and every note that starts ends, where the song stops too."""
    spec = factory().spec
    if not spec.events(spec.outputs):
        return
    engine, hops = prepare_engine(factory, lead_frames=640), hops_for(spec, 44100, 8.0)
    output = run(engine, Material(), hops)
    # The host stands and nothing sounds: what still rings must have been ended, or be ended now.
    rest = run(engine, Material(silent=True, hosted=False), hops_for(spec, 44100, 2.0), hops)
    for port in spec.events(spec.outputs):
        events = output.events(port.name) + rest.events(port.name)
        assert all(a.frame <= b.frame for a, b in pairwise(events)), f"{port.name} is not sorted"
        sounding: dict[tuple[int, int], int] = {}
        for event in events:
            if not isinstance(event.payload, Midi) or len(event.payload.data) < 3:
                continue
            status, note, velocity = event.payload.data[:3]
            key = (status & 0x0F, note)
            if status & 0xF0 == 0x90 and velocity:
                sounding[key] = sounding.get(key, 0) + 1
            elif status & 0xF0 in (0x80, 0x90):
                assert sounding.get(key, 0) > 0, f"{port.name}: note {note} ends before it starts"
                sounding[key] -= 1
        assert not any(sounding.values()), f"{port.name} leaves notes hanging: {sounding}"


def check_memory(factory: Factory) -> None:
    """2,000 blocks leave no more memory taken than 500 do (Python's and NumPy's, as traced)."""
    engine, material = prepare_engine(factory), Material()
    spec = engine.spec
    blocks = [material.block(spec, i * spec.hop, spec.hop) for i in range(hops_for(spec, material.rate, 3.0))]
    out = block_for(spec.outputs, spec.hop)

    def process(first: int, last: int) -> None:
        for i in range(first, last):
            source = blocks[i % len(blocks)]
            shift = i // len(blocks) * len(blocks) * spec.hop
            events = {
                name: [TimedEvent(event.frame + shift, event.payload) for event in events]
                for name, events in source.events.items()
            }
            engine.process(Block(source.audio, events, source.values), material.at(i * spec.hop), out)
            for output in out.events.values():
                output.clear()

    tracemalloc.start()
    try:
        process(0, WARM_BLOCKS)
        gc.collect()  # empties Python's lists of free floats and tuples too, which are no growth
        before = tracemalloc.get_traced_memory()[0]
        process(WARM_BLOCKS, BLOCKS)
        gc.collect()
        growth = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert growth < GROWTH_BYTES, f"{growth} bytes more are taken after {BLOCKS} blocks"


def check_state(factory: Factory) -> None:
    """What `state` gives continues bit-identically, in a fresh engine and in one with another past."""
    for hosted in (True, False):
        material = Material(hosted=hosted)
        half = count_hops(factory().spec) + 1
        first = prepare_engine(factory)
        run(first, material, half)
        state = copy_state(first.state())
        assert all(array.dtype != object for array in state.values()), "numbers, please: objects cannot travel"
        expected = run(first, material, half, half)
        used = prepare_engine(factory)
        run(used, Material(seed=1), half // 3)
        for engine in (prepare_engine(factory), used):
            engine.restore(copy_state(state))
            assert same(expected, run(engine, material, half, half)), "a restored engine goes on differently"


CHECKS = (
    check_spec,
    check_block_sizes,
    check_two_at_once,
    check_audio_latency,
    check_event_latency,
    check_lead,
    check_outputs_filled,
    check_input_untouched,
    check_reset,
    check_silence,
    check_bad_numbers,
    check_events_in_order,
    check_memory,
    check_state,
)
