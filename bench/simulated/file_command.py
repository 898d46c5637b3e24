"""Simulated command: ``python -m bench.simulated.file_command simulated FILE --out FOLDER [--ledger FILE]``.

The end of the file's name, behind the last ``_``, says what happens: ``crash`` (SIGSEGV), ``hang``, ``busy`` (an
endless loop), ``error`` (a failure with a sentence), ``refuse``, ``full`` (a full disk), ``memory`` (more than the
limit), ``slow`` (a tenth of a second, in steps). All else is done at once. The result is the SHA-256 of the content, in
two files. ``--ledger``: a file to which each finished one adds its name.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from pathlib import Path

from bridge.progress_channel import DISK_FULL, open_channel

STEP_S = 0.01
RATE = 1000
"""A second of simulated work has so many simulated frames."""


def write_result(out: Path, name: str, data: bytes) -> None:
    """Write a result as the real commands do: a draft, then its name."""
    text = hashlib.sha256(data).hexdigest()
    for suffix in ("txt", "sum"):
        draft = out / f".{name}.{suffix}.tmp"
        draft.write_text(text[: len(text) // 2], encoding="ascii")
        with draft.open("a", encoding="ascii") as file:
            file.write(text[len(text) // 2 :] + f" {suffix}\n")
        draft.replace(out / f"{name}.{suffix}")


def main() -> int:
    """Do what the name of the file says; the exit status."""
    source, options = Path(sys.argv[2]), sys.argv[3:]
    out = Path(options[options.index("--out") + 1])
    channel = open_channel()
    what = source.stem.rpartition("_")[2]
    if what == "refuse":
        sys.stderr.write("sideman: --simulated: no such option; give another\n")
        return 2
    channel.list_files([source])
    channel.begin(1)
    channel.update("separating", 1, RATE, RATE)
    match what:
        case "crash":
            signal.signal(signal.SIGSEGV, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.pause()
        case "busy":
            while True:
                pass
        case "error":
            channel.end("failed", f"{source}: cannot be read as audio; give another")
            return 1
        case "full":
            channel.end("failed", f"{source}: No space left on device; check free space", DISK_FULL)
            return 1
        case "memory":
            taken = bytearray(1 << 40)
            sys.stderr.write(f"{len(taken)}\n")
        case "slow":
            for step in range(10):
                channel.update("separating", 100 * step, RATE, RATE)
                time.sleep(STEP_S)
    write_result(out, source.stem, source.read_bytes())
    if "--ledger" in options:
        descriptor = os.open(options[options.index("--ledger") + 1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, source.name.encode() + b"\n")
    channel.end("done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
