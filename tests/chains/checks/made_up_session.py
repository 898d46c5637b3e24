"""Made-up session: a gain with a lookahead, written in numpy, with faults to switch on; hosted in this process."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from itertools import cycle

import msgspec
import numpy as np

from bridge.core.audio import Audio
from chains.checks.host_session import Rendered, RenderSettings
from chains.document.chain import Chain
from chains.process.messages import (
    LoadResult,
    MemberFacts,
    ParameterFacts,
    ParametersResult,
    RenderResult,
    StateResult,
)
from chains.process.verdict import HostVerdict, PluginError

NAME = "Made up"
MEMORY_BYTES = 50 << 20
LEAK_BYTES = 100_000
SHUFFLE = 1e-4


class MadeUpPlugin:
    """The processor. ``faults``: names of what is wrong with it."""

    keeps = 0
    """Whether it keeps audio over a reset."""

    def __init__(self, faults: frozenset[str], rate: int, instance: int) -> None:
        self.faults, self.rate = faults, rate
        self.raw = {"Gain": 0.5, "Lookahead": 0.0}
        self.leaked_bytes = 0
        self._rest = np.float32(0.0)
        self._resets = self._starts = 0
        self._random = np.random.default_rng(instance)
        self.reset()

    @property
    def real_latency(self) -> int:
        lookahead = round(self.raw["Lookahead"] * 1000) if "latency follows a parameter" in self.faults else 0
        return 256 if {"wrong latency", "latency", "clears where blocks grow"} & self.faults else lookahead

    @property
    def latency(self) -> int:
        return 0 if "wrong latency" in self.faults else self.real_latency

    def reset(self) -> None:
        self._late = np.zeros((2, self.real_latency), np.float32)
        self._hiss = np.random.default_rng(3)
        self._blocks = 0
        self._last_frames = 1 << 20
        self._resets += self.keeps
        self._starts += 1
        self._level = 1.0 - 0.4 / self._starts

    def process(self, block: Audio) -> Audio:
        frames = block.shape[1]
        self._blocks += 1
        if "clears where blocks grow" in self.faults and frames > self._last_frames:
            self._late[:] = 0
        self._last_frames = frames
        self.leaked_bytes += LEAK_BYTES
        if self._late.shape[1] != self.real_latency:
            self._late = np.zeros((2, self.real_latency), np.float32)
        line = np.concatenate([self._late, block], axis=1)
        out, self._late = line[:, :frames].copy(), line[:, frames:]
        if "no recovery" in self.faults and np.any(np.isnan(block)):
            self._rest = np.float32(np.nan)
        out = out * np.float32(2 * self.raw["Gain"]) + self._rest
        return self._spoil(out)

    def _spoil(self, out: Audio) -> Audio:
        frames, faults = out.shape[1], self.faults
        if "ramp at the start" in faults and self._blocks == 1:
            out *= np.linspace(0, 1, frames, dtype=np.float32)
        if "zipper" in faults:
            out *= np.float32(round(self.raw["Gain"] * 20) / 20 / max(self.raw["Gain"], 1e-6))
        if "nan" in faults and self._blocks > 5:
            out[:] = np.nan
        if "not deterministic" in faults:
            out += (SHUFFLE * self._random.standard_normal(out.shape)).astype(np.float32) * (np.abs(out) > 0)
        if "keeps audio in one host" in faults:
            out *= np.float32(1.0 - 0.001 * self._resets)
        if "differs by far" in faults:
            out *= np.float32(self._level)
        if "depends on blocks" in faults:
            out *= np.float32(1 - 0.1 / frames)
        if "dc" in faults:
            out += np.float32(0.01)
        if "hiss" in faults:
            out += (0.003 * self._hiss.standard_normal((frames, 2)).T).astype(np.float32)
        if "silence" in faults or ("one rate" in faults and self.rate != 44_100):
            out[:] = 0
        if "one channel" in faults:
            out[1] = 0
        if "denormals" in faults:
            out[out == 0] = 1e-40
        if "gaps" in faults and self._blocks % 5 == 0:
            out[:] = 0
        return out


class MadeUpSession:
    """A `HostSession` on a made-up plugin. The chain's one member may be bypassed."""

    opened = 0

    def __init__(self, faults: frozenset[str], host: str = "auto") -> None:
        self.faults, self.host = faults, host
        self.is_running = True
        MadeUpSession.opened += 1

    def load(self, chain: Chain, rate: int) -> LoadResult:
        self._chain = chain
        if "crash at load" in self.faults:
            self.is_running = False
            raise PluginError(f"{NAME} crashed (SIGSEGV) while loading", "remove it", HostVerdict.CRASHED, NAME, "load")
        self._plugin = MadeUpPlugin(self.faults, rate, MadeUpSession.opened)
        self._plugin.keeps = int(self.host == "dawdreamer")
        member = chain.members[0]
        if member.state and "state is lost" not in self.faults:
            self._plugin.raw = msgspec.json.decode(b64decode(member.state), type=dict[str, float])
        tail_s = 1e9 if "endless tail" in self.faults else 0.0
        host = "pedalboard" if self.host == "auto" else self.host
        facts = MemberFacts(
            member.label, host, NAME, "1.0", "ab" * 16, tail_s=tail_s, latency_frames=self._plugin.latency
        )
        return LoadResult((facts,), self._plugin.latency, 0.01)

    def render(self, source: Audio, settings: RenderSettings) -> Rendered:
        plugin, member = self._plugin, self._chain.members[0]
        if settings.resets or self.host == "dawdreamer":  # which starts again each time
            plugin.reset()
        if "crash at render" in self.faults:
            self.is_running = False
            raise PluginError(f"{NAME} crashed (SIGSEGV) in a render", "remove it", HostVerdict.CRASHED, NAME, "render")
        latency = 0 if member.bypass or not settings.is_compensated else plugin.latency
        frames = source.shape[1] + settings.tail_frames
        line = np.pad(source, ((0, 0), (0, settings.tail_frames + latency)))
        parts: list[Audio] = []
        sizes, at = cycle(settings.block_sizes or (settings.block_frames,)), 0
        while at < line.shape[1]:
            size = next(sizes)
            for name, points in member.automation.items():
                beat = at / plugin.rate * settings.tempo_bpm / 60
                (begin, low), (end, high) = points
                plugin.raw[name] = (low + (high - low) * min((beat - begin) / (end - begin), 1.0)) / 2
            block = line[:, at : at + size]
            parts.append(block if member.bypass else plugin.process(block))
            at += size
        audio = np.concatenate(parts, axis=1)[:, latency : latency + frames].astype(np.float32)
        if self.host == "dawdreamer" and "hosts differ" in self.faults:
            audio *= np.float32(0.9)
        if self.host == "dawdreamer" and "follows the tempo" in self.faults:
            audio *= np.float32(settings.tempo_bpm / 120.0)
        bad = int(np.count_nonzero(~np.isfinite(audio).all(axis=0)))
        return Rendered(audio, RenderResult(frames, plugin.latency, bad_frames=bad, cpu_s=0.001))

    def read_parameters(self, member: str, values: Mapping[str, float | str]) -> ParametersResult:
        raw = self._plugin.raw
        for name, value in values.items():
            raw[name] = float(value)
            if "stuck parameter" in self.faults and name == "Gain":
                raw[name] = 0.5
        high = {"Gain": 2.0, "Lookahead": 1000.0}
        facts = [ParameterFacts(name, raw[name], f"{raw[name] * high[name]:g}", "", 0.0, high[name]) for name in raw]
        facts[1] = msgspec.structs.replace(facts[1], high=None, index=1)
        return ParametersResult(tuple(facts), self._plugin.latency)

    def save_state(self, member: str) -> StateResult:
        return StateResult(b64encode(msgspec.json.encode(self._plugin.raw)).decode(), self._plugin.latency)

    def measure_memory(self) -> int:
        return MEMORY_BYTES + (self._plugin.leaked_bytes if "leak" in self.faults else 0)

    def close(self) -> None:
        self.is_running = False
