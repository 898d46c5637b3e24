"""Cost of the whole band in the synth: ``python -m bench.synth_cost [STYLE...]``.

Eight bars in each style, all parts through one engine hop by hop, as on the live signal path; 44.1 kHz, processor time.
Takes 15 s for all styles.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
from mido import MidiFile
from numpy.typing import NDArray

from bench.styles import SHEET
from bridge.core.engine import block_for
from bridge.core.events import TimedEvent
from bridge.core.time import BlockTime
from engines.accompaniment.style_lookup import SHIPPED_STYLES
from engines.backing.accompany_command import FILE, accompany
from engines.synth.stems import Score, read_score
from engines.synth.synth_engine import INPUT, Synth, fluid, plain

RATE = 44100
ENGINES = (fluid, plain)


def arrange_score(style: str, folder: Path) -> Score:
    """The sheet in ``style``."""
    sheet = folder / "sheet.txt"
    sheet.write_text(SHEET, encoding="utf-8")
    with redirect_stdout(io.StringIO()):
        accompany(str(sheet), out=folder, style=style)
    return read_score(MidiFile(folder / FILE, charset="utf-8"), RATE)


def measure_hops_ms(synth: Synth, events: Sequence[TimedEvent], frames: int) -> NDArray[np.float64]:
    """Processor time of each call, shape (hops,), in ms: that of other programs is not in it."""
    hop, times, coming = synth.spec.hop, [], 0
    block = block_for(synth.spec.inputs, hop, synth.spec.controls)
    out = block_for(synth.spec.outputs, hop)
    for first in range(0, frames, hop):
        block.events[INPUT].clear()
        while coming < len(events) and events[coming].frame < first + hop:
            block.events[INPUT].append(events[coming])
            coming += 1
        start = time.thread_time()
        synth.process(block, BlockTime(first, RATE), out)
        times.append(1000 * (time.thread_time() - start))
    return np.array(times)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("styles", nargs="*", default=SHIPPED_STYLES, help="of those that ship; all by default")
    options = parser.parse_args(arguments)
    row = "{:<13}{:<13}{:>9}{:>9}{:>9}{:>9}{:>12}{:>12}\n"
    sys.stdout.write(row.format("style", "engine", "mean ms", "p50", "p99", "max", "of a core", "prepare s"))
    with tempfile.TemporaryDirectory() as folder:
        for style in options.styles:
            score = arrange_score(style, Path(folder))
            events = sorted((e for part in score.parts.values() for e in part), key=lambda event: event.frame)
            for make in ENGINES:
                synth = make()
                start = time.perf_counter()
                synth.prepare(RATE, synth.spec.hop)
                ready = time.perf_counter() - start
                times = measure_hops_ms(synth, events, score.frames)
                share = times.mean() / (1000 * synth.spec.hop / RATE)
                figures = (times.mean(), *np.percentile(times, (50, 99)), times.max())
                cells = [f"{value:.3f}" for value in figures]
                sys.stdout.write(row.format(style, synth.spec.name, *cells, f"{share:.1%}", f"{ready:.2f}"))
                sys.stdout.flush()


if __name__ == "__main__":
    main()
