"""Stream pass: a whole signal through members of Pedalboard, block by block and in place, each aligned.

Several members in a row take each block one after the other while it is in the cache: a pass of each over the whole
signal cost 5 % more on three minutes through eight effects.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

from bridge.core.audio import Audio
from chains.hosts.member import StreamingMember
from chains.hosts.offline_run import CURVE_FRAMES, OfflineRun

CACHED_FRAMES = 8192
"""Frames that members in a row take at a time: 64 KiB of stereo, which the second cache of a core holds."""


class StreamPass:
    """One member's way through a signal. ``work``: shape (2, frames), processed in place.

    Attributes:
        consumed: Frames that the member took.
        written: Frames that are final behind it.
    """

    def __init__(self, member: StreamingMember, work: Audio, run: OfflineRun) -> None:
        self._member, self._work, self._run = member, work, run
        self._curves = run.curves.get(member.label, {})
        self.chunk_frames = CURVE_FRAMES if self._curves else run.chunk_frames
        # an automation has pieces of its own size; Pedalboard's own effects, which report no latency, clear what they
        # hold where a block is larger than all since their reset
        takes_sizes = bool(run.block_sizes) and not self._curves and member.reports_latency
        self._sizes = cycle(run.block_sizes) if takes_sizes else None
        if run.resets:
            member.reset()
        self._expected = member.latency_frames
        self.consumed = self.written = 0

    def advance(self, to: int) -> None:
        """Process the frames up to ``to``, one chunk at a time."""
        while self.consumed < to:
            if self._sizes is None:
                self._feed(min(to, self.consumed + self.chunk_frames), min(self._run.block_frames, self.chunk_frames))
            else:
                size = next(self._sizes)
                self._feed(min(to, self.consumed + max(size, CURVE_FRAMES)), size)

    def _feed(self, stop: int, buffer_frames: int) -> None:
        member, run, start = self._member, self._run, self.consumed
        if self._curves:
            at = start // CURVE_FRAMES
            curves = self._curves.items()
            member.automate({name: float(values[min(at, len(values) - 1)]) for name, values in curves})
        if start == 0 and run.resets:
            # the largest block comes first: at a larger one later Pedalboard prepares plugins again, which clears them
            member.lead_in(max(run.block_sizes) if self._sizes else buffer_frames)
        out = member.feed(self._work[:, start:stop], buffer_frames)
        latency = member.latency_frames
        if member.reports_latency and latency != self._expected:
            run.note_latency(member.label, start, self._expected, latency)
            self._expected = latency
        run.silence_bad_frames(member.label, out)
        # what came out is the newest: it ends where the input ends, and belongs to the time before the latency
        begin = stop - out.shape[1] - (latency if run.is_compensated else 0)
        skipped = max(0, self.written - begin)
        end = begin + out.shape[1]
        if end > self.written:
            self._work[:, self.written : max(self.written, begin)] = 0.0
            self._work[:, begin + skipped : end] = out[:, skipped:]
            self.written = end
        self.consumed = stop
        run.advance(stop - start, self._work.shape[1])

    def finish(self) -> None:
        """Process what is left; what never came out is silence."""
        frames = self._work.shape[1]
        self.advance(frames)
        self._work[:, self.written :] = 0.0
        self.written = frames


def stream_members(members: Sequence[StreamingMember], work: Audio, run: OfflineRun) -> None:
    """Process ``work``, shape (2, frames), through ``members``, in place.

    Raises:
        PluginError: A member cannot do it.
    """
    passes = [StreamPass(member, work, run) for member in members]
    frames = work.shape[1]
    chunk = passes[0].chunk_frames if len(passes) == 1 else max(run.block_frames, CACHED_FRAMES)
    for stop in range(chunk, frames + chunk, chunk):
        ready = min(stop, frames)
        for one in passes:
            one.advance(ready)
            ready = one.written
    for one in passes:
        one.finish()


def is_automated(member: StreamingMember, run: OfflineRun) -> bool:
    """Whether the member takes pieces of its own size."""
    return bool(run.curves.get(member.label))
