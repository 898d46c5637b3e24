from __future__ import annotations

from itertools import pairwise, takewhile
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from engines.accompaniment.arranger import arrange
from engines.accompaniment.parts import PARTS
from engines.accompaniment.score import PartState, PerformanceControls
from engines.accompaniment.sheet import read_sheet
from engines.accompaniment.style import KEEP, PART_NAMES, Style, load_style
from engines.accompaniment.style_lookup import list_styles
from tests.engines.accompaniment.playing import BOTH, STYLES, style

MINE = """
schema = 1
name = "mine"
[drums]
[[drums.patterns]]
level = 0.5
hits.kick = "9.......9......."
[bass]
patterns = [{ level = 0.2, line = "R---R---R---R---" }, { level = 0.6, line = "R--R--R--R--" }]
layers = [{ raises = 0.1, line = "************A---" }]
"""


def read(folder: Path, text: str) -> Style:
    path = folder / "mine.toml"
    path.write_text(text)
    return load_style(path)


@pytest.mark.parametrize(("name", "part"), BOTH)
def test_each_style_has_twelve_patterns_a_part_across_intensities(name: str, part: str) -> None:
    patterns = style(name).parts[part].patterns
    distinct = {(tuple(sorted(pattern.lanes.items())), pattern.voices) for pattern in patterns}
    assert len(distinct) == len(patterns) >= 12
    levels = [pattern.level for pattern in patterns]
    assert levels[0] <= 0.25
    assert levels[-1] >= 0.85
    assert max(b - a for a, b in pairwise(levels)) <= 0.3


@pytest.mark.parametrize("name", STYLES)
def test_no_pattern_is_empty_or_unfinished(name: str) -> None:
    for part in style(name).parts.values():
        for pattern in part.patterns:
            steps = "".join(pattern.lanes.values())
            assert steps.strip(".-")
            assert KEEP not in steps


def test_all_styles_are_found_and_have_all_parts() -> None:
    assert set(STYLES) <= set(list_styles())
    for name in STYLES:
        assert tuple(style(name).parts) == PART_NAMES
        assert style(name).name == name


def test_a_layer_is_put_upon_each_pattern_that_it_fits(tmp_path: Path) -> None:
    lines = {pattern.lanes["line"]: pattern.level for pattern in read(tmp_path, MINE).parts["bass"].patterns}
    assert lines == {
        "R---R---R---R---": 0.2, "R---R---R---A---": pytest.approx(0.3), "R--R--R--R--": 0.6,
    }  # fmt: skip


def test_a_style_saved_by_notepad_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(b"\xef\xbb\xbf" + MINE.replace("\n", "\r\n").encode())
    assert load_style(tmp_path / "mine.toml").name == "mine"


def test_a_style_has_no_more_patterns_than_can_be_compared(tmp_path: Path) -> None:
    one = '{ level = 0.5, line = "R---------------" }'
    with pytest.raises(ConfigError, match=r"bass\.patterns: Expected `array` of length <= 32"):
        read(tmp_path, f'schema = 1\nname = "x"\n[bass]\npatterns = [{", ".join([one] * 33)}]\n')


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("schema = 1", "schema = 2", "schema"),
        ("level = 0.5", "level = 1.5", "drums.patterns[0].level"),
        ("level = 0.5", "", "drums.patterns[0].level: missing"),
        ("[bass]", "[bass]\nlow = 40\nhigh = 50", "too narrow; let it span 14"),
        ("[bass]", "[bass]\ntuning = 4", "bass.tuning: unknown key"),
        ("hits.kick", "hits.gong", "patterns[0].hits: 'gong' is no drum; drums are kick, snare"),
        ("9.......9.......", "9.......9", "patterns[0].hits.kick: 9 steps; write 16"),
        ("9.......9.......", "9.......x.......", "hits.kick: step 9: 'x'; use 123456789."),
        ('"R---R---R---R---"', '"Q---R---R---R---"', "patterns[0].line: step 1: 'Q'; use RTFSOAP"),
        ('"R---R---R---R---"', '"****R---R---R---"', "patterns[0].line: step 1: '*'"),
        ("************A---", "************A--?", "layers[0].line: step 16: '?'"),
        ("[drums]\n", '[drums]\nopening = "gong"\n', "opening: 'gong' is no drum"),
        ('name = "mine"', 'name = "mine"\nswing_note = 12', "swing_note"),
        ("patterns = [{", "patterns = []\nunused = [{", "bass"),
    ],
)
def test_the_error_for_a_wrong_style_names_file_key_and_fix(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in MINE
    with pytest.raises(ConfigError) as error:
        read(tmp_path, MINE.replace(old, new, 1))
    assert str(tmp_path / "mine.toml") in error.value.message
    assert said in error.value.message
    assert error.value.hint


def example(first: str) -> str:
    """The indented block of docs/accompany.md that begins with ``first``."""
    page = (Path(__file__).parents[3] / "docs" / "accompany.md").read_text(encoding="utf-8")
    block = page[page.index(f"    {first}") :]
    return "\n".join(line[4:] for line in takewhile(lambda line: not line or line[0] == " ", block.splitlines()))


def test_the_style_in_the_documentation_can_be_copied(tmp_path: Path) -> None:
    own = read(tmp_path, example("schema = 1"))
    assert set(own.parts) == {"drums", "bass", "keys"}
    bars = arrange(read_sheet(example("# lines or ends")), 16)
    for name in own.parts:
        memory, count = PartState(), 0
        for bar in bars:
            notes, memory = PARTS[name](bar, own, PerformanceControls(), memory)
            count += len(notes)
        assert count > 16


def test_four_patterns_and_two_layers_make_twelve(tmp_path: Path) -> None:
    patterns = ", ".join(f'{{ level = 0.{i}, line = "{"R---" * i + "." * (16 - 4 * i)}" }}' for i in range(1, 5))
    layers = '{ line = "**F*************" }, { line = "***************A" }'
    text = f'schema = 1\nname = "mine"\n[bass]\npatterns = [{patterns}]\nlayers = [{layers}]\n'
    assert len(read(tmp_path, text).parts["bass"].patterns) == 12
