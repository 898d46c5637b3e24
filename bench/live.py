"""Separation live for as long as wanted: ``python -m bench.live [--minutes 10] [PROFILE...]``.

For each profile a real jackd (dummy driver, real time where the system allows) at a period of 128, ``sideman run`` as a
process of its own with all engines on, and a song played into it without end. The sidecar itself counts late frames;
they are read over OSC and shown in periods. A profile may be followed by its reserve in frames: ``ultra=192``. Takes as
long as asked for each of the three profiles, half an hour by default; needs jackd.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_recorder import JackRecorder, Ports
from bridge.errors import BridgeError
from bridge.osc.client import OscClient
from bridge.runtime.priority import may_use_realtime
from demo.demo_song import render_own_song
from tests.ports import free_port

RATE, PERIOD = 44100, 128
RESERVES = {"standard": 384, "low": 256, "ultra": 192}
"""Reserves that make the declared delays 1024, 512 and 256 frames at a period of 128."""
WARM_S = 5.0


def read_rows(client: OscClient, name: str) -> list[tuple[Any, ...]]:
    """The rows of a reading."""
    address = "/" + name.replace(".", "/")
    return [tuple(args) for got, args in client.gather("/get", address, done="/get/done") if got == address]


def wait_for(client: OscClient, deadline_s: float = 120.0) -> None:
    end = time.monotonic() + deadline_s
    while True:
        try:
            if read_rows(client, "counters") and any(row[1] == "running" for row in read_rows(client, "health")):
                return
        except BridgeError as error:  # it is only starting
            if time.monotonic() > end:
                raise TimeoutError("sideman run does not answer") from error
        time.sleep(0.5)


def measure_profile(profile: str, reserve: int, minutes: float) -> str:
    """One line of the table."""
    frames = int((60 * minutes + WARM_S + 5) * RATE)
    song = render_own_song(RATE, 60.0).audio
    audio = np.tile(song, frames // song.shape[1] + 1)[:, :frames]
    port = free_port()
    with tempfile.TemporaryDirectory() as home, DummyServer(RATE, PERIOD, realtime=may_use_realtime()) as server:
        (Path(home) / "sideman.toml").write_text(
            f'schema = 1\n[osc]\nport = {port}\n[engines]\nseparation = "separation.{profile}"\n'
        )
        env = server.env | {"SIDEMAN_CONFIG_HOME": home}
        command = [sys.executable, "-m", "bridge.cli", "run", "--server", server.name]
        sidecar = subprocess.Popen(command, env=os.environ | env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        recorder = JackRecorder("daw", server.name, frames, Ports(play=("out_1", "out_2")))
        recorder.load(audio)
        try:
            with OscClient("127.0.0.1", port) as client:
                wait_for(client)
                client.send("/latency/separation/reserve_frames", reserve)
                with recorder:
                    recorder.connect({"out_1": "sideman:in_1", "out_2": "sideman:in_2"})
                    recorder.start(int(recorder.client.frame_time) + RATE)
                    time.sleep(WARM_S)
                    client.send("/counters/reset")
                    time.sleep(60 * minutes)
                    counters = read_rows(client, "counters")[0]
                    rows = read_rows(client, "latency")
                    spent = {row[0]: row[1:] for row in read_rows(client, "worker.time")}
        finally:
            sidecar.send_signal(signal.SIGINT)
            sidecar.wait(20)
    _period, _rate, cycles, skipped, _gaps, late, xruns, restarts = (int(value) for value in counters)
    p50, p99, p999, slowest, share = (float(value) for value in spent["separation"])
    mir_p50, mir_p99, *_ = (float(value) for value in spent["mir"])
    synth_p50, synth_p99, *_, synth_share = (float(value) for value in spent["synth"])
    declared = {row[0]: int(row[1]) for row in rows}
    silent = {row[0]: int(row[3]) for row in rows}["band"]
    per_mille = 1000 * late / PERIOD / max(cycles, 1)
    return (
        f"{profile:9} {declared['drums']:>6} {1000 * declared['drums'] / RATE:6.1f} ms  {cycles:>8,} "
        f"{late // PERIOD:>6,} {per_mille:7.3f} ‰ {skipped:>8} {xruns:>6} {restarts:>3}   "
        f"{p50:.2f} {p99:.2f} {p999:.2f} {slowest:.2f} ms  {share:>4.0%}   {mir_p50:.2f} {mir_p99:.2f} ms   "
        f"{synth_p50:.2f} {synth_p99:.2f} ms {synth_share:>4.0%} {silent // PERIOD:>6,}\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profiles", nargs="*", default=list(RESERVES), help="PROFILE or PROFILE=RESERVE")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each profile")
    options = parser.parse_args(arguments)
    sys.stdout.write(
        "profile   declared frames  callbacks   late            skipped xruns restarts  "
        "a hop: p50 p99 p99.9 max, of a core   MIR: p50 p99   synth: p50 p99, of a core, late\n"
    )
    for chosen in options.profiles:
        profile, _, reserve = chosen.partition("=")
        sys.stdout.write(measure_profile(profile, int(reserve or RESERVES[profile]), options.minutes))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
