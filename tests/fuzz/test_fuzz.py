"""Every reader refuses broken input with an error that names the place and the fix, or reads it."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from tests.fuzz.mutation import mutate
from tests.fuzz.target import Target, load_targets

TARGETS = load_targets()


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_a_seed_is_read(target: Target, tmp_path: Path) -> None:
    """A seed that the reader refuses leads no mutation anywhere."""
    for number, seed in enumerate(target.seeds()):
        assert len(seed) <= target.max_bytes
        assert target.run(seed, _make_folder(tmp_path, number)), f"seed {number}: {seed[:80]!r}"


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_what_once_broke_the_reader_does_so_no_more(target: Target, tmp_path: Path) -> None:
    for number, data in enumerate(target.read_kept().values()):
        target.run(data, _make_folder(tmp_path, number))


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_no_mutation_breaks_the_reader(target: Target, tmp_path: Path) -> None:
    seeds = [*target.seeds(), *target.read_kept().values()]
    inputs = mutate(seeds, target.tokens, target.mutations, target.max_bytes, zlib.crc32(target.name.encode()))
    for number, data in enumerate(inputs):
        folder = _make_folder(tmp_path, number)
        try:
            target.run(data, folder)
        except BaseException as error:
            finding = tmp_path / "finding"
            finding.write_bytes(data)
            error.add_note(f"python -m tests.fuzz {target.name} {finding}")
            raise


def test_the_same_seed_gives_the_same_mutations() -> None:
    first, again, other = (list(mutate([b"MThd\0\0\0\6"], [b"MTrk"], 50, 32, seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert max(map(len, first)) <= 32
    assert len(set(first)) > 30


def test_a_finding_is_whatever_is_no_refusal(tmp_path: Path) -> None:
    def read(data: bytes, folder: Path) -> None:
        if data:
            raise (KeyError if data == b"bad" else ValueError)("no")

    target = Target("toy", read, lambda: [b""], refusals=(ValueError,))
    assert target.run(b"", tmp_path)
    assert not target.run(b"refused", tmp_path)
    with pytest.raises(KeyError):
        target.run(b"bad", tmp_path)


def _make_folder(parent: Path, number: int) -> Path:
    folder = parent / str(number)
    folder.mkdir()
    return folder
