"""A run of the separation training: resumed, cooled, started from another."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from torch import Tensor  # noqa: E402

from engines.separation.frequency_grid import POINTS  # noqa: E402
from research.separation.training.batches import SeparationBatch  # noqa: E402
from research.separation.training.network import NetworkShape  # noqa: E402
from research.separation.training.train import SeparationTrainer, SeparationTrainingPlan  # noqa: E402

SHAPE = NetworkShape(width=8, layers=1, hidden=8)
PLAN = SeparationTrainingPlan(batch=1, length=43, warm_up=1)


def draw_batch(seed: int) -> SeparationBatch:
    """A second of noise, of which the first stem is all."""
    source = torch.Generator().manual_seed(seed)
    spectra = torch.randn(1, 43, 4, 2, POINTS, generator=source)
    spectra[:, :, 1:] *= 0.01
    mix = spectra.sum(2)
    power = torch.stack([mix[:, :, 0] ** 2, mix[:, :, 1] ** 2, 2 * mix[:, :, 0] * mix[:, :, 1]], 2)
    return SeparationBatch(power, mix**2, spectra * mix.unsqueeze(2), spectra**2, torch.eye(4).expand(1, 4, 4))


def get_weights(trainer: SeparationTrainer) -> list[Tensor]:
    return [one.detach().clone() for one in trainer.network.parameters()]


def are_equal(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_run_learns_and_goes_on_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    straight = SeparationTrainer(tmp_path / "straight", PLAN, SHAPE)
    losses = [straight.learn(draw_batch(step)) for step in range(8)]
    assert losses[-1] < losses[0]
    stopped = SeparationTrainer(tmp_path / "stopped", PLAN, SHAPE)
    for step in range(4):
        stopped.learn(draw_batch(step))
    stopped.save()
    again = SeparationTrainer(tmp_path / "stopped", PLAN, SHAPE)
    assert again.load()
    for step in range(4, 8):
        again.learn(draw_batch(step))
    assert again.step == straight.step == 8
    assert are_equal(get_weights(again), get_weights(straight))


def test_at_a_rate_of_nothing_the_weights_stay(tmp_path: Path) -> None:
    trainer = SeparationTrainer(tmp_path, PLAN, SHAPE)
    before = get_weights(trainer)
    trainer.learn(draw_batch(1), rate_factor=0.0)
    assert are_equal(get_weights(trainer), before)
    trainer.learn(draw_batch(1), rate_factor=0.5)
    assert not are_equal(get_weights(trainer), before)


def test_a_new_run_begins_with_the_average_of_another(tmp_path: Path) -> None:
    first = SeparationTrainer(tmp_path / "first", PLAN, SHAPE)
    first.learn(draw_batch(1))
    first.save()
    second = SeparationTrainer(tmp_path / "second", PLAN, SHAPE)
    second.start_from(tmp_path / "first" / "checkpoint.pt")
    assert are_equal(get_weights(second), list(first.average.parameters()))
    assert not second.load()
