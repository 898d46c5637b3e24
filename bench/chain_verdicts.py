"""Verdicts of host processes on Debian's plugins and on all modes of the fixture plugin, in both hosts.

``python -m bench.chain_verdicts [--runs 20] [--only NAME]``. Each case loads its chain in a fresh process and renders
half a second of noise, or notes for instruments. Prints each case with the verdicts that it got, then false alarms (a
plugin that works got a verdict) and misses (a mode that fails got none, or another). A run takes a minute of processor
time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bridge.config import CONFIG_HOME_VARIABLE
from chains.document.chain import Chain, Format, Member
from chains.process.audio_file import create_segment, write_segment
from chains.process.block_list import FILE
from chains.process.host_process import HostProcess
from chains.process.limits import Limits
from chains.process.messages import AudioSegment, MidiNote, RenderRequest
from chains.process.verdict import HostVerdict, PluginError
from tests.chains.plugins import MODES, compile_fixture, make_chain, make_fixture_bundle
from tests.chains.verdicts import BOTH, HANGS, VERDICTS

RATE = 48000
FRAMES = RATE // 2
BLOCK = 512
NOTES = (MidiNote(0.0, 0.4, 60, 100), MidiNote(0.1, 0.3, 64, 100))
INSTRUMENTS = ("amsynth", "Nekobi", "Kars")
OTHER_VERDICTS = {
    "AmplitudeImposer": HostVerdict.SILENT,  # its level is that of its side-chain, and there is none
}
"""Verdicts of plugins that this render does not suit, by name."""
HANG_LIMITS = Limits(load_s=2.0, prepare_s=2.0, render_s=2.0)
MEMORY_LIMITS = Limits(memory_bytes=1 << 30)


@dataclass
class Case:
    """A chain in a host, and the verdict that it has to get."""

    name: str
    host: str
    chain: Chain
    wanted: HostVerdict = HostVerdict.OK
    limits: Limits = field(default_factory=Limits)
    found: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Whether all runs had the wanted verdict."""
        return set(self.found) <= {self.wanted.value}


def list_cases(folder: Path) -> Iterator[Case]:
    """All cases: the installed plugins of Debian's by format, then the fixture's modes."""
    for path in sorted(Path("/usr/lib/vst3").glob("Za*.vst3")):
        for host in BOTH:
            yield Case(f"{path.stem} vst3", host, make_plugin_chain(path.stem, "vst3", path))
    for path in sorted(Path("/usr/lib/vst").glob("*.so")):
        name = path.stem.removesuffix("-vst").removesuffix("_vst")
        wanted = OTHER_VERDICTS.get(name, HostVerdict.OK)
        yield Case(f"{name} vst2", "dawdreamer", make_plugin_chain(name, "vst2", path), wanted)
    for path in sorted(Path("/usr/lib/lv2").glob("Za*.lv2")):
        yield Case(f"{path.stem} lv2", "dawdreamer", make_plugin_chain(path.stem, "lv2", path))
    compiler = shutil.which("g++")
    if compiler is None:
        sys.stdout.write("no g++: without the fixture plugin\n")
        return
    library = compile_fixture(folder, compiler)
    for mode in MODES:
        bundle = make_fixture_bundle(library, folder, mode)
        wanted = VERDICTS.get(mode, (HostVerdict.OK, ""))[0]
        limits = HANG_LIMITS if mode in HANGS else MEMORY_LIMITS if mode == "memory_ctor" else Limits()
        for host in BOTH:
            yield Case(mode, host, make_chain(bundle), wanted, limits)


def make_plugin_chain(name: str, format: Format, path: Path) -> Chain:
    """A chain of one of Debian's plugins."""
    id = f"urn:zamaudio:{name}" if format == "lv2" else ""
    is_instrument = name in INSTRUMENTS
    paths: dict[str, tuple[str, ...]] = {"linux": (str(path),)}
    return Chain(members=(Member(plugin=name, format=format, id=id, paths=paths, is_instrument=is_instrument),))


def run_case(case: Case, source: AudioSegment, folder: Path) -> None:
    """Run a case once, and count its verdict."""
    began_s = time.monotonic()
    sink = create_segment(folder / "sink", 2, FRAMES)
    try:
        with HostProcess(case.limits) as host:
            host.load(case.chain, RATE, block_frames=BLOCK, host=case.host)
            notes = NOTES if case.chain.members[0].is_instrument else ()
            host.render(RenderRequest(source, sink, BLOCK, notes=notes))
        verdict = HostVerdict.OK
    except PluginError as error:
        verdict = error.verdict
        if verdict is not case.wanted:
            sys.stdout.write(f"  {case.name} in {case.host}: {error}\n")
    finally:
        Path(sink.path).unlink()
        Path(os.environ[CONFIG_HOME_VARIABLE], FILE).unlink(missing_ok=True)  # no run is refused for an earlier one
    case.found[verdict.value] += 1
    case.seconds.append(time.monotonic() - began_s)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sideman-verdicts-") as name:
        folder = Path(name)
        os.environ[CONFIG_HOME_VARIABLE] = str(folder / "config")
        noise = np.random.default_rng(1).uniform(-0.5, 0.5, (2, FRAMES)).astype(np.float32)
        source = write_segment(folder / "source", noise)
        cases = [case for case in list_cases(folder) if chosen.only in case.name]
        for run in range(chosen.runs):
            for case in cases:
                run_case(case, source, folder)
            sys.stdout.write(f"run {run + 1} of {chosen.runs}: {sum(not case.is_right for case in cases)} wrong\n")
            sys.stdout.flush()
    print_table(cases, chosen.runs)


def print_table(cases: Sequence[Case], runs: int) -> None:
    """Print a line a case, then the sums."""
    for case in cases:
        found = ", ".join(f"{verdict} {count}" for verdict, count in sorted(case.found.items()))
        mark = "" if case.is_right else f"  WRONG, wanted: {case.wanted.value}"
        sys.stdout.write(f"{case.name:24} {case.host:11} {max(case.seconds):6.1f} s  {found}{mark}\n")
    works = [case for case in cases if case.wanted is HostVerdict.OK]
    fails = [case for case in cases if case.wanted is not HostVerdict.OK]
    alarms = sum(runs - case.found["ok"] for case in works)
    misses = sum(runs - case.found[case.wanted.value] for case in fails)
    sys.stdout.write(f"false alarms: {alarms} of {len(works) * runs}; missed: {misses} of {len(fails) * runs}\n")


if __name__ == "__main__":
    main()
