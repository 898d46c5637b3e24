"""Writes to Ableton Live that arrive while the network has faults: ``python -m bench.ableton_faults [--share 0.05]``.

The model of AbletonOSC that the tests have stands for Live, over UDP and with Live's tick of 100 ms; each kind of fault
(dropped, up to 300 ms late, doubled, reordered) concerns ``share`` of the datagrams, each way. Eight programs write
clips and set values through the hub. Prints how many writes were confirmed, how many of those are in Live afterwards,
and the time of a query at the median and the 99th percentile. Takes a minute.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass

from bridge.daw.ableton.clip_notes import ClipNote, is_equal, prepare_notes
from bridge.daw.ableton.clip_target import ClipTarget
from bridge.daw.ableton.clip_writer import write_clip
from bridge.daw.ableton.live_client import is_same, set_value
from bridge.daw.ableton.live_connection import LOOPBACK, LiveAddress, LiveConnection
from bridge.daw.ableton.live_procedure import Procedure
from bridge.daw.ableton.live_protocol import LiveError
from tests.daw.ableton.live_model import LiveModel, ModelTrack
from tests.daw.ableton.udp_live import UdpLive
from tests.ports import free_port

PROGRAMS, CLIPS, NOTES, VALUES = 8, 2, 600, 10
LENGTH = 32.0
SETTLE_S = 1.0
"""Time after the last write in which late datagrams arrive."""


@dataclass(slots=True)
class Outcomes:
    """What one program has written: confirmed clips and values, and what was given up."""

    clips: dict[int, list[ClipNote]]
    values: dict[int, float]
    problems: list[str]
    times_s: list[float]


def make_notes(seed: int) -> list[ClipNote]:
    dice = random.Random(seed)
    return [
        ClipNote(dice.random() * LENGTH, dice.randrange(128), dice.random(), dice.randrange(1, 128))
        for _ in range(NOTES)
    ]


def write_all(track: int) -> Procedure[Outcomes]:
    """The writes of the program that has ``track``."""
    outcomes = Outcomes({}, {}, [], [])
    for slot in range(CLIPS):
        notes = make_notes(100 * track + slot)
        try:
            yield from write_clip(ClipTarget(track, slot), notes, LENGTH, "bench")
            outcomes.clips[slot] = notes
            for number in range(VALUES):
                value = 1.0 + number / 7.0
                reply = yield set_value("clip", "start_marker", value, track, slot)
                outcomes.values[slot] = value
                outcomes.times_s.append(reply.received_s - reply.sent_s)
        except LiveError as error:
            outcomes.problems.append(f"program {track}: {error}")
    return outcomes


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.05, help="of the datagrams with each kind of fault")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    model, reply_port = LiveModel(), free_port()
    model.tracks = [ModelTrack(f"Track {number}") for number in range(PROGRAMS)]
    began_s = time.monotonic()
    with UdpLive(reply_port, options.share, options.seed, model=model) as live, ExitStack() as opened:
        hub = opened.enter_context(LiveConnection(LiveAddress(LOOPBACK, live.port, reply_port, 0)))
        assert hub.hub_port is not None
        own = LiveAddress(LOOPBACK, hub.hub_port, 0)
        programs = [opened.enter_context(LiveConnection(own)) for _ in range(PROGRAMS)]
        futures: list[Future[Outcomes]] = [one.start(write_all(track)) for track, one in enumerate(programs)]
        outcomes = [future.result() for future in futures]
        took_s = time.monotonic() - began_s
        time.sleep(SETTLE_S)
        with live.lock:
            report(outcomes, model, live, took_s)


def report(outcomes: Sequence[Outcomes], model: LiveModel, live: UdpLive, took_s: float) -> None:
    """Print what was confirmed, and what of it Live has."""
    clips = [(track, slot, notes) for track, one in enumerate(outcomes) for slot, notes in one.clips.items()]
    right = sum(
        is_equal(model.get_clip(track, slot).notes, prepare_notes(notes, LENGTH)) for track, slot, notes in clips
    )
    values = [(track, slot, value) for track, one in enumerate(outcomes) for slot, value in one.values.items()]
    kept = sum(is_same(model.get_clip(track, slot).values["start_marker"], value) for track, slot, value in values)
    times_s = sorted(time_s for one in outcomes for time_s in one.times_s)
    due = PROGRAMS * CLIPS
    notes = sum(len(model.get_clip(track, slot).notes) for track, slot, _ in clips)
    confirmed = sum(len(one.times_s) for one in outcomes)
    lines = [
        f"{PROGRAMS} programs through the hub, {took_s:.1f} s, {live.received} datagrams to Live",
        f"faults to Live: {live.to_live.faults}; from Live: {live.from_live.faults}",
        f"clips confirmed {len(clips)} of {due}, of these right in Live {right} ({notes} notes)",
        f"values confirmed {confirmed} of {due * VALUES}, last ones right {kept} of {due}",
        *(f"given up: {problem}" for one in outcomes for problem in one.problems),
    ]
    if times_s:
        p99_s = times_s[min(int(0.99 * len(times_s)), len(times_s) - 1)]
        lines.append(f"confirming try: median {1e3 * statistics.median(times_s):.0f} ms, p99 {1e3 * p99_s:.0f} ms")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
