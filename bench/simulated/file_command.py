"""Simulated command: ``python -m bench.simulated.file_command simulated FILE --out FOLDER [--ledger FILE]``.

The end of the file's name, behind the last ``_``, says what happens: ``crash`` (SIGSEGV), ``hang``, ``busy`` (an
endless loop), ``error`` (a failure with a sentence), ``refuse``, ``full`` (a full disk), ``memory`` (4 GB),
``changing`` (the file grows), ``patient`` (a file ``.ready``, and at SIGTERM one ``.checkpoint``), ``slow`` (a tenth
of a second, in steps). All else is done at once. The result is the SHA-256 of the content, in
two files. ``--ledger``: a file to which each process that ends well adds the name.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import signal
import sys
import time
from pathlib import Path

from bridge.progress_channel import DISK_FULL, open_channel

MEMORY_BYTES = 1 << 32
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
            taken = bytearray(MEMORY_BYTES)
            sys.stderr.write(f"{len(taken)}\n")
        case "changing":
            with source.open("ab") as song:
                song.write(b"more")
        case "patient":
            signal.signal(signal.SIGTERM, lambda *_: write_checkpoint(source))
            source.with_suffix(".ready").touch()
            while True:
                signal.pause()
        case "slow":
            for step in range(10):
                channel.update("separating", 100 * step, RATE, RATE)
                time.sleep(STEP_S)
    write_result(out, source.stem, source.read_bytes())
    if "--ledger" in options:
        # when the process ends: until then it is not finished, and may be killed with its batch
        atexit.register(add_line, Path(options[options.index("--ledger") + 1]), source.name)
    channel.end("done")
    return 0


def write_checkpoint(source: Path) -> None:
    """Write what is done so far, and end."""
    source.with_suffix(".checkpoint").touch()
    sys.exit(143)


def add_line(ledger: Path, name: str) -> None:
    """Add a line to a file that several processes write."""
    descriptor = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, name.encode() + b"\n")
    os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main())
