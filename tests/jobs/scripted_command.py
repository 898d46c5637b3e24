"""A command with the progress of a real one, whose end a test decides: ``python scripted_command.py KIND SOURCE…``.

The name of each source says what happens at it: ``hang`` (until a signal, or until there is a file ``hang.wav.go``),
``deaf`` (as before, and it does not even end at SIGTERM), ``crash`` (SIGKILL of itself), ``wrong`` (the song fails),
``refuse`` (an error and exit status 2), ``mute`` (exit status 3 without a word), ``noise`` (lines that are no events).
All others are done at once. A file ``SOURCE.runs`` gets a letter for each run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from bridge.progress_channel import open_channel

HELD_S = 0.02


def main() -> int:
    sources = []
    for argument in sys.argv[2:]:
        if argument.startswith("-"):
            break
        sources.append(argument)
    channel = open_channel()
    songs = [source for source in sources if source not in channel.finished]
    channel.list_files(songs)
    failed = False
    for number, song in enumerate(songs, 1):
        with Path(f"{song}.runs").open("a", encoding="ascii") as runs:
            runs.write("x")
        channel.begin(number)
        channel.update("separating", 1000, 4000, 1000)
        match Path(song).stem:
            case "hang" | "deaf" as stem:
                if stem == "deaf":
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                child = subprocess.Popen(["sleep", "600"])
                Path(f"{song}.child").write_text(str(child.pid), encoding="ascii")
                while not Path(f"{song}.go").exists():
                    channel.update("separating", 1000, 4000, 1000)
                    time.sleep(HELD_S)
                child.kill()
                child.wait()
            case "crash":
                child = subprocess.Popen(["sleep", "600"])
                Path(f"{song}.child").write_text(str(child.pid), encoding="ascii")
                os.kill(os.getpid(), signal.SIGKILL)
            case "wrong":
                failed = True
                channel.end("failed", f"{song}: no such codec; convert it")
                continue
            case "refuse":
                sys.stderr.write("sideman: --profile x: no such profile; give another\n")
                return 2
            case "mute":
                return 3
            case "noise":
                os.write(1, b'hello\n{"type": "odd"}\n[[[\n\xff\n{"type": "end", "file": 99, "status": "done"}\n')
                sys.stdout.write("a library says\n")
        channel.end("done")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
