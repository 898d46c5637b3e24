"""The band's first beat waits for nothing that could have been had before."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from bridge.core.engine import block_for
from bridge.core.events import Chord, TimedEvent
from bridge.core.time import BlockTime
from engines.accompaniment.band import Band
from engines.accompaniment.timeline import HOP
from engines.accompaniment.harmony import predictor
band = Band()
band.prepare(48000, HOP)
assert predictor.load_shipped.cache_info().currsize == 1
before = set(sys.modules)
block = block_for(band.spec.inputs, HOP, band.spec.controls)
out = block_for(band.spec.outputs, HOP)
block.events["chords"] = [TimedEvent(0, Chord(0, 0, 0, 0.9))]
for hop in range(400):
    band.process(block, BlockTime(hop * HOP, 48000, hop * HOP / 24000, 120.0, True, 4, True), out)
    block.events["chords"] = []
assert out.events["midi"]
print(sorted(set(sys.modules) - before))
"""


def test_nothing_is_imported_and_no_network_loaded_once_the_band_is_prepared() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
