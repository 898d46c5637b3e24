"""Learning both networks from the same pieces: losses, the average, checkpoints, and a log."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bridge.core.chords import MAJOR, MINOR, QUALITIES
from research.common.prefetch import BatchPrefetcher
from research.mir.training.batches import MirBatch
from research.mir.training.network import HarmonyNetwork, RhythmNetwork, select_quality, split_heads
from research.mir.training.targets import IGNORED
from research.mir.training.validate import judge

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"
WEIGHTS = {"root": 1.0, "quality": 0.4, "bass": 0.5, "key": 0.3}
"""Of the harmony's heads in its loss."""
ONSET_WEIGHT = 0.5
"""Of the onsets in the rhythm's loss."""
RARE_QUALITY = 4.0
"""What is neither major nor minor counts so many times: it is an eighth of what there is."""


@dataclass(frozen=True)
class MirTrainingPlan:
    """``rate``: learning rate, falling to nothing along a cosine until ``steps``."""

    batch: int = 8
    seconds: float = 16.0
    rate: float = 3e-3
    warm_up: int = 100
    averaged: float = 0.998
    seed: int = 1
    steps: int = 6000

    def rate_at(self, step: int) -> float:
        if step < self.warm_up:
            return self.rate * (step + 1) / self.warm_up
        return self.rate * 0.5 * (1.0 + math.cos(math.pi * min(step / self.steps, 1.0)))


def compute_rhythm_loss(logits: Tensor, batch: MirBatch) -> Tensor:
    """Binary cross entropy of beats, downbeats by how sure they are, and onsets where they are known."""
    known = batch.beats[:, 0, 2] >= 0
    each = nn.functional.binary_cross_entropy_with_logits(logits, batch.beats.clamp(min=0.0), reduction="none").mean(1)
    return (each[:, 0] + each[:, 1] * batch.downbeats + ONSET_WEIGHT * each[:, 2] * known).mean()


def compute_harmony_loss(logits: Tensor, batch: MirBatch) -> Tensor:
    """Cross entropy of each head where its label is known."""
    total = torch.zeros(())
    for column, (head, prediction) in enumerate(split_heads(logits).items()):
        labels = batch.harmony[..., column].flatten()
        weight = None
        if head == "quality":
            prediction = select_quality(prediction, batch.harmony[..., 0])
            weight = torch.full((prediction.shape[-1],), RARE_QUALITY)
            weight[[QUALITIES.index(MAJOR), QUALITIES.index(MINOR)]] = 1.0
        if (labels != IGNORED).any():
            flat = prediction.flatten(0, 1)
            total = total + WEIGHTS[head] * nn.functional.cross_entropy(flat, labels, weight, ignore_index=IGNORED)
    return total


class MirTrainer:
    """A run in ``folder``: both networks, their averages, the optimizer, and how far it has come."""

    def __init__(self, folder: Path, plan: MirTrainingPlan) -> None:
        torch.manual_seed(plan.seed)
        self.folder, self.plan = folder, plan
        self.networks = nn.ModuleDict({"rhythm": RhythmNetwork(), "harmony": HarmonyNetwork()})
        self.averages = nn.ModuleDict({"rhythm": RhythmNetwork(), "harmony": HarmonyNetwork()})
        self.averages.load_state_dict(self.networks.state_dict())
        self.optimizer = torch.optim.AdamW(self.networks.parameters(), plan.rate, betas=(0.9, 0.98), weight_decay=0.02)
        self.step = 0

    def load(self) -> bool:
        """Go on where the run stopped; False where it never began."""
        path = self.folder / CHECKPOINT
        if not path.exists():
            return False
        kept = torch.load(path, weights_only=True)
        self.networks.load_state_dict(kept["networks"])
        self.averages.load_state_dict(kept["averages"])
        if "optimizer" in kept:
            self.optimizer.load_state_dict(kept["optimizer"])
        self.step = int(kept["step"])
        return True

    def save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f"{CHECKPOINT}.tmp"
        kept = {
            "networks": self.networks.state_dict(), "averages": self.averages.state_dict(),
            "optimizer": self.optimizer.state_dict(), "step": self.step,
        }  # fmt: skip
        torch.save(kept, draft)
        draft.replace(self.folder / CHECKPOINT)

    def learn(self, batch: MirBatch) -> tuple[float, float]:
        """One step of both; returns their losses."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate_at(self.step)
        size = len(batch.rhythm)
        rhythm, harmony = self.networks["rhythm"], self.networks["harmony"]
        beats = compute_rhythm_loss(rhythm(batch.rhythm, rhythm.start(size))[0], batch)
        chords = compute_harmony_loss(harmony(batch.pitches, harmony.start(size))[0], batch)
        self.optimizer.zero_grad()
        (beats + chords).backward()
        for network in (rhythm, harmony):
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        kept = min(self.plan.averaged, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for slow, fast in zip(self.averages.parameters(), self.networks.parameters(), strict=True):
                slow.lerp_(fast, 1.0 - kept)
        return float(beats), float(chords)


def train(
    trainer: MirTrainer, drawing: BatchPrefetcher[MirBatch], songs: dict[str, MirBatch], until: Callable[[int], bool],
    report: Callable[[str], None], every: int = 200,
) -> None:  # fmt: skip
    """Learn until ``until(step)``; every so many steps judge the averages on ``songs``, save and log."""
    losses: list[tuple[float, float]] = []
    began, waited = time.monotonic(), 0.0
    while not until(trainer.step):
        now = time.monotonic()
        batch = drawing.get_next()
        waited += time.monotonic() - now
        losses.append(trainer.learn(batch))
        if not math.isfinite(sum(losses[-1])):
            raise FloatingPointError(f"the loss is {losses[-1]} at step {trainer.step}; go on from {CHECKPOINT}")
        if trainer.step % every and not until(trainer.step):
            continue
        prediction = judge(trainer.averages, songs)
        trainer.save()
        beats, chords = np.mean(losses, axis=0)
        row = {"step": float(trainer.step), "rhythm": float(beats), "harmony": float(chords), **prediction}
        with (trainer.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps({name: round(value, 4) for name, value in row.items()}) + "\n")
        took = time.monotonic() - began
        pace = len(losses) * len(batch.rhythm) * trainer.plan.seconds / took
        shown = " ".join(f"{name} {value:.3f}" for name, value in row.items() if name != "step")
        report(f"step {trainer.step} {pace:.0f}x waited {waited / took:.0%} {shown}")
        losses, began, waited = [], time.monotonic(), 0.0
