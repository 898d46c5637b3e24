"""A network of another width than the trackers' is refused when it is loaded, with its file and both widths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.core.chords import PITCH_CLASSES, QUALITIES
from bridge.errors import EngineError
from engines.mir.learned import harmony_chain, rhythm_chain
from engines.mir.learned.features import HARMONY_BANDS, RHYTHM_BANDS
from engines.mir.learned.harmony_chain import HEAD_SIZES, HarmonyChain
from engines.mir.learned.learned_mir import LearnedMir
from engines.mir.learned.rhythm_chain import RhythmChain
from engines.mir.learned.stream_state import OnnxStepper
from engines.onnx import read_shipped
from engines.weights import WEIGHTS
from tests.engines.networks import OPEN, Shape, make_network

RATE = 44100
WIDTH = sum(HEAD_SIZES)
STATE = (1, 1, 4)


def make_harmony(
    levels: Shape = (1, 1, HARMONY_BANDS), state: Shape = STATE, chances: Shape = (1, 1, WIDTH), after: Shape = STATE
) -> bytes:
    return make_network({"levels": levels, "state": state}, {"chances": chances, "after": after})


def test_a_network_of_the_right_shapes_is_taken() -> None:
    stepper = OnnxStepper("fits.onnx", make_harmony(), 1, HARMONY_BANDS, WIDTH)
    assert stepper.step(np.zeros(HARMONY_BANDS, np.float32)).shape == (WIDTH,)


def test_the_harmony_network_that_ships_is_as_wide_as_the_vocabulary() -> None:
    assert 2 * (PITCH_CLASSES + 1) + PITCH_CLASSES * len(QUALITIES) + 2 * PITCH_CLASSES == WIDTH
    HarmonyChain(RATE, read_shipped(WEIGHTS, harmony_chain.FILE))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            make_harmony(chances=(1, 1, WIDTH + PITCH_CLASSES)),
            f"output 'chances' is 1 x 1 x {WIDTH + 12}, not 1 x 1 x {WIDTH}",
        ),
        (make_harmony(chances=(1, 2, WIDTH)), f"output 'chances' is 1 x 2 x {WIDTH}, not"),
        (make_harmony(levels=(1, 1, 80)), f"input 'levels' is 1 x 1 x 80, not 1 x 1 x {HARMONY_BANDS}"),
        (make_harmony(after=(1, 1, 5)), "output 'after' is 1 x 1 x 5, not 1 x 1 x 4"),
        (make_harmony(state=(1, 1, OPEN)), "no input 'state' of a fixed shape"),
        (make_network({"levels": (1, 1, HARMONY_BANDS)}, {"chances": (1, 1, WIDTH)}), "no input 'state'"),
        (
            make_network({"levels": (1, 1, HARMONY_BANDS), "state": STATE}, {"after": STATE}),
            "has no output 'chances'",
        ),
        (
            make_network(
                {"levels": (1, 1, HARMONY_BANDS), "state": STATE, "more": (1,)},
                {"chances": (1, 1, WIDTH), "after": STATE},
            ),
            "has an unknown input 'more'",
        ),
    ],
    ids=["nine qualities", "two steps", "bands", "next state", "open state", "no state", "no output", "more"],
)  # fmt: skip
def test_a_harmony_network_of_another_shape_is_refused(model: bytes, said: str) -> None:
    with pytest.raises(EngineError) as error:
        HarmonyChain(RATE, model, "mine.onnx")
    assert error.value.message.startswith("mine.onnx: ")
    assert said in error.value.message
    assert "docs/chords.md" in error.value.hint


def test_a_rhythm_network_with_another_output_is_refused() -> None:
    model = make_network({"levels": (1, 2, RHYTHM_BANDS), "state": STATE}, {"chances": (1, 1, 4), "after": STATE})
    with pytest.raises(EngineError, match=r"mine\.onnx: output 'chances' is 1 x 1 x 4, not 1 x 1 x 3"):
        RhythmChain(RATE, model, "mine.onnx")


def test_the_engine_names_the_file_in_the_users_folder(tmp_path: Path) -> None:
    (tmp_path / rhythm_chain.FILE).write_bytes(read_shipped(WEIGHTS, rhythm_chain.FILE))
    (tmp_path / harmony_chain.FILE).write_bytes(make_harmony(chances=(1, 1, WIDTH + PITCH_CLASSES)))
    with pytest.raises(EngineError) as error:
        LearnedMir(tmp_path).prepare(RATE, 512)
    assert str(tmp_path / harmony_chain.FILE) in error.value.message
