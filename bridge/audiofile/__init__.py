"""Audio file reader, shared by all commands: every frame in a file, even where its header is wrong."""

from __future__ import annotations

from bridge.audiofile.song import BLOCK_FRAMES, RATES_HZ, READABLE, Song
from bridge.audiofile.whole import read_whole

__all__ = ["BLOCK_FRAMES", "RATES_HZ", "READABLE", "Song", "read_whole"]
