"""Rig of render tests: sounds, chains in files, and the command with its report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bridge.core.audio import Audio
from chains.commands.render_command import render
from chains.document.chain import Chain, Member
from chains.document.chain_text import format_chain
from engines.offline.songs import JOURNAL

RATE = 48000
STEMS = ("bass", "drums", "vocals")
NOTHING = Chain(members=(Member(name="nothing", effect="Gain", parameters={"gain_db": 0.0}),))
"""A chain of one effect that changes nothing."""


def make_sound(seed: int, frames: int = RATE, level: float = 0.1) -> Audio:
    """Noise, shape (2, frames), on the steps of 24 bits."""
    noise = np.random.default_rng(seed).normal(0, level, (2, frames)).clip(-0.9, 0.9)
    return np.asarray(np.rint(noise * 2**23) / 2**23, np.float32)


def write_sound_file(path: Path, sound: Audio, subtype: str = "PCM_24", rate: int = RATE) -> Path:
    """Write ``sound`` as a WAV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound.T, rate, subtype)
    return path


def write_stems(folder: Path, frames: int = RATE) -> Audio:
    """Write a folder as of `sideman separate`; the sum of its stems."""
    sounds = [make_sound(seed, frames) for seed in range(len(STEMS))]
    for name, sound in zip(STEMS, sounds, strict=True):
        write_sound_file(folder / f"{name}.wav", sound)
    (folder / JOURNAL).touch()
    return np.asarray(np.sum(sounds, axis=0, dtype=np.float64))


def write_chain_file(path: Path, chain: Chain) -> str:
    """Write ``chain``; its path, as the command takes it."""
    path.write_text(format_chain(chain))
    return str(path)


def read_sound(path: Path) -> Audio:
    """The sound of a file, shape (channels, frames), float64."""
    sound, _ = soundfile.read(path, always_2d=True)
    return np.asarray(sound.T)


def to_db(difference: Audio) -> float:
    """The peak in dB; -240 at the lowest."""
    return 20 * float(np.log10(max(float(np.abs(difference).max()), 1e-12)))


@dataclass(frozen=True, slots=True)
class RenderRun:
    """What the command did: its exit status, and its report by source."""

    status: int
    report: list[dict[str, Any]]
    said: str


class RenderRig:
    """Runs the command in this process, without a terminal; plugins are in host processes all the same."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.out, self._capsys = folder, folder / "out", capsys

    def render(self, *sources: Path, **options: Any) -> RenderRun:
        """Run ``sideman render SOURCES --out OUT --json`` with ``options`` by the names of the function."""
        self._capsys.readouterr()
        status = render(list(sources), out=self.out, json_=True, **options)
        captured = self._capsys.readouterr()
        return RenderRun(status, json.loads(captured.out), captured.err)

    def list_files(self) -> list[str]:
        """Paths below the folder of the results, hidden ones but the journal too."""
        found = (path.relative_to(self.out) for path in self.out.rglob("*") if path.is_file())
        return sorted(str(path) for path in found if path.name != ".render.json")
