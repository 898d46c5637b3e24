"""Table of chain checks: what `sideman chain check` finds in the plugins of Debian's zam-plugins and in Kars.

Usage: python -m bench.chain_check_table [PLUGIN...] [--strict 2] [--host auto]

It prints Markdown for docs/benchmarks.md. Without PLUGIN it takes some minutes of processor time, ZamVerb most of it.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Sequence
from pathlib import Path

from bridge.printing import Printer
from chains.checks.check_report import ChainCheckReport
from chains.checks.check_run import check_target, find_instrument, find_target, make_factory
from chains.checks.outcome import Outcome

PLUGINS = (*sorted(map(str, Path("/usr/lib/vst3").glob("Za*.vst3"))), "/usr/lib/vst/Kars-vst.so")
HEAD = "| plugin | pass | warn | fail | flagged | latency, frames | repeat, dB | other host, dB | CPU s |"
"""Latency: declared = measured. Repeat: in a process / in a fresh one."""


def measure_cpu_s() -> float:
    """Processor time of this process and its children that have ended."""
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def check_plugin(plugin: str, host: str, strictness: int) -> ChainCheckReport:
    """The report on a plugin, as an instrument where it is one."""
    target = find_target(plugin)
    report, _ = check_target(target, make_factory(target), time.monotonic, host=host, strictness=strictness)
    instrument = find_instrument(target, report)
    if instrument is not None:
        report, _ = check_target(instrument, make_factory(instrument), time.monotonic, host=host, strictness=strictness)
    return report


def format_row(report: ChainCheckReport, cpu_s: float) -> str:
    """A row of the table."""
    results = {result.check: result for result in report.results}
    flagged = [one.check for one in report.results if one.outcome in (Outcome.WARN, Outcome.FAIL)]
    latency = results["latency"].figures
    frames = f"{latency['declared_frames']} = {latency['measured_frames']}" if latency else results["latency"].finding
    repeat = results["repeat"].figures
    depth = f"{repeat['within_process_db']} / {repeat['fresh_process_db']}" if repeat else "-"
    hosts = results["hosts"].figures.get("null_db", "-") if "hosts" in results else "-"
    counts = [str(report.count(outcome)) for outcome in (Outcome.PASS, Outcome.WARN, Outcome.FAIL)]
    cells = [Path(report.chain).stem, *counts, ", ".join(flagged) or "-", frames, depth, str(hosts), f"{cpu_s:.1f}"]
    return f"| {' | '.join(cells)} |"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.chain_check_table", description=__doc__)
    parser.add_argument("plugins", nargs="*", default=PLUGINS, metavar="PLUGIN")
    parser.add_argument("--strict", type=int, choices=(1, 2, 3), default=2)
    parser.add_argument("--host", choices=("auto", "pedalboard", "dawdreamer"), default="auto")
    options = parser.parse_args(argv)
    console = Printer()
    console.say(HEAD)
    console.say("|---|---|---|---|---|---|---|---|---|")
    for plugin in options.plugins:
        begun_s = measure_cpu_s()
        report = check_plugin(plugin, options.host, options.strict)
        console.say(format_row(report, measure_cpu_s() - begun_s))


if __name__ == "__main__":
    main()
