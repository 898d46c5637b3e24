"""The command ``sideman demo``: a song through the full signal path, and a report."""

from __future__ import annotations

import logging
import signal
from pathlib import Path
from types import FrameType
from typing import Annotated

import msgspec
from cyclopts import Parameter

from bridge import log
from bridge.command_options import make_path_parameter
from bridge.errors import ConfigError
from bridge.printing import FAILED, Printer
from bridge.settings import load_settings
from bridge.streams import write_json


def demo(
    song: Annotated[
        Path | None, make_path_parameter("WAV, FLAC, AIFF, OGG, Opus or MP3; by default a song of the project's own.")
    ] = None,
    /,
    *,
    server: Annotated[str, Parameter(help="Play on this JACK server instead of one of the demo's own.")] = "",
    seconds: Annotated[float, Parameter(help="How much to play; 0: all of SONG.")] = 30.0,
    out: Annotated[Path, make_path_parameter("Folder for stems, MIDI and report.")] = Path("demo-out"),
    rate: Annotated[int, Parameter(help="Sampling rate of the demo's own server, in Hz.")] = 44100,
    period: Annotated[int, Parameter(help="Period of the demo's own server, in frames.")] = 128,
    json_: Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")] = False,
) -> int:
    """Play a song through the full signal path on a real JACK server, and report what it did.

    A fake DAW sends audio, MIDI clock and notes.
    The returned stems and MIDI are written to a folder, with a report and a picture.
    Exit status 1 if a measured delay is not the declared one.
    """
    from demo.report import render_report
    from demo.run import DemoOptions, run_demo

    _interrupt_on_signals()
    console = Printer(stderr=True)
    log.setup(console=console, level=logging.WARNING)
    if seconds < 0 or (song is None and seconds == 0):
        raise ConfigError(f"--seconds {seconds:g}", "give seconds above 0, or 0 with a SONG for all of it")
    report = run_demo(DemoOptions(song, server, seconds, out, rate, period), load_settings(), console)
    if json_:
        write_json(msgspec.to_builtins(report))
    else:
        Printer().print(render_report(report))
    return 0 if report.ok else FAILED


def _interrupt_on_signals() -> None:
    """Let Ctrl-C and SIGTERM end the demo in order."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
