"""Training: resumable at any moment, an average of the weights beside them, a log that can be plotted."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from bridge.core.audio import STEMS
from bridge.errors import ConfigError
from engines.separation.frequency_grid import compute_points_hz
from research.common.prefetch import BatchPrefetcher
from research.datasets.library import JOINED, RATE, StemLibrary
from research.separation.training.batches import (
    OVERLAPS,
    SYMMETRIC_OVERLAPS,
    SeparationBatch,
    gather,
    make_batch_drawer,
)
from research.separation.training.mixing import get_joined_rows, get_stem_index, list_parts
from research.separation.training.network import NetworkShape, SeparationNetwork
from research.separation.training.targets import STRIDE, compute_cells

STEPS_PER_SECOND = 43
"""Steps of about one second: what the loss weighs as one, as the measure of the field does."""
ERROR_FLOOR = 2.5e-2
"""An error this small against the mixture (-16 dB) is as good as none: an absent stem has no SDR.

At -25 dB a network in doubt learned to be silent, since it won more decibels where a stem was absent than it ever could
where one was there: after 10 hours of mixtures no voice came through at all.
"""
MIN_ERROR_FLOOR, PRESENT_POWER = 1e-3, 1e-2
"""The floor where a stem sounds, down to -30 dB, half way at -20 dB: with one at -16 dB there was nothing to win on a
bass as loud as the rest once its error was 10 dB below it, and a soft voice was worth no more than a
leak."""
LOW_POINTS = int(np.searchsorted(compute_points_hz(), 250.0))
"""Number of points below 250 Hz: one in twenty of the grid, where kick and bass overlap."""
LOW_WEIGHT = 0.5
"""Weight of the share of amplitude below 250 Hz that is wrong. Over all points it is worth next to nothing there, and
nearly everything low became bass."""
CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"


@dataclass(frozen=True)
class SeparationTrainingPlan:
    """What a run is made of. ``rate``: learning rate, held after the warm-up; ``cooled_from``: the step from which
    it falls to nothing by ``steps`` (a run can be cooled at any time, or go on from before)."""

    batch: int = 4
    length: int = 129
    rate: float = 2e-3
    warm_up: int = 200
    averaged: float = 0.998
    seed: int = 1
    steps: int = 0
    cooled_from: int = 0

    def rate_at(self, step: int) -> float:
        if self.cooled_from and step > self.cooled_from:
            return self.rate * max(0.0, (self.steps - step) / (self.steps - self.cooled_from))
        return self.rate * min(1.0, (step + 1) / self.warm_up)


def compute_errors(masks: Tensor, batch: SeparationBatch) -> tuple[Tensor, Tensor]:
    """Of each stem in each cell (batch, steps, STEMS, sides, POINTS): the error's energy, and the mixture's.

    What is joined is compared as one; rows without a truth are zero.
    """
    together = torch.einsum("bij,btjcg->bticg", batch.joined, masks)
    known = (batch.joined.sum(2) > 0).to(masks.dtype)[:, None, :, None, None]
    mix = batch.mix.unsqueeze(2)
    wrong = (together * (together * mix - 2 * batch.common) + batch.own).clamp_min(0.0) * known
    return wrong, mix


def compute_loss(masks: Tensor, batch: SeparationBatch) -> Tensor:
    """Decibels of error in each second of each stem, and shares of amplitude that are wrong: of all, and of the lows.

    The first is the measure itself, ruled by what is loud; the second teaches what is soft, the highs above all; the
    third, that not everything low is bass.
    """
    wrong, mix = compute_errors(masks, batch)
    size, steps = wrong.shape[:2]
    seconds = steps // STEPS_PER_SECOND
    cut = seconds * STEPS_PER_SECOND
    known = (batch.joined.sum(2) > 0).to(masks.dtype)
    energy = wrong[:, :cut].sum((3, 4)).reshape(size, seconds, STEPS_PER_SECOND, -1).sum(2)
    own = batch.own[:, :cut].sum((3, 4)).reshape(size, seconds, STEPS_PER_SECOND, -1).sum(2)
    whole = mix[:, :, 0].sum((2, 3))
    against = whole.mean(1)[:, None, None] * STEPS_PER_SECOND + 1e-9
    around = whole[:, :cut].reshape(size, seconds, STEPS_PER_SECOND, 1).sum(2) + 0.1 * against
    absent = PRESENT_POWER * around / (own + PRESENT_POWER * around)
    floor = (ERROR_FLOOR * absent + MIN_ERROR_FLOOR * (1.0 - absent)) * around
    decibels = torch.log10((energy + floor + 1e-9) / against)
    shares = 2.0 * compute_wrong_share(wrong, mix)
    shares = shares + LOW_WEIGHT * compute_wrong_share(wrong[..., :LOW_POINTS], mix[..., :LOW_POINTS])
    return ((decibels.mean(1) + shares) * known).sum() / known.sum()


def compute_wrong_share(wrong: Tensor, mix: Tensor) -> Tensor:
    """Amplitude of each stem's error over that of the mixture, shape (batch, STEMS)."""
    return torch.sqrt(wrong + 1e-9).sum((1, 3, 4)) / torch.sqrt(mix + 1e-9).sum((1, 2, 3, 4))[:, None]


class SeparationTrainer:
    """A run in ``folder``: the network, its average, the optimizer, and how far it has come."""

    def __init__(
        self, folder: Path, plan: SeparationTrainingPlan, shape: NetworkShape, compiled: bool = False,
        device: str = "cpu",
    ) -> None:  # fmt: skip
        torch.manual_seed(plan.seed)
        self.folder, self.plan, self.shape, self.device = folder, plan, shape, torch.device(device)
        self.network = SeparationNetwork(shape).to(self.device)
        self.average = SeparationNetwork(shape).to(self.device)
        self.average.load_state_dict(self.network.state_dict())
        self.optimizer = torch.optim.AdamW(self.network.parameters(), plan.rate, betas=(0.9, 0.98), weight_decay=0.01)
        self.step = 0
        self.seen_s = 0.0
        # compiled: fused loops, half the time of a step; needs a C++ compiler, and minutes before the first
        self._forward = torch.compile(self.network.forward) if compiled else self.network.forward
        self._compute_loss = torch.compile(compute_loss) if compiled else compute_loss

    @property
    def overlaps(self) -> tuple[int, ...]:
        """Overlaps of the analysis windows that the network works with."""
        return SYMMETRIC_OVERLAPS if self.shape.bidirectional else OVERLAPS

    def start_from(self, checkpoint: Path) -> None:
        """Take the averaged weights of another run's ``checkpoint``, of the same sizes; a causal one's fit a
        bidirectional network, whose backward recurrences add nothing at first.

        Raises: ConfigError where they do not fit.
        """
        weights = torch.load(checkpoint, map_location=self.device, weights_only=True)["average"]
        for network in (self.network, self.average):
            try:
                lacking = network.load_state_dict(weights, strict=False)
            except RuntimeError as error:
                raise ConfigError(f"{checkpoint}: weights of another size", "give the sizes of its run") from error
            if lacking.unexpected_keys or any(not key.startswith("backward_times") for key in lacking.missing_keys):
                raise ConfigError(f"{checkpoint}: weights of another network", "give a run of this separator")
        self.average.load_state_dict(self.network.state_dict())

    def load(self) -> bool:
        """Go on where the run stopped; False where it never began."""
        path = self.folder / CHECKPOINT
        if not path.exists():
            return False
        kept = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(kept["network"])
        self.average.load_state_dict(kept["average"])
        if "optimizer" in kept:
            self.optimizer.load_state_dict(kept["optimizer"])
        self.step, self.seen_s = int(kept["step"]), float(kept["seen_s"])
        return True

    def save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f"{CHECKPOINT}.tmp"
        kept = {
            "shape": asdict(self.shape), "network": self.network.state_dict(), "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(), "step": self.step, "seen_s": self.seen_s,
        }  # fmt: skip
        torch.save(kept, draft)
        draft.replace(self.folder / CHECKPOINT)

    def learn(self, batch: SeparationBatch, rate_factor: float = 1.0) -> float:
        """One step at the plan's rate times ``rate_factor``; returns the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate_at(self.step) * rate_factor
        batch = batch.move_to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            masks, _ = self._forward(batch.power, self.network.start(len(batch.power)))
        loss = self._compute_loss(masks.float(), batch)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        kept = min(self.plan.averaged, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.network.parameters(), strict=True):
                slow.lerp_(fast, 1.0 - kept)
        self.seen_s += batch.power.shape[0] * batch.power.shape[1] * STRIDE / RATE
        return float(loss)


def load_validation(
    library: StemLibrary, seconds: float = 60.0, overlap: int = OVERLAPS[0]
) -> dict[str, SeparationBatch]:
    """The songs of ``library``, each as it is, ``seconds`` from its middle; ``overlap``: of the analysis window."""
    found = {}
    for name, song in sorted(library.songs.items()):
        frames = min(clip.frames for clip in song.values())
        length = min(int(seconds * RATE), frames)
        start = (frames - length) // 2
        stems, joined = np.zeros((len(STEMS), 2, length), np.float32), np.eye(len(STEMS), dtype=np.float32)
        for part in list_parts(song):
            if part in JOINED:
                joined[:] = get_joined_rows(part)
            wave = np.asarray(song[part].read_samples()[start : start + length], np.float32)
            stems[get_stem_index(part)] += wave.T / 32768
        found[name] = gather([(compute_cells(stems, RATE, overlap), joined)])
    return found


class MaskNetwork(Protocol):
    """A network, or what behaves like one."""

    def start(self, batch: int, /) -> Tensor: ...

    def __call__(self, power: Tensor, state: Tensor, /) -> tuple[Tensor, Tensor]: ...


@torch.no_grad()
def judge(network: MaskNetwork, songs: dict[str, SeparationBatch]) -> dict[str, dict[str, float]]:
    """By song and stem: the median over seconds of the SDR in dB, where stem and mixture sound in that second."""
    scored: dict[str, dict[str, float]] = {}
    for name, song in songs.items():
        batch = song.move_to(network.start(1).device)
        masks, _ = network(batch.power, network.start(1))
        wrong, _ = compute_errors(masks, batch)
        scored[name] = {}
        for i, stem in enumerate(STEMS):
            if not batch.joined[0, i].any():
                continue
            cut = wrong.shape[1] // STEPS_PER_SECOND * STEPS_PER_SECOND
            noise = wrong[0, :cut, i].sum((1, 2)).reshape(-1, STEPS_PER_SECOND).sum(1)
            signal = batch.own[0, :cut, i].sum((1, 2)).reshape(-1, STEPS_PER_SECOND).sum(1)
            whole = batch.mix[0, :cut].sum((1, 2)).reshape(-1, STEPS_PER_SECOND).sum(1)
            sounding = signal > 1e-4 * whole.mean()
            if sounding.any():
                joined = batch.joined[0, i].sum() > 1
                ratio = 10 * torch.log10(signal[sounding] / noise[sounding].clamp_min(1e-12))
                scored[name][stem + "+" * bool(joined)] = float(ratio.median())
    return scored


def append_log(folder: Path, values: dict[str, float]) -> None:
    """Append to the run's log: a JSON object a line, so that songs may come and go."""
    with (folder / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps({name: round(value, 5) for name, value in values.items()}) + "\n")


def train(
    trainer: SeparationTrainer, library: StemLibrary, songs: dict[str, SeparationBatch], until: Callable[[int], bool],
    report: Callable[[str], None], every: int = 250, processes: int = 1,
    get_rate_factor: Callable[[], float] = lambda: 1.0,
) -> None:  # fmt: skip
    """Learn until ``until(step)``; every so many steps judge the average, save and log.

    ``processes`` draw the batches. ``get_rate_factor``: factor of the plan's learning rate, asked at each step.
    """
    plan = trainer.plan
    losses: list[float] = []
    began, waited = time.monotonic(), 0.0
    drawn = (library, plan.length, plan.seed, plan.batch, trainer.overlaps)
    with BatchPrefetcher(make_batch_drawer, drawn, trainer.step, processes) as drawing:
        while not until(trainer.step):
            now = time.monotonic()
            batch = drawing.get_next()
            waited += time.monotonic() - now
            losses.append(trainer.learn(batch, get_rate_factor()))
            if not math.isfinite(losses[-1]):
                raise FloatingPointError(f"the loss is {losses[-1]} at step {trainer.step}; go on from {CHECKPOINT}")
            if trainer.step % every and not until(trainer.step):
                continue
            scored = judge(trainer.average, songs)
            flat = {f"{song}.{stem}": value for song, stems in scored.items() for stem, value in stems.items()}
            trainer.save()
            hours, loss = trainer.seen_s / 3600, float(np.mean(losses))
            append_log(trainer.folder, {"step": float(trainer.step), "hours": hours, "loss": loss, **flat})
            took = time.monotonic() - began
            pace = len(losses) * plan.batch * plan.length * STRIDE / RATE / took
            shown = " ".join(f"{key} {value:.2f}" for key, value in flat.items())
            report(f"step {trainer.step} {hours:.2f} h {pace:.1f}x waited {waited / took:.0%} loss {loss:.4f} {shown}")
            losses, began, waited = [], time.monotonic(), 0.0
