"""Plain Pedalboard: a chain of built-in effects without anything of ours, as what `sideman bench render` compares with.

``python -m chains.hosts.plain_pedalboard CHAIN RATE SOURCE SINK FRAMES`` prints the processor seconds of the render.
"""

from __future__ import annotations

import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pedalboard
from pedalboard._pedalboard import Pedalboard as Board

CHANNELS = 2


def main(chain: str, rate: str, source: str, sink: str, frames: str) -> None:
    """Render ``source`` into ``sink``, both raw float32 of shape (2, frames), and print what it took."""
    shape = (CHANNELS, int(frames))
    members = tomllib.loads(Path(chain).read_text(encoding="utf-8"))["member"]
    began_s = time.process_time()
    board = Board([getattr(pedalboard, one["effect"])(**one.get("parameters", {})) for one in members])
    audio = np.fromfile(source, np.float32).reshape(shape)
    np.asarray(board(audio, float(rate)), np.float32).tofile(sink)
    sys.stdout.write(f"{time.process_time() - began_s:.6f}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
