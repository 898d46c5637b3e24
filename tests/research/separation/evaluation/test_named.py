"""Separators by name: added models run in pieces, as in `sideman separate`."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import STEMS, Audio
from engines.separation.models import model_loader
from research.separation.evaluation.named import open_separator

RATE, LONGEST_S = 8000, 60


class ShortPieceSeparator:
    """A model that gives each stem a quarter, and takes no more than a minute at once."""

    name, rates, stems = "short", (), STEMS

    def separate(self, audio: Audio, rate: int) -> Audio:
        assert audio.shape[1] <= LONGEST_S * rate, "a whole song at once"
        return np.repeat(audio[None] / len(STEMS), len(STEMS), axis=0)


def test_an_added_model_gets_a_song_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_loader, "load_separator", lambda _name: ShortPieceSeparator())
    song = np.random.default_rng(1).normal(0, 0.1, (2, 3 * LONGEST_S * RATE)).astype(np.float32)
    stems = open_separator("short").separate(song, RATE)
    assert np.allclose(stems.sum(axis=0), song, atol=1e-6)
