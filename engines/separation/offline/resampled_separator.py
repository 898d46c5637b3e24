"""Resampled separator: runs a separator at the nearest of its rates, aligned to the frame."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.core.engine import State
from engines.offline.rates import StreamResampler, choose_rate
from engines.separation.separator import ResumableSeparator, StreamableSeparator

REST = STEMS[-1]


class ResampledSeparator:
    """Any streaming separator at any rate, as a `ResumableSeparator`.

    What is lost in resampling, such as a 96 kHz file's treble above 24 kHz, goes to the stem "other" where there is
    one. So stems that sum to the mix inside do so at the file's own rate, too.
    """

    rates: tuple[int, ...] = ()

    def __init__(self, separator: StreamableSeparator) -> None:
        self._separator = separator
        self._own = self._rate = 0

    @property
    def name(self) -> str:
        return self._separator.name

    @property
    def stems(self) -> tuple[str, ...]:
        return self._separator.stems

    def begin(self, rate: int) -> None:
        self._start(rate)
        self._separator.begin(self._own)

    def _start(self, rate: int) -> None:
        self._rate, self._own = rate, choose_rate(self._separator.rates, rate)
        self._down = StreamResampler(rate, self._own, CHANNELS)
        self._up = StreamResampler(self._own, rate, CHANNELS * (len(self.stems) + 1))
        self._mix = np.zeros((CHANNELS, 0), np.float32)  # at the file's rate, not yet returned
        self._inside = np.zeros((CHANNELS, 0), np.float32)  # at the separator's, not yet separated

    def push(self, mix: Audio) -> Audio:
        if self._own == self._rate:
            return self._separator.push(mix)
        self._mix = np.concatenate([self._mix, mix], axis=1)
        inside = self._down.push(mix)
        self._inside = np.concatenate([self._inside, inside], axis=1)
        return self._split_stems(self._up.push(self._append_mix(self._separator.push(inside))))

    def finish(self) -> Audio:
        if self._own == self._rate:
            return self._separator.finish()
        silence = np.zeros((CHANNELS, self._rate // 10), np.float32)  # so that rounding does not cut the end short
        inside = np.concatenate([self._down.push(silence), self._down.finish()], axis=1)
        self._inside = np.concatenate([self._inside, inside], axis=1)
        stems = np.concatenate([self._separator.push(inside), self._separator.finish()], axis=2)
        last = self._up.push(self._append_mix(stems))
        return self._split_stems(np.concatenate([last, self._up.finish()], axis=1))

    def separate(self, mix: Audio, rate: int) -> Audio:
        self.begin(rate)
        return np.concatenate([self.push(mix), self.finish()], axis=2)

    def state(self) -> State | None:
        state = self._separator.state() if isinstance(self._separator, ResumableSeparator) else None
        if state is None:
            return None
        parts: dict[str, State] = {"inner": state, "down": self._down.state(), "up": self._up.state()}
        own: State = {"mix": self._mix.copy(), "inside": self._inside.copy()}
        return own | {f"{part}.{key}": array for part, held in parts.items() for key, array in held.items()}

    def restore(self, rate: int, state: State) -> None:
        def select_part(name: str) -> State:
            return {key[len(name) + 1 :]: array for key, array in state.items() if key.startswith(name + ".")}

        self._start(rate)
        if isinstance(self._separator, ResumableSeparator):
            self._separator.restore(self._own, select_part("inner"))
        self._down.restore(select_part("down"))
        self._up.restore(select_part("up"))
        self._mix, self._inside = state["mix"].astype(np.float32), state["inside"].astype(np.float32)

    def _append_mix(self, stems: Audio) -> Audio:
        """Stems, followed by the mix that they came from, as channels."""
        frames = stems.shape[2]
        both = np.concatenate([stems.reshape(CHANNELS * len(self.stems), frames), self._inside[:, :frames]])
        self._inside = self._inside[:, frames:].copy()
        return both

    def _split_stems(self, both: Audio) -> Audio:
        """Stems from the channels of `_append_mix`, at the file's rate, with the mix's loss added to "other"."""
        both = both[:, : self._mix.shape[1]]
        frames = both.shape[1]
        stems = both[:-CHANNELS].reshape(len(self.stems), CHANNELS, frames)
        if REST in self.stems:
            stems[self.stems.index(REST)] += self._mix[:, :frames] - both[-CHANNELS:]
        self._mix = self._mix[:, frames:].copy()
        return stems
