"""Part level: the gain with which an instrument is as loud as the synth that plays the same part."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.core.audio import Audio
from bridge.core.events import TimedEvent
from bridge.errors import BridgeError
from chains.process.audio_file import map_segment
from chains.process.messages import AudioSegment
from engines.mastering.loudness import measure_loudness
from engines.mastering.mastering import MOST_GAIN_DB
from engines.mastering.true_peak_limiter import BLOCK_FRAMES, read_blocks
from engines.synth.stems import render as play_synth


def find_synth_gain(audio: Audio, events: Sequence[TimedEvent], frames: int, rate: int) -> tuple[float, str]:
    """The gain in dB that gives ``audio``, shape (2, any), the loudness of ``events`` played by the synth.

    ``frames``: the length of what the synth plays. Where there is nothing to compare the gain is 0, and the reason
    comes with it.
    """
    own = measure_loudness(read_blocks(audio), rate)
    if own.integrated_lufs is None:
        return 0.0, f"{own.reason}: its level is left"
    try:
        sound = play_synth(events, frames, rate)
    except BridgeError as error:
        return 0.0, f"its level is left: the synth of Sideman cannot play it to compare: {error.message}"
    wanted = measure_loudness(read_blocks(sound), rate)
    if wanted.integrated_lufs is None:
        return 0.0, "its level is left: the synth of Sideman plays this part too softly or too shortly to compare"
    return max(-MOST_GAIN_DB, min(wanted.integrated_lufs - own.integrated_lufs, MOST_GAIN_DB)), ""


def apply_gain(segment: AudioSegment, gain_db: float) -> None:
    """Multiply a segment by a gain, in place."""
    if gain_db == 0.0:
        return
    audio, factor = map_segment(segment, writable=True), 10.0 ** (gain_db / 20.0)
    for start in range(0, segment.frames, BLOCK_FRAMES):
        audio[:, start : start + BLOCK_FRAMES] *= factor
