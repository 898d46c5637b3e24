"""PipeWire bench: delays, pitch and tempo on a headless PipeWire whose quantum and rate change, which hangs or dies.

``python -m bench.pipewire``. It starts a PipeWire of its own, and a sidecar with all engines. Needs pipewire,
wireplumber, pipewire-jack and dbus; takes some minutes. ``--rates 10`` changes the rate ten times, and does no more.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.pipewire_peer import RUN_PEER, TEMPO_BPM, TONE_HZ
from bridge.drivers.pipewire_server import PipeWireServer
from bridge.errors import BridgeError
from bridge.osc.client import OscClient
from bridge.streams import write_out
from tests.live_pipewire.rig import PipeWireSidecar, open_sidecar
from tests.waiting import until

RATES, PERIODS = (44100, 48000), (64, 128, 256, 512, 1024)
CHANGES, CHANGES_S = 20, 10.0
TRIES = 3
"""Measurements of which one must agree, beside other work."""
SETTINGS = "schema = 1\n[controllers]\nmidi = false\n"
"""All engines of the defaults; no device of the machine is opened."""

SETTLE_S = 3.0
"""Time between two changes of the rate, in which the other engines follow the separation."""
TEMPO_FIELD = 6
"""Index of the tempo in the reading ``clock``."""


def say(text: str) -> None:
    write_out(text + "\n")


def change(sidecar: PipeWireSidecar, rate: int, period: int) -> float:
    """Change PipeWire's rate and quantum; seconds until the sidecar runs at them."""
    began = time.monotonic()
    sidecar.server.set_rate(rate)
    sidecar.server.set_period(period)
    sidecar.wait_for(rate, period)
    return time.monotonic() - began


def measure_delays(sidecar: PipeWireSidecar) -> str:
    """The delays that differ from the declared ones, or how many agree.

    A cycle that the machine misses shifts a recording: measured up to `TRIES` times, since a wrong delay is wrong each
    time.
    """
    for number in range(1, TRIES + 1):  # noqa: B007
        running = sidecar.measure()
        wrong = running.find_disagreements()
        if not wrong:
            break
    declared = {port: (path.declared,) * 2 for path in running.ledger for port in path.ports}
    seen = sidecar.read_port_latencies()
    unseen = [port for port, span in declared.items() if seen.get(port) != span]
    return "; ".join(wrong + [f"{port} is not declared on its port" for port in unseen]) or (
        f"declared = measured on all {sum(1 for path in running.ledger if path.ports)} paths, and on the ports"
        + (f" (in measurement {number})" if number > 1 else "")
    )


def read_tempo(port: int) -> float:
    """The tempo of the sidecar's clock in BPM; 0 where there is none."""
    try:
        with OscClient(port=port) as client:
            replies = client.gather("/get", "/clock", done="/get/done", timeout_s=2.0)
    except BridgeError:
        return 0.0
    values = next((args for address, args in replies if address == "/clock"), ())
    return float(str(values[TEMPO_FIELD])) if len(values) > TEMPO_FIELD else 0.0


def measure_pitch_and_tempo(sidecar: PipeWireSidecar) -> str:
    """The pitch of a tone that went through the sidecar, and the tempo that it takes MIDI clock for."""
    command = [sys.executable, "-P", "-c", RUN_PEER, "sideman"]
    with subprocess.Popen(command, env=sidecar.server.env, stdout=subprocess.PIPE, text=True) as peer:
        tempi = []
        while peer.poll() is None:
            tempi.append(read_tempo(sidecar.port))
            time.sleep(0.25)
        answer = json.loads((peer.stdout.read() if peer.stdout is not None else "") or "{}")
    found = sorted(tempo for tempo in tempi if tempo)
    tempo = found[len(found) // 2] if found else 0.0
    return f"{answer.get('hz', 0.0):.2f} Hz of {TONE_HZ:.2f}, {tempo:.2f} BPM of {TEMPO_BPM:.2f}"


def measure_rate_changes(server: PipeWireServer, folder: Path, count: int) -> None:
    """How long so many changes of the rate take, one after the other."""
    with open_sidecar(server, folder, SETTINGS) as sidecar:
        taken = []
        for number in range(count):
            time.sleep(SETTLE_S)
            taken.append(change(sidecar, RATES[(number + 1) % len(RATES)], 256))
            say(f"rate {RATES[(number + 1) % len(RATES)]} after {taken[-1]:.1f} s")
        say(f"{count} changes: {min(taken):.1f} to {max(taken):.1f} s, median {statistics.median(taken):.1f} s")
        sidecar.end()


def run(server: PipeWireServer, folder: Path) -> None:
    """All measurements on one sidecar, then its end on a server that hangs."""
    with open_sidecar(server, folder, SETTINGS) as sidecar:
        for rate in RATES:
            for period in PERIODS:
                seconds = change(sidecar, rate, period)
                say(f"{rate} Hz, {period:4} frames, after {seconds:4.1f} s: {measure_delays(sidecar)}")
        for rate in (*RATES, *RATES):
            seconds = change(sidecar, rate, 256)
            say(f"rate {rate} after {seconds:.1f} s: {measure_pitch_and_tempo(sidecar)}")
        began = time.monotonic()
        for turn in range(CHANGES):
            server.set_period(PERIODS[turn % len(PERIODS)])
            time.sleep(max(0.0, began + (turn + 1) * CHANGES_S / CHANGES - time.monotonic()))
        change(sidecar, 48000, 256)
        say(f"{CHANGES} quantum changes in {time.monotonic() - began:.1f} s: {measure_delays(sidecar)}")
        say(f"behind them: {measure_pitch_and_tempo(sidecar)}")
        change(sidecar, RATES[0], 256)  # those that the server starts with: else it would be a change of the rate too
        server.kill()
        time.sleep(2.0)
        began = time.monotonic()
        server.start()
        until("the return", lambda: "is back" in sidecar.output)
        sidecar.wait_for(RATES[0], 256)
        say(f"killed and started: back after {time.monotonic() - began:.1f} s, {measure_pitch_and_tempo(sidecar)}")
        os.kill(server.process.pid, signal.SIGSTOP)
        began = time.monotonic()
        try:
            status = sidecar.end()
        finally:
            os.kill(server.process.pid, signal.SIGCONT)
        last = sidecar.output.strip().splitlines()[-1]
        say(f"ended while the server hangs: status {status} after {time.monotonic() - began:.1f} s: {last}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it, and print a line for each measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=int, default=0, metavar="COUNT", help="change the rate so often, and no more")
    count = parser.parse_args(arguments).rates
    with tempfile.TemporaryDirectory() as folder, PipeWireServer(RATES[0], 256) as server:
        if count > 0:
            measure_rate_changes(server, Path(folder), count)
        else:
            run(server, Path(folder))


if __name__ == "__main__":
    main()
