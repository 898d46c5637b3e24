"""The network keeps what the live engine relies on: causal, stepwise the same as whole, masks that sum to one."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bridge.errors import ConfigError  # noqa: E402
from engines.separation.frequency_grid import POINTS  # noqa: E402
from research.separation.training.__main__ import WEIGHTS  # noqa: E402
from research.separation.training.batches import Batch  # noqa: E402
from research.separation.training.export import CLOSE, Exported, Gate, averaged, blend, export, quantized  # noqa: E402
from research.separation.training.network import Network, Shape  # noqa: E402
from research.separation.training.train import LOG, Plan, Trainer, errors, judge, loss_of, train  # noqa: E402

ROOT = Path(__file__).parents[4]
SMALL = Shape(width=8, layers=2, hidden=12)


def network(seed: int = 1) -> Network:
    torch.manual_seed(seed)
    made: Network = Network(SMALL)
    with torch.no_grad():
        made.leave.weight *= 10  # so that masks differ from one another
    made.eval()
    return made


def powers(steps: int, size: int = 1) -> Any:
    return 10.0 ** (torch.rand(size, steps, 3, POINTS, generator=torch.Generator().manual_seed(2)) * 6 - 6)


def batch(size: int = 2, steps: int = 43) -> Batch:
    source = torch.Generator().manual_seed(3)
    spectra = torch.randn(size, steps, 4, 2, POINTS, generator=source)
    whole = spectra.sum(2)
    joined = torch.eye(4).expand(size, 4, 4).clone()
    return Batch(powers(steps, size), whole**2, whole.unsqueeze(2) * spectra, spectra**2, joined)


@torch.no_grad()
def test_masks_are_positive_and_sum_to_one() -> None:
    masks, _ = network()(powers(9), network().start(1))
    assert masks.min() > 0
    torch.testing.assert_close(masks.sum(2), torch.ones(1, 9, 2, POINTS))


@torch.no_grad()
def test_step_by_step_is_the_same_as_all_at_once() -> None:
    made, heard = network(), powers(20)
    whole, last = made(heard, made.start(1))
    state, parts = made.start(1), []
    for step in range(20):
        masks, state = made(heard[:, step : step + 1], state)
        parts.append(masks)
    torch.testing.assert_close(torch.cat(parts, 1), whole, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(state, last, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_what_comes_later_changes_nothing_before() -> None:
    made, heard = network(), powers(20)
    first, _ = made(heard, made.start(1))
    heard[:, 12:] = 1e-8
    second, _ = made(heard, made.start(1))
    assert torch.equal(first[:, :12], second[:, :12])
    assert not torch.equal(first[:, 12], second[:, 12])


def test_the_recurrence_gradient_is_that_of_the_loop() -> None:
    made = network().double()
    first = made.start(1).double()[0].requires_grad_()
    x = torch.randn(1, 5, SMALL.bands, SMALL.width, dtype=torch.float64, requires_grad=True)
    one = made.times[0]

    def stepwise(x: Any, state: Any) -> Any:
        parts = []
        for step in range(x.shape[1]):
            part, state = one(x[:, step : step + 1], state)
            parts.append(part)
        return torch.cat(parts, 1)

    weights = torch.randn(1, 5, SMALL.bands, SMALL.width, dtype=torch.float64)
    fast = torch.autograd.grad((one(x, first)[0] * weights).sum(), (x, first, one.into.weight))
    slow = torch.autograd.grad((stepwise(x, first) * weights).sum(), (x, first, one.into.weight))
    for mine, theirs in zip(fast, slow, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-4, rtol=1e-4)


def test_perfect_masks_have_no_error_and_joined_stems_are_compared_as_one() -> None:
    told = batch()
    ideal = told.common / told.mix.unsqueeze(2).clamp_min(1e-12)
    assert errors(ideal, told)[0].max() < 1e-3 * told.own.max()
    bass, other = 1, 3
    swapped = ideal.clone()
    swapped[:, :, [bass, other]] = ideal[:, :, [other, bass]]
    assert errors(swapped, told)[0][:, :, bass].max() > 0.1
    rows = torch.eye(4)
    rows[bass] = 0
    rows[other, bass] = 1
    told.joined[:] = rows
    told.own[:, :, other] = ((told.common[:, :, bass] + told.common[:, :, other]) ** 2) / told.mix
    told.common[:, :, other] += told.common[:, :, bass]
    wrong = errors(swapped, told)[0]
    assert wrong[:, :, [bass, other]].max() < 1e-2 * told.own.max()
    assert not wrong[:, :, bass].any()


def test_learning_lowers_the_loss_and_resuming_goes_on_the_same_way(tmp_path: Path) -> None:
    told = batch()

    def run(folder: Path, stop_at: int | None) -> list[float]:
        trainer = Trainer(folder, Plan(warm_up=1, rate=5e-3), SMALL)
        losses = []
        for step in range(12):
            losses.append(trainer.learn(told))
            if step == stop_at:
                trainer.save()
                trainer = Trainer(folder, Plan(warm_up=1, rate=5e-3), SMALL)
                assert trainer.load()
                assert trainer.step == step + 1
        return losses

    whole = run(tmp_path / "whole", None)
    assert whole[-1] < whole[0] - 0.01
    assert run(tmp_path / "stopped", 5) == whole


def test_an_absent_stem_costs_nothing_when_nothing_is_given_to_it() -> None:
    told = batch()
    for part in (told.common, told.own):
        part[:, :, 2] = 0
    silent = torch.full((2, 43, 4, 2, POINTS), 0.25)
    silent[:, :, 2] = 1e-4
    leaking = silent.clone()
    leaking[:, :, 2] = 0.25
    assert loss_of(silent, told) < loss_of(leaking, told) - 0.1


def test_the_exported_file_does_what_torch_does(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="needs the extra `train`")
    trainer = Trainer(tmp_path, Plan(), SMALL)
    trainer.learn(batch())
    trainer.save()
    out = tmp_path / "model.onnx"
    assert len(export(tmp_path, out)) == 64
    assert out.stat().st_size > 1000


def test_8_bit_weights_are_written_only_where_they_pass_the_gate(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="needs the extra `train`")
    trainer = Trainer(tmp_path, Plan(), SMALL)
    trainer.save()
    export(tmp_path, tmp_path / "model.onnx")
    out = tmp_path / "small.onnx"
    gate = quantized(tmp_path / "model.onnx", out, {"song": batch(1, 86)})
    assert gate.sdr_db == pytest.approx(gate.sdr_8bit_db, abs=0.5)
    assert out.exists() == gate.passed
    assert not Gate(5.0, 4.89, 1.0, 0.5).passed
    assert not Gate(5.0, 5.0, 1.0, 0.9).passed
    assert Gate(5.0, 4.91, 1.0, 0.7).passed


def test_a_whole_run_learns_from_a_library_and_keeps_a_log(tmp_path: Path) -> None:
    from research.datasets.library import INDEX, read_library
    from research.separation.training.train import validation

    rows = [["file", "stem", "frames", "group", "split", "song", "source", "coherent"]]
    random = np.random.default_rng(1)
    for split in ("train", "valid"):
        for stem in ("drums", "bass", "vocals", "other"):
            name = f"{stem}-{split}.npy"
            np.save(tmp_path / name, random.integers(-8000, 8000, (44100 * 4, 2)).astype(np.int16))
            rows.append([name, stem, str(44100 * 4), stem, split, f"song-{split}", "made", "1"])
    with (tmp_path / INDEX).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    trainer = Trainer(tmp_path / "run", Plan(batch=1, length=43), SMALL)
    songs = validation(read_library(tmp_path, "valid"), 3.0)
    told: list[str] = []
    train(trainer, read_library(tmp_path, "train"), songs, lambda step: step >= 2, told.append, every=1)
    log = [json.loads(line) for line in (tmp_path / "run" / LOG).read_text(encoding="utf-8").splitlines()]
    assert [line["step"] for line in log] == [1, 2]
    assert "song-valid.bass" in log[0]
    assert set(judge(trainer.average, songs)["song-valid"]) == {"drums", "bass", "vocals", "other"}


def test_what_ships_is_the_network_of_the_checkpoint_and_nothing_besides() -> None:
    trained, _ = averaged(ROOT / "training" / "separation")
    shipped, steps = Exported(WEIGHTS), powers(20)
    state = trained.start(1)
    with torch.no_grad():
        expected, _ = trained(steps, state)
    masks, _ = shipped(steps, shipped.start(1))
    torch.testing.assert_close(masks, expected, atol=CLOSE, rtol=0.0)


def test_a_blend_is_the_mean_of_two_stages_by_their_shares(tmp_path: Path) -> None:
    stages = []
    for seed, name in ((1, "late"), (2, "early")):
        trainer = Trainer(tmp_path / name, Plan(seed=seed), SMALL)
        trainer.save()
        stages.append(trainer.average.state_dict())
    blend(tmp_path / "late", tmp_path / "early" / "checkpoint.pt", 0.25)
    kept = torch.load(tmp_path / "late" / "checkpoint.pt", weights_only=True)
    for name, weights in kept["average"].items():
        torch.testing.assert_close(weights, 0.75 * stages[0][name] + 0.25 * stages[1][name])
    assert Trainer(tmp_path / "late", Plan(), SMALL).load()
    blended, _ = averaged(tmp_path / "late")
    assert blended.shape == SMALL


def test_stages_of_different_networks_do_not_blend(tmp_path: Path) -> None:
    Trainer(tmp_path / "one", Plan(), SMALL).save()
    Trainer(tmp_path / "two", Plan(), Shape(width=16, layers=2, hidden=12)).save()
    with pytest.raises(ConfigError, match="blend stages of one run"):
        blend(tmp_path / "one", tmp_path / "two" / "checkpoint.pt", 0.5)
