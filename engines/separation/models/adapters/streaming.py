"""Streaming model adapter: explicit states, one hop of audio in, one hop of every stem out.

As in StemgenRT: ``audio_chunk`` (1, 2, hop) and states give ``separated_chunk`` (1, stems, 2, hop) and each new state
as ``next_`` + its name. States start as zeros, and the output is synthesis - hop frames late
(sweetspotsoundsystem/stemgen-rt, cmake/QualifiedModelContract.cmake; StemgenRT-5.8, stemgenrt/band_export.py). Usual
stem order: drums, bass, vocals, other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.core.audio import CHANNELS, Audio
from bridge.core.engine import State
from bridge.errors import ModelError
from engines.separation.models.bounds import MOST_HOP
from engines.separation.models.chunked import check_mix, order_stems
from engines.separation.models.manifest import Manifest
from engines.separation.models.onnx_graph import Array, OnnxGraph, Tensor

_NAMINGS = ("next_{}", "{}_next", "new_{}", "{}_new", "{}_out", "out_{}", "{}_after")


class StreamingSeparator:
    """A `ResumableSeparator` of one graph: a file in pieces gives the same as the whole, to the bit."""

    def __init__(self, manifest: Manifest, graph: OnnxGraph) -> None:
        self._name, self._rate, self._rest = manifest.name, manifest.rate, manifest.rest
        self._graph, self._given = graph, manifest.stems
        self._kept = manifest.parts[0].kept
        self._pairs = _pair_states(graph, manifest)
        self._states = [tensor for tensor in graph.inputs if tensor.name in self._pairs]
        self._audio = _find_audio_input(graph, self._pairs)
        hop = self._audio.shape[-1] or manifest.hop
        if hop is None:
            raise ModelError(f"{manifest.name}: hop: missing in the manifest", "the graph leaves it open: give it")
        if hop > MOST_HOP:
            raise ModelError(f"{graph.path}: a hop of {hop:,} frames", f"at most {MOST_HOP:,} are possible")
        self._hop = hop
        if manifest.hop not in (None, hop):
            message = f"{graph.path}: input {self._audio}: hop {manifest.hop} in the manifest"
            raise ModelError(message, f"write hop = {hop}")
        self._late = (manifest.synthesis or self._hop) - self._hop
        self._stems = order_stems((*self._kept, self._rest))
        self._memory: dict[str, Array] = {}
        self._waiting = self._past = np.zeros((CHANNELS, 0), np.float32)
        self._processed = 0
        self.reset()

    @property
    def name(self) -> str:
        return self._name

    @property
    def stems(self) -> tuple[str, ...]:
        return self._stems

    @property
    def rates(self) -> tuple[int, ...]:
        return (self._rate,)

    @property
    def hop_frames(self) -> int:
        return self._hop

    @property
    def delay_frames(self) -> int:
        """Latency of the graph; `push` and `finish` remove it."""
        return self._late

    def reset(self) -> None:
        """Set every state to zero."""
        self._memory = {
            tensor.name: np.zeros(_to_fixed_shape(self._graph, tensor), tensor.kind) for tensor in self._states
        }
        self._waiting = self._past = np.zeros((CHANNELS, 0), np.float32)
        self._processed = 0

    def begin(self, rate: int) -> None:
        check_mix(self._name, np.zeros((CHANNELS, 1), np.float32), rate, self._rate)
        self.reset()

    def push(self, mix: Audio) -> Audio:
        """Push the next (2, any) frames; returns (stems, 2, ready frames)."""
        sane = np.nan_to_num(np.asarray(mix, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        self._past = np.concatenate([self._past, sane], axis=1)
        return self._process(sane)

    def finish(self) -> Audio:
        """The remaining frames, of the latency and the last, incomplete hop."""
        wanted = self._past.shape[1]
        silence = np.zeros((CHANNELS, self._late + self._hop), np.float32)
        # the silence is no part of the mix: output beyond its end is dropped before anything is subtracted
        return self._process(silence, wanted)

    def separate(self, mix: Audio, rate: int) -> Audio:
        check_mix(self._name, mix, rate, self._rate)
        self.begin(rate)
        return np.concatenate([self.push(mix), self.finish()], axis=2)

    def state(self) -> State:
        """The model's states, and the frames that are pending or not yet returned."""
        memory = {f"memory.{name}": array.copy() for name, array in self._memory.items()}
        held = {"waiting": self._waiting.copy(), "past": self._past.copy(), "processed": np.array(self._processed)}
        return memory | held

    def restore(self, rate: int, state: State) -> None:
        self.begin(rate)
        self._memory = {name: state[f"memory.{name}"].astype(array.dtype) for name, array in self._memory.items()}
        self._waiting, self._past = state["waiting"].astype(np.float32), state["past"].astype(np.float32)
        self._processed = int(state["processed"])

    def _process(self, mix: Audio, at_most: int | None = None) -> Audio:
        waiting = np.concatenate([self._waiting, mix], axis=1)
        hops = waiting.shape[1] // self._hop
        found = np.zeros((len(self._kept), CHANNELS, hops * self._hop), np.float32)
        for i in range(hops):
            at = slice(i * self._hop, (i + 1) * self._hop)
            found[:, :, at] = self._step(waiting[:, at])
        self._waiting = waiting[:, hops * self._hop :]
        early = min(max(self._late - self._processed, 0), found.shape[2])
        self._processed += found.shape[2]
        found = found[:, :, early:]
        if at_most is not None:
            found = found[:, :, :at_most]
        ready = found.shape[2]
        mixed, self._past = self._past[:, :ready], self._past[:, ready:]
        given = dict(zip(self._kept, found, strict=True))
        if self._rest not in given:
            given[self._rest] = mixed - found.sum(axis=0)
        return np.stack([given[stem] for stem in self._stems])

    def _step(self, hop: Audio) -> Audio:
        results = self._graph.run({self._audio.name: hop[np.newaxis], **self._memory})
        expected = (1, len(self._given), CHANNELS, self._hop)
        states = set(self._pairs.values())
        audio = [name for name in results if name not in states and results[name].shape == expected]
        if len(audio) != 1:
            raise self._graph.make_missing_error(f"output of stems {expected}")
        for taken, given in self._pairs.items():
            if results[given].shape != self._memory[taken].shape:
                message = f"{self._graph.path}: output {given}: expected {self._memory[taken].shape}"
                raise ModelError(
                    f"{message}, found {results[given].shape}", "a state must keep its shape: export it again"
                )
            self._memory[taken] = results[given]
        found = results[audio[0]][0]
        if not np.isfinite(found).all():
            raise ModelError(
                f"{self._name}: gave numbers that are not finite", "the file is broken, or not a separator"
            )
        return np.asarray(found[[self._given.index(stem) for stem in self._kept]])


def _pair_states(graph: OnnxGraph, manifest: Manifest) -> dict[str, str]:
    """Input and output of every state: the manifest's, or by name."""
    inputs, outputs = [tensor.name for tensor in graph.inputs], {tensor.name for tensor in graph.outputs}
    if manifest.states:
        for pair in manifest.states:
            if pair.input not in inputs:
                raise graph.make_missing_error(f"memory input {pair.input!r}")
            if pair.output not in outputs:
                raise graph.make_missing_error(f"memory output {pair.output!r}")
        return {pair.input: pair.output for pair in manifest.states}
    return {name: naming.format(name) for name in inputs for naming in _NAMINGS if naming.format(name) in outputs}


def _find_audio_input(graph: OnnxGraph, pairs: Sequence[str] | dict[str, str]) -> Tensor:
    """The one input that is no state."""
    rest = [tensor for tensor in graph.inputs if tensor.name not in pairs]
    if len(rest) == 1 and len(rest[0].shape) == 3 and rest[0].shape[1] in (None, CHANNELS):
        return rest[0]
    if len(rest) > 1:
        names = ", ".join(tensor.name for tensor in rest)
        message = f"{graph.path}: several of {names} have no output that gives them back; only the audio input may"
        raise ModelError(message, f"name them in states of the manifest; outputs: {', '.join(map(str, graph.outputs))}")
    raise graph.make_missing_error("audio input (1, 2, hop)")


def _to_fixed_shape(graph: OnnxGraph, tensor: Tensor) -> tuple[int, ...]:
    """The shape of a state, with batch 1; every other axis must be fixed."""
    shape = (tensor.shape[0] or 1, *tensor.shape[1:]) if tensor.shape else ()
    if any(size is None for size in shape):
        raise ModelError(f"{graph.path}: state {tensor} has an open axis", "export it with fixed shapes")
    return tuple(size for size in shape if size is not None)
