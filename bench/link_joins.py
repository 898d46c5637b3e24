"""Joins of a Link session: how many change its tempo: ``python -m bench.link_joins --joins 50``.

Two peers in processes of their own have a session at a tempo of its own. Sideman's side joins and leaves again, each
time with another tempo of its own, and all three are asked. With `--settle 0` it joins as soon as it is made, which is
what other programs do: then some joins change it. Needs the extra 'link'; takes two minutes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.link_peer import PEER_S, POLL_S, PeerProcess, run_alone
from bridge.clocks.link_session import SETTLE_S, LinkSession
from bridge.printing import Printer

TEMPO = 93.7
TOLERANCE_BPM = 0.001  # Link keeps whole microseconds per beat
AFTER_S = 0.5
"""So long after a join the peers are asked once more: a late change counts too."""


@dataclass(frozen=True, slots=True)
class Join:
    """``joined``: the others were seen. ``worst_bpm``: the largest change of the session's tempo that anybody saw."""

    joined: bool
    worst_bpm: float


def join_once(tempo: float, settle_s: float, first: PeerProcess, second: PeerProcess) -> Join:
    """Join the session of two peers from ``tempo``, and leave it."""
    expected, worst = float(first.ask("get")["tempo"]), 0.0
    with LinkSession(tempo, settle_s) as session:
        end_s, seen_s = time.monotonic() + PEER_S, 0.0
        while time.monotonic() < end_s and (not seen_s or time.monotonic() - seen_s < AFTER_S):
            session.update(session.now_us)
            if not seen_s and session.capture().peers == 2:
                seen_s = time.monotonic()
            for peer in (first, second):
                worst = max(worst, abs(float(peer.ask("get")["tempo"]) - expected))
            time.sleep(POLL_S)
        if seen_s:
            worst = max(worst, abs(session.capture().tempo - expected))
    for peer in (first, second):
        peer.wait_for("peers", 1)
    return Join(seen_s > 0.0, worst)


def run_joins(joins: int, settle_s: float) -> list[Join]:
    """``joins`` joins, each from another tempo."""
    with PeerProcess(TEMPO) as first, PeerProcess(TEMPO) as second:
        first.wait_for("peers", 1)
        first.ask(f"tempo {TEMPO}")
        second.wait_for("peers", 1)
        time.sleep(1.0)  # a session is older than who joins it
        found = []
        for index in range(joins):
            found.append(join_once(60.0 + index * 3.0, settle_s, first, second))
            first.ask(f"tempo {TEMPO}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 where a join changed the tempo, or did not happen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--joins", type=int, default=50)
    parser.add_argument("--settle", type=float, default=SETTLE_S, help="seconds between making and joining")
    parser.add_argument("--here", action="store_true", help="on this network, whatever sessions are in it")
    words = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(words)
    if not options.here:
        code = run_alone("bench.link_joins", [*words, "--here"])
        if code is not None:
            return code
    joins = run_joins(options.joins, options.settle)
    changed, missed = sum(join.worst_bpm > TOLERANCE_BPM for join in joins), sum(not join.joined for join in joins)
    Printer().say(
        f"{len(joins)} joins, {options.settle:g} s after the making: {changed} changed the session's tempo, "
        f"{missed} did not find it; largest change {max(join.worst_bpm for join in joins):.4f} BPM"
    )
    return int(changed > 0 or missed > 0)


if __name__ == "__main__":
    sys.exit(main())
