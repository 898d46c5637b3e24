"""Behaviour hashes: SHA-256 of Sideman's outputs for fixed inputs, to compare two commits that should be equal.

Run ``.venv/bin/python tools/behaviour.py > before.json`` on one commit and again on the other, on one machine: networks
round differently on another processor. The two files are equal where the behaviour is. It takes some minutes.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from bridge.core.events import Midi, TimedEvent
from tests.runtime.offline_graph import process_offline

RATE = 44100
SECONDS = 12.0
STYLES = ("classical", "funk", "jazz", "lo-fi", "orchestral", "pop", "rock", "techno")
SHEET = "key: G\n[verse]\n| G | Em7 | C | D7 |\n[chorus]\n| G/B | C6 D7sus4 | Bm7b5 E7 | Am D7 |\n"
ENGINES = {
    "separation": "separation.standard",
    "mir": "mir.standard",
    "accompaniment": "accompaniment.band",
    "synth": "synth.plain",
}
PROSE = ("doc", "help", "docs", "documentation", "description")
"""Keys of `sideman controls --json` whose text may change."""


def chords_and_drums(seconds: float = SECONDS) -> NDArray[np.float32]:
    """Four chords over a bass, noise bursts on the beats at 120 BPM; shape (2, frames)."""
    time_s = np.arange(int(RATE * seconds)) / RATE
    rng = np.random.default_rng(15)
    roots = np.array([0, 9, 5, 7])[(time_s // 2).astype(int) % 4]
    minor = np.isin(roots, [9])
    wave = np.zeros(time_s.size)
    for interval in (-24, 0, 4, 7):
        pitch = 60 + roots + interval - (minor & (interval == 4))
        phase = np.cumsum(440.0 * 2.0 ** ((pitch - 69) / 12)) / RATE
        wave += 0.08 * sum(np.sin(2 * np.pi * k * phase) / k for k in range(1, 5))
    burst = rng.normal(0, 0.3, time_s.size) * np.exp(-(time_s % 0.5) * 30)
    kick = 0.5 * np.sin(2 * np.pi * 55 * time_s) * np.exp(-(time_s % 1.0) * 12)
    return np.stack([wave + burst + kick, wave + 0.6 * burst + kick]).astype(np.float32)


def inputs() -> dict[str, tuple[NDArray[np.float32], list[TimedEvent]]]:
    """Audio, shape (2, frames), and MIDI by name: a song, noise, keys held beside a MIDI clock."""
    song = chords_and_drums()
    noise = np.random.default_rng(3).normal(0, 0.1, song.shape).astype(np.float32)
    clock = [TimedEvent(0, Midi(b"\xfa"))]
    clock += [TimedEvent(1 + round(i * 60 * RATE / (97.5 * 24)), Midi(b"\xf8")) for i in range(int(SECONDS * 39))]
    keys = [
        TimedEvent(at * RATE + 7 * i, Midi(bytes((status, note, 90))))
        for at, status in ((1, 0x90), (5, 0x80))
        for i, note in enumerate((57, 60, 64, 67))
    ]
    return {
        "song": (song, []),
        "noise": (noise, []),
        "keys and clock": (np.zeros_like(song), sorted(clock + keys, key=lambda event: event.frame)),
    }


def digest(*parts: bytes) -> str:
    """The SHA-256 of ``parts``, joined."""
    return hashlib.sha256(b"".join(parts)).hexdigest()


def graph_hashes() -> Iterator[tuple[str, str]]:
    """What the graph makes of `inputs`, each output by itself."""
    for name, (audio, midi) in inputs().items():
        take = process_offline(audio, RATE, ENGINES, midi, block=512)
        for output in ("stems", "mix", "band"):
            yield f"graph, {name}: {output}", digest(getattr(take, output).tobytes())
        for port, events in sorted(take.midi.items()):
            yield f"graph, {name}: {port}", digest(repr(events).encode())


def sideman(*arguments: str) -> str:
    """What the command prints."""
    command = [sys.executable, "-m", "bridge", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def file_hashes(title: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Every file below ``folder`` that is not hidden, its own path taken out of what it says."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")):
        content = path.read_bytes().replace(str(folder.parent).encode(), b"")
        yield f"{title}: {path.relative_to(folder)}", digest(content)


def command_hashes(folder: Path) -> Iterator[tuple[str, str]]:
    """The files that `accompany`, `analyze` and `separate` write."""
    sheet, song = folder / "sheet.txt", folder / "song.wav"
    sheet.write_text(SHEET, encoding="utf-8")
    soundfile.write(song, chords_and_drums(24.0).T, RATE, subtype="PCM_16")
    for style in STYLES:
        sideman("accompany", str(sheet), "--style", style, "--bars", "16", "--out", str(folder / style))
        yield from file_hashes(f"accompany, {style}", folder / style)
    sideman("accompany", str(song), "--out", str(folder / "to a song"))
    yield from file_hashes("accompany, to a song", folder / "to a song")
    for command in ("analyze", "separate"):
        sideman(command, str(song), "--out", str(folder / command))
        yield from file_hashes(command, folder / command)


def without_prose(value: Any) -> Any:
    """``value`` less the texts that only a reader needs."""
    if isinstance(value, dict):
        return {key: without_prose(kept) for key, kept in value.items() if key not in PROSE}
    return [without_prose(kept) for kept in value] if isinstance(value, list) else value


def main() -> None:
    """Print the hashes as JSON, one a line."""
    hashes = dict(graph_hashes())
    with tempfile.TemporaryDirectory() as folder:
        hashes |= dict(command_hashes(Path(folder)))
    controls = without_prose(json.loads(sideman("controls", "--json")))
    hashes["controls"] = digest(json.dumps(controls, sort_keys=True).encode())
    json.dump(hashes, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
