"""The network keeps what the live engine relies on: causal, stepwise the same as whole, masks that sum to one."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from bridge.errors import ConfigError  # noqa: E402
from engines.separation.frequency_grid import POINTS  # noqa: E402
from research.separation.training.__main__ import WEIGHTS  # noqa: E402
from research.separation.training.batches import SeparationBatch  # noqa: E402
from research.separation.training.export import (  # noqa: E402
    EXPORT_TOLERANCE,
    ExportedNetwork,
    QuantizationGate,
    blend,
    export,
    load_average,
    quantize,
)
from research.separation.training.network import NetworkShape, SeparationNetwork  # noqa: E402
from research.separation.training.train import (  # noqa: E402
    CHECKPOINT,
    LOG,
    SeparationTrainer,
    SeparationTrainingPlan,
    compute_errors,
    compute_loss,
    judge,
    train,
)

ROOT = Path(__file__).parents[4]
SMALL = NetworkShape(width=8, layers=2, hidden=12)


def network(seed: int = 1) -> SeparationNetwork:
    torch.manual_seed(seed)
    made: SeparationNetwork = SeparationNetwork(SMALL)
    with torch.no_grad():
        made.leave.weight *= 10  # so that masks differ from one another
    made.eval()
    return made


def powers(steps: int, size: int = 1) -> Any:
    return 10.0 ** (torch.rand(size, steps, 3, POINTS, generator=torch.Generator().manual_seed(2)) * 6 - 6)


def batch(size: int = 2, steps: int = 43) -> SeparationBatch:
    source = torch.Generator().manual_seed(3)
    spectra = torch.randn(size, steps, 4, 2, POINTS, generator=source)
    whole = spectra.sum(2)
    joined = torch.eye(4).expand(size, 4, 4).clone()
    return SeparationBatch(powers(steps, size), whole**2, whole.unsqueeze(2) * spectra, spectra**2, joined)


@torch.no_grad()
def test_masks_are_positive_and_sum_to_one() -> None:
    masks, _ = network()(powers(9), network().start(1))
    assert masks.min() > 0
    torch.testing.assert_close(masks.sum(2), torch.ones(1, 9, 2, POINTS))


@torch.no_grad()
def test_step_by_step_is_the_same_as_all_at_once() -> None:
    made, power = network(), powers(20)
    whole, last = made(power, made.start(1))
    state, parts = made.start(1), []
    for step in range(20):
        masks, state = made(power[:, step : step + 1], state)
        parts.append(masks)
    torch.testing.assert_close(torch.cat(parts, 1), whole, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(state, last, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_what_comes_later_changes_nothing_before() -> None:
    made, power = network(), powers(20)
    first, _ = made(power, made.start(1))
    power[:, 12:] = 1e-8
    second, _ = made(power, made.start(1))
    assert torch.equal(first[:, :12], second[:, :12])
    assert not torch.equal(first[:, 12], second[:, 12])


@torch.no_grad()
def test_a_bidirectional_network_starts_as_the_causal_one_and_reads_what_comes_later(tmp_path: Path) -> None:
    causal = SeparationTrainer(tmp_path / "causal", SeparationTrainingPlan(), SMALL)
    causal.average.load_state_dict(network().state_dict())
    causal.save()
    made = SeparationTrainer(tmp_path / "both", SeparationTrainingPlan(), replace(SMALL, bidirectional=True))
    made.start_from(tmp_path / "causal" / CHECKPOINT)
    power = powers(20)
    before, _ = made.average(power, made.average.start(1))
    torch.testing.assert_close(before, network()(power, network().start(1))[0], atol=1e-6, rtol=1e-6)
    for layer in made.average.backward_times:
        layer.back.weight.normal_()
    first, _ = made.average(power, made.average.start(1))
    power[:, 12:] = 1e-8
    second, _ = made.average(power, made.average.start(1))
    assert (first[:, 11] - second[:, 11]).abs().max() > 1e-6


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    other = SeparationTrainer(tmp_path / "other", SeparationTrainingPlan(), replace(SMALL, width=16))
    other.save()
    with pytest.raises(ConfigError, match="weights of another size"):
        SeparationTrainer(tmp_path / "own", SeparationTrainingPlan(), SMALL).start_from(tmp_path / "other" / CHECKPOINT)


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
    data = batch()
    ideal = data.common / data.mix.unsqueeze(2).clamp_min(1e-12)
    assert compute_errors(ideal, data)[0].max() < 1e-3 * data.own.max()
    bass, other = 1, 3
    swapped = ideal.clone()
    swapped[:, :, [bass, other]] = ideal[:, :, [other, bass]]
    assert compute_errors(swapped, data)[0][:, :, bass].max() > 0.1
    rows = torch.eye(4)
    rows[bass] = 0
    rows[other, bass] = 1
    data.joined[:] = rows
    data.own[:, :, other] = ((data.common[:, :, bass] + data.common[:, :, other]) ** 2) / data.mix
    data.common[:, :, other] += data.common[:, :, bass]
    wrong = compute_errors(swapped, data)[0]
    assert wrong[:, :, [bass, other]].max() < 1e-2 * data.own.max()
    assert not wrong[:, :, bass].any()


def test_learning_lowers_the_loss_and_resuming_goes_on_the_same_way(tmp_path: Path) -> None:
    data = batch()

    def run(folder: Path, stop_at: int | None) -> list[float]:
        trainer = SeparationTrainer(folder, SeparationTrainingPlan(warm_up=1, rate=5e-3), SMALL)
        losses = []
        for step in range(12):
            losses.append(trainer.learn(data))
            if step == stop_at:
                trainer.save()
                trainer = SeparationTrainer(folder, SeparationTrainingPlan(warm_up=1, rate=5e-3), SMALL)
                assert trainer.load()
                assert trainer.step == step + 1
        return losses

    whole = run(tmp_path / "whole", None)
    assert whole[-1] < whole[0] - 0.01
    assert run(tmp_path / "stopped", 5) == whole


def test_an_absent_stem_costs_nothing_when_nothing_is_given_to_it() -> None:
    data = batch()
    for part in (data.common, data.own):
        part[:, :, 2] = 0
    silent = torch.full((2, 43, 4, 2, POINTS), 0.25)
    silent[:, :, 2] = 1e-4
    leaking = silent.clone()
    leaking[:, :, 2] = 0.25
    assert compute_loss(silent, data) < compute_loss(leaking, data) - 0.1


@pytest.mark.parametrize("shape", [SMALL, replace(SMALL, bidirectional=True)], ids=["causal", "bidirectional"])
def test_the_exported_file_does_what_torch_does(tmp_path: Path, shape: NetworkShape) -> None:
    pytest.importorskip("onnx", reason="needs the extra `train`")
    trainer = SeparationTrainer(tmp_path, SeparationTrainingPlan(), shape)
    with torch.no_grad():
        for layer in trainer.network.backward_times:
            layer.back.weight.normal_()
    trainer.learn(batch())
    trainer.save()
    out = tmp_path / "model.onnx"
    assert len(export(tmp_path, out)) == 64
    assert out.stat().st_size > 1000


def test_8_bit_weights_are_written_only_where_they_pass_the_gate(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="needs the extra `train`")
    trainer = SeparationTrainer(tmp_path, SeparationTrainingPlan(), SMALL)
    trainer.save()
    export(tmp_path, tmp_path / "model.onnx")
    out = tmp_path / "small.onnx"
    gate = quantize(tmp_path / "model.onnx", out, {"song": batch(1, 86)})
    assert gate.sdr_db == pytest.approx(gate.sdr_8bit_db, abs=0.5)
    assert out.exists() == gate.passed
    assert not QuantizationGate(5.0, 4.89, 1.0, 0.5).passed
    assert not QuantizationGate(5.0, 5.0, 1.0, 0.9).passed
    assert QuantizationGate(5.0, 4.91, 1.0, 0.7).passed


def test_a_whole_run_learns_from_a_library_and_keeps_a_log(tmp_path: Path) -> None:
    from research.datasets.library import INDEX, read_library
    from research.separation.training.train import load_validation

    rows = [["file", "stem", "frames", "group", "split", "song", "source", "coherent"]]
    random = np.random.default_rng(1)
    for split in ("train", "valid"):
        for stem in ("drums", "bass", "vocals", "other"):
            name = f"{stem}-{split}.npy"
            np.save(tmp_path / name, random.integers(-8000, 8000, (44100 * 4, 2)).astype(np.int16))
            rows.append([name, stem, str(44100 * 4), stem, split, f"song-{split}", "made", "1"])
    with (tmp_path / INDEX).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    trainer = SeparationTrainer(tmp_path / "run", SeparationTrainingPlan(batch=1, length=43), SMALL)
    songs = load_validation(read_library(tmp_path, "valid"), 3.0)
    data: list[str] = []
    train(trainer, read_library(tmp_path, "train"), songs, lambda step: step >= 2, data.append, every=1)
    log = [json.loads(line) for line in (tmp_path / "run" / LOG).read_text(encoding="utf-8").splitlines()]
    assert [line["step"] for line in log] == [1, 2]
    assert "song-valid.bass" in log[0]
    assert set(judge(trainer.average, songs)["song-valid"]) == {"drums", "bass", "vocals", "other"}


def test_what_ships_is_the_network_of_the_checkpoint_and_nothing_besides() -> None:
    trained, _ = load_average(ROOT / "research" / "checkpoints" / "separation")
    shipped, steps = ExportedNetwork(WEIGHTS), powers(20)
    state = trained.start(1)
    with torch.no_grad():
        expected, _ = trained(steps, state)
    masks, _ = shipped(steps, shipped.start(1))
    torch.testing.assert_close(masks, expected, atol=EXPORT_TOLERANCE, rtol=0.0)


def test_a_blend_is_the_mean_of_two_stages_by_their_shares(tmp_path: Path) -> None:
    stages = []
    for seed, name in ((1, "late"), (2, "early")):
        trainer = SeparationTrainer(tmp_path / name, SeparationTrainingPlan(seed=seed), SMALL)
        trainer.save()
        stages.append(trainer.average.state_dict())
    blend(tmp_path / "late", tmp_path / "early" / "checkpoint.pt", 0.25)
    kept = torch.load(tmp_path / "late" / "checkpoint.pt", weights_only=True)
    for name, weights in kept["average"].items():
        torch.testing.assert_close(weights, 0.75 * stages[0][name] + 0.25 * stages[1][name])
    assert SeparationTrainer(tmp_path / "late", SeparationTrainingPlan(), SMALL).load()
    blended, _ = load_average(tmp_path / "late")
    assert blended.shape == SMALL


def test_stages_of_different_networks_do_not_blend(tmp_path: Path) -> None:
    SeparationTrainer(tmp_path / "one", SeparationTrainingPlan(), SMALL).save()
    SeparationTrainer(tmp_path / "two", SeparationTrainingPlan(), NetworkShape(width=16, layers=2, hidden=12)).save()
    with pytest.raises(ConfigError, match="blend stages of one run"):
        blend(tmp_path / "one", tmp_path / "two" / "checkpoint.pt", 0.5)
