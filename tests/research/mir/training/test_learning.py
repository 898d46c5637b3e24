"""The networks of analysis, and a run of their training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from engines.mir.learned.features import HARMONY_BANDS, RHYTHM_BANDS  # noqa: E402
from engines.mir.learned.harmony_chain import FILE, HEAD_SIZES  # noqa: E402
from engines.mir.learned.stream_state import OnnxStepper  # noqa: E402
from engines.onnx import read_shipped  # noqa: E402
from research.common.prefetch import BatchPrefetcher  # noqa: E402
from research.datasets.library import RATE, read_library  # noqa: E402
from research.datasets.sources import StemStore  # noqa: E402
from research.datasets.truth import ChordTruth, SongTruth  # noqa: E402
from research.mir.training.batches import MirBatch, make_batch_drawer  # noqa: E402
from research.mir.training.export import export  # noqa: E402
from research.mir.training.network import HarmonyNetwork, RhythmNetwork  # noqa: E402
from research.mir.training.train import (  # noqa: E402
    LOG,
    MirTrainer,
    MirTrainingPlan,
    compute_harmony_loss,
    compute_rhythm_loss,
    train,
)
from research.mir.training.validate import load_validation  # noqa: E402


def test_step_by_step_is_what_the_whole_gives() -> None:
    torch.manual_seed(1)
    rhythm, harmony = RhythmNetwork().eval(), HarmonyNetwork().eval()
    levels, pitches = torch.rand(1, 41, RHYTHM_BANDS), torch.rand(1, 40, HARMONY_BANDS)
    with torch.no_grad():
        whole, _ = rhythm(levels, rhythm.start(1))
        tones, _ = harmony(pitches, harmony.start(1))
        state, low = rhythm.start(1), harmony.start(1)
        for step in range(40):
            output, state = rhythm(levels[:, step : step + 2], state)
            chord, low = harmony(pitches[:, step : step + 1], low)
            torch.testing.assert_close(output[:, 0], whole[:, step], atol=1e-4, rtol=1e-3)
            torch.testing.assert_close(chord[:, 0], tones[:, step], atol=1e-4, rtol=1e-3)


@pytest.fixture(scope="module")
def stems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stems")
    stock = StemStore.open(folder)
    time = np.arange(30 * RATE) / RATE
    truth = SongTruth(100.0, chords=(ChordTruth(0.0, 50.0, 0, 0, 0),), keys=((0.0, 0, 0),))
    drums = 0.3 * np.exp(-20 * (time % 0.6)) * np.random.default_rng(1).standard_normal(len(time))
    tones = 0.1 * sum(np.sin(2 * np.pi * hz * time) for hz in (130.8, 164.8, 196.0))
    for song, split in (("song-000", "train"), ("song-009", "valid")):
        for stem, wave in (("drums", drums), ("other", tones)):
            both = np.stack([wave, wave]).astype(np.float32)
            stock.add(song, stem, both, group=song, source="s", song=song, split=split, truth=truth)
    stock.add("groove-00", "drums", np.stack([drums, drums]).astype(np.float32), group="g", source="s", truth=truth)
    return folder


@torch.no_grad()
def loss_of(trainer: MirTrainer, batch: MirBatch) -> float:
    """What both networks, as they are now, would pay for ``batch``."""
    rhythm, harmony = trainer.networks["rhythm"], trainer.networks["harmony"]
    beats = compute_rhythm_loss(rhythm(batch.rhythm, rhythm.start(1))[0], batch)
    return float(beats + compute_harmony_loss(harmony(batch.pitches, harmony.start(1))[0], batch))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_run_learns_goes_on_where_it_stopped_and_its_export_says_the_same(stems: Path, tmp_path: Path) -> None:
    songs = load_validation(stems, read_library(stems, "valid"), 20.0)
    plan = replace(MirTrainingPlan(), batch=2, seconds=4.0, warm_up=5, steps=60)
    first = MirTrainer(tmp_path, plan)
    with BatchPrefetcher(make_batch_drawer, (stems, plan.seconds, plan.seed, plan.batch), 0) as drawing:
        before = loss_of(first, songs["song-009"])
        for _ in range(20):
            first.learn(drawing.get_next())
        train(first, drawing, songs, lambda step: step >= 22, lambda _: None, every=22)
    assert loss_of(first, songs["song-009"]) < 0.85 * before
    again = MirTrainer(tmp_path, plan)
    assert again.load()
    assert again.step == first.step == 22
    for one, other in zip(first.averages.parameters(), again.averages.parameters(), strict=True):
        assert torch.equal(one, other)
    assert len((tmp_path / LOG).read_text().splitlines()) == 1

    digests = export(tmp_path, tmp_path)
    assert set(digests) == {"mir-rhythm.onnx", "mir-harmony.onnx"}
    network = OnnxStepper(FILE, read_shipped(tmp_path, FILE), 1, HARMONY_BANDS, sum(HEAD_SIZES))
    output = network.step(np.zeros(HARMONY_BANDS, np.float32))
    assert output[:13].sum() == pytest.approx(1.0, abs=1e-5)
