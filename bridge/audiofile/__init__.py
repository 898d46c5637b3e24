"""Reader of audio files: every frame that is there, whatever a header says, the same for all commands."""

from __future__ import annotations

from bridge.audiofile.song import BLOCK_FRAMES, RATES_HZ, READABLE, Song
from bridge.audiofile.whole import read_whole

__all__ = ["BLOCK_FRAMES", "RATES_HZ", "READABLE", "Song", "read_whole"]
