"""DawDreamer engine: one or two processors, each with an array as its input, rendered from silence.

DawDreamer renders a whole signal at once, late by the latency. Its block size belongs to the engine, so that another
block size needs another engine. An engine in which a Faust program failed to compile is of no use any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import dawdreamer
import numpy as np

from bridge.core.audio import Audio

Processor: TypeAlias = Any
"""A processor of DawDreamer, which ships no types."""
MakeProcessor: TypeAlias = Callable[[Any, str], Processor]
"""Makes a processor of a name in an engine."""
_WARM_FRAMES = 512
"""Frames of silence behind which LV2 parameters act: the first blocks use the old ones."""


class DawDreamerEngine:
    """An engine with its processors.

    Attributes:
        processors: One for all channels, or one for each channel.
        block_frames: Of the engine.
    """

    def __init__(self, rate: int, block_frames: int, make: MakeProcessor, count: int = 1) -> None:
        """Make ``count`` processors, each with an array as its input, and load the graph: parameters hold from then."""
        self._rate, self.block_frames = rate, block_frames
        # the engine is kept: its processors answer nothing without it
        self._engine = dawdreamer.RenderEngine(rate, block_frames)
        self.processors: tuple[Processor, ...] = tuple(make(self._engine, f"plugin{one}") for one in range(count))
        self._players: list[Processor] = []
        nodes: list[tuple[Processor, list[str]]] = []
        for one, processor in enumerate(self.processors):
            inputs = processor.get_num_input_channels()
            if inputs:
                silence = np.zeros((inputs, _WARM_FRAMES), np.float32)
                self._players.append(self._engine.make_playback_processor(f"input{one}", silence))
                nodes.append((self._players[-1], []))
            nodes.append((processor, [f"input{one}"] if inputs else []))
            processor.record = count > 1  # else the engine's own output is enough: a copy of the song less
        self._engine.load_graph(nodes)

    @property
    def inputs(self) -> int:
        """Input channels of each processor, sidechains included."""
        return int(self.processors[0].get_num_input_channels())

    @property
    def outputs(self) -> int:
        """Output channels of each processor."""
        return int(self.processors[0].get_num_output_channels())

    def set_tempo(self, tempo_bpm: Audio | float, ticks_per_beat: int = 0) -> None:
        """Set one tempo, or one for each tick of the song."""
        if isinstance(tempo_bpm, float | int):
            self._engine.set_bpm(float(tempo_bpm))
        else:
            self._engine.set_bpm(tempo_bpm, ticks_per_beat)

    def warm_up(self) -> None:
        """Play some silence, so that parameters act."""
        self.render([np.zeros((self.inputs, _WARM_FRAMES), np.float32)] * len(self.processors), _WARM_FRAMES)

    def render(self, inputs: Sequence[Audio], frames: int) -> list[Audio]:
        """Render from silence.

        ``inputs``: for each processor, shape (its inputs, frames).

        Returns:
            For each processor its outputs, shape (its outputs, frames).
        """
        for player, audio in zip(self._players, inputs, strict=False):
            player.set_data(audio)
        # DawDreamer rounds down: half a frame more makes it whole
        self._engine.render((frames + 0.5) / self._rate)
        sources = self.processors if len(self.processors) > 1 else (self._engine,)
        return [np.asarray(source.get_audio(), np.float32)[:, :frames] for source in sources]
