"""Analysis stream: an engine stream for songs that anybody may bring, whatever the phase of their channels."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.core.audio import Audio
from bridge.core.engine import Engine, State
from bridge.core.engine_stream import EngineStream
from engines.downmix import Downmix
from engines.saved_state import add_prefix, strip_prefix


class AnalysisStream(EngineStream):
    """An engine stream whose mono inputs get a downmix that survives out-of-phase channels."""

    def __init__(self, engine: Engine, rate: int, values: Mapping[str, float] | None = None) -> None:
        self._downmix = Downmix(rate)
        super().__init__(engine, rate, values)

    def reset(self) -> None:
        super().reset()
        self._downmix.reset()

    def state(self) -> State:
        return {**super().state(), **add_prefix("downmix", self._downmix.state())}

    def restore(self, state: State) -> None:
        super().restore(state)
        self._downmix.restore(strip_prefix("downmix", state))

    def mix_to_mono(self, hop: Audio) -> Audio:
        mono = super().mix_to_mono(hop)
        self._downmix.correct(hop, mono)
        return mono
