"""The learned separator against its own definition, written a second time, plainly and for a whole file at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.core.audio import STEMS, Audio
from bridge.core.engine import block_for
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from engines.separation import stft
from engines.separation.frequency_grid import BINS, WINDOW, compute_pooling, compute_spreading
from engines.separation.learned_separation import LOW, STANDARD, ULTRA, LearnedSeparation, Profile, low, standard, ultra
from engines.separation.separator import EngineSeparator
from engines.separation.stft import make_windows
from tests.contracts.checks import CHECKS
from tests.contracts.running import Factory
from tests.engines.driving import separate
from tests.engines.separation.tiny import MASKS, STATE, remember, write_equal_shares, write_remembering

PROFILES = pytest.mark.parametrize("profile", [STANDARD, LOW, ULTRA], ids=lambda profile: profile.name)
RATES = pytest.mark.parametrize("rate", [44100, 48000])


@pytest.fixture(scope="module")
def remembers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_remembering(tmp_path_factory.mktemp("models") / "remembering.onnx")


@pytest.fixture(scope="module")
def shares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_equal_shares(tmp_path_factory.mktemp("models") / "shares.onnx")


def noise(frames: int, seed: int = 3) -> Audio:
    """Stereo noise that swells and moves, shape (2, frames)."""
    rng = np.random.default_rng(seed)
    swell = 0.2 + 0.15 * np.sin(np.arange(frames) / 3000 + np.array([[0.0], [1.0]]))
    wave: Audio = (swell * rng.normal(0, 1, (2, frames))).astype(np.float32)
    return wave


def whole(mix: Audio, rate: int, profile: Profile) -> Audio:
    """The stems (4, 2, frames) of ``mix``, aligned with it but for its last ``overlap`` frames, in double precision."""
    hop, overlap = profile.hop, profile.overlap
    analysis, synthesis = (window.astype(np.float64) for window in make_windows(WINDOW, hop, overlap))
    pool = compute_pooling(rate).T.astype(np.float64)
    lower, upper = compute_spreading(rate)
    hops = mix.shape[1] // hop
    padded = np.concatenate([np.zeros((2, WINDOW)), mix], axis=1)
    memories = [np.zeros(STATE) for _ in range(1024 // hop)]
    stems = np.zeros((4, 2, overlap + hops * hop))
    for n in range(hops):
        left, right = np.fft.rfft(padded[:, (n + 1) * hop : (n + 1) * hop + WINDOW] * analysis)
        mid, side = (left + right) / 2, (left - right) / 2
        powers = np.stack([np.abs(mid) ** 2, np.abs(side) ** 2, 2 * (mid * side.conj()).real])
        power = (powers * (2 / analysis.sum()) ** 2) @ pool
        masks, memories[n % len(memories)] = remember(power, memories[n % len(memories)])
        masks = (1 - upper) * masks[..., lower] + upper * masks[..., lower + 1]
        assert masks.shape == (4, 2, BINS)
        for stem in range(4):
            m, s = masks[stem, 0] * mid, masks[stem, 1] * side
            waves = np.fft.irfft(np.stack([m + s, m - s]))[:, -hop - overlap :]
            stems[stem, :, n * hop : (n + 1) * hop + overlap] += waves * synthesis
    return stems[:, :, overlap : hops * hop].astype(np.float32)


def separate_raw(engine: LearnedSeparation, mix: Audio) -> Audio:
    """What a prepared engine says to whole hops of ``mix``: (4, 2, frames)."""
    hop = engine.spec.hop
    block, out = block_for(engine.spec.inputs, hop), block_for(engine.spec.outputs, hop)
    hops = []
    for first in range(0, mix.shape[1] - hop + 1, hop):
        block.audio["mix"] = mix[:, first : first + hop]
        engine.process(block, BlockTime(first, 44100), out)
        hops.append(np.stack([out.audio[stem] for stem in STEMS]))
    return np.concatenate(hops, axis=2)


@PROFILES
@RATES
def test_hop_by_hop_gives_what_the_whole_file_gives(profile: Profile, rate: int, remembers: Path) -> None:
    mix = noise(12 * 1024)
    expected = whole(mix, rate, profile)
    stems = EngineSeparator(LearnedSeparation(profile, remembers)).separate(mix, rate)
    np.testing.assert_allclose(stems[:, :, : expected.shape[2]], expected, atol=1e-5)


@PROFILES
def test_the_stems_sum_to_the_mix_an_overlap_later(profile: Profile, remembers: Path) -> None:
    mix, late = noise(40000), profile.overlap
    stems = separate(LearnedSeparation(profile, remembers), mix)
    total = np.sum([stems[name] for name in STEMS], axis=0)
    np.testing.assert_allclose(total[:, late:], mix[:, : total.shape[1] - late], atol=1e-6)
    assert not total[:, :late].any()


@PROFILES
def test_equal_masks_give_each_stem_a_quarter_of_the_mix(profile: Profile, shares: Path) -> None:
    mix, late = noise(20000), profile.overlap
    for stem in separate(LearnedSeparation(profile, shares), mix).values():
        np.testing.assert_allclose(stem[:, late:], mix[:, : stem.shape[1] - late] / 4, atol=1e-6)


@PROFILES
def test_after_a_reset_amid_the_phases_all_is_as_new_to_the_bit(profile: Profile, remembers: Path) -> None:
    engine, fresh = LearnedSeparation(profile, remembers), LearnedSeparation(profile, remembers)
    engine.prepare(44100, profile.hop)
    fresh.prepare(44100, profile.hop)
    separate_raw(engine, noise(13 * profile.hop, seed=1))
    engine.reset()
    assert np.array_equal(separate_raw(engine, noise(30000)), separate_raw(fresh, noise(30000)))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_the_contract_is_kept_where_phases_are_many(check: Callable[[Factory], None], remembers: Path) -> None:
    check(partial(LearnedSeparation, ULTRA, remembers))


def test_sound_ends_in_exact_silence(remembers: Path) -> None:
    mix = np.concatenate([noise(8192), np.zeros((2, 8192), np.float32)], axis=1)
    stems = separate(LearnedSeparation(LOW, remembers), mix)
    assert not any(wave[:, -4096:].any() for wave in stems.values())


@pytest.mark.parametrize("value", [np.nan, np.inf, -1e30])
def test_what_is_no_audio_counts_as_silence(value: float, remembers: Path) -> None:
    spoilt = noise(20000)
    spoilt[:, 9000:9100] = value
    silent = noise(20000)
    silent[:, 9000:9100] = 0.0
    one, other = (separate(LearnedSeparation(LOW, remembers), mix) for mix in (spoilt, silent))
    assert all(np.array_equal(one[stem], other[stem]) for stem in STEMS)


@pytest.mark.parametrize("value", [1e-16, 1e-40])
def test_what_no_ear_and_no_square_can_hold_is_silence(value: float, remembers: Path) -> None:
    stems = separate(LearnedSeparation(LOW, remembers), np.full((2, 8192), value, np.float32))
    assert not any(wave.any() for wave in stems.values())


def test_arrays_of_any_stride_are_taken_and_nothing_is_compiled_for_them(remembers: Path) -> None:
    mix = noise(4 * LOW.hop)
    plain, strided = LearnedSeparation(LOW, remembers), LearnedSeparation(LOW, remembers)
    plain.prepare(44100, LOW.hop)
    strided.prepare(44100, LOW.hop)
    expected = separate_raw(plain, mix)
    frozen = np.asfortranarray(mix)
    frozen.flags.writeable = False
    shift: Any = stft._shift_in
    compiled = list(shift.signatures)
    assert np.array_equal(separate_raw(strided, frozen), expected)
    assert shift.signatures == compiled


@pytest.mark.parametrize("rate", [0, 22050, 96000])
def test_another_rate_is_refused_with_a_hint(rate: int, shares: Path) -> None:
    with pytest.raises(EngineError, match=r"44100 and 48000 Hz; resample"):
        LearnedSeparation(STANDARD, shares).prepare(rate, 512)


@pytest.mark.parametrize(
    ("masks", "state", "said"),
    [
        ((1, 1, 6, 2, 240), STATE, "output 'masks' is 1 x 1 x 6 x 2 x 240, not 1 x 1 x 4 x 2 x "),
        (MASKS, (1, 1, 0, 4), "no input 'state' of a fixed shape"),
    ],
    ids=["six stems", "no memory"],
)
def test_a_model_of_other_shapes_is_refused_by_name(
    masks: tuple[int, ...], state: tuple[int, ...], said: str, tmp_path: Path
) -> None:
    model = write_equal_shares(tmp_path / "other.onnx", masks, state)
    with pytest.raises(EngineError, match=rf"other\.onnx.*{said}.*use the weights that ship"):
        LearnedSeparation(STANDARD, model).prepare(44100, 512)


def test_the_rate_may_change(remembers: Path) -> None:
    engine, fresh = LearnedSeparation(LOW, remembers), LearnedSeparation(LOW, remembers)
    separate(engine, noise(9000), 44100)
    again, first = separate(engine, noise(9000), 48000), separate(fresh, noise(9000), 48000)
    assert all(np.array_equal(again[stem], first[stem]) for stem in STEMS)


def test_the_three_profiles_are_named_after_what_they_cost() -> None:
    engines = [standard(), low(), ultra()]
    assert [engine.spec.name for engine in engines] == ["separation.standard", "separation.low", "separation.ultra"]
    assert [engine.spec.hop for engine in engines] == [512, 256, 128]
