"""Pages of controllers: each shipped mapping has one, with its picture, and they are what the mapping says now."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from bridge.controllers.mappings.mapping import Touch
from bridge.controllers.pages.input_labels import describe_target
from bridge.controllers.pages.mapping_page import format_mapping_page, read_comment
from bridge.controllers.pages.picture import COLUMN, draw_mapping, place_inputs
from tests.mappings.shipped import FOLDER, NAMES, read_shipped, registry, shipped_file
from tests.mappings.texts import mapping_of

DOCS = FOLDER.parent / "docs"
SVG = "{http://www.w3.org/2000/svg}"

each = pytest.mark.parametrize("name", NAMES)


@each
def test_the_page_and_the_picture_are_those_of_the_mapping(name: str) -> None:
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    page = format_mapping_page(read_shipped(name), shipped_file(name), name, text)
    run = "run: tools/controller_pages.py"
    assert (DOCS / "controllers" / f"{name}.md").read_text(encoding="utf-8") == page, run
    picture = draw_mapping(read_shipped(name), shipped_file(name))
    assert (DOCS / "controllers" / f"{name}.svg").read_text(encoding="utf-8") == picture, run


def test_no_page_is_left_of_a_mapping_that_is_gone() -> None:
    assert {path.stem for path in (DOCS / "controllers").iterdir()} == set(NAMES)


@pytest.mark.parametrize("index", ["README.md", "controllers.md"])
def test_each_page_is_linked(index: str) -> None:
    linked = re.findall(r"\]\(controllers/(\w+)\.md\)", (DOCS / index).read_text(encoding="utf-8"))
    assert sorted(linked) == NAMES


@each
def test_the_picture_names_what_each_input_does(name: str) -> None:
    mapping = read_shipped(name)
    words = {text.text for text in ET.fromstring(draw_mapping(mapping, shipped_file(name))).iter(f"{SVG}text")}
    for item in mapping.inputs:
        if not isinstance(item.target, Touch):
            label = describe_target(mapping, item.target)
            assert {label.title, label.detail} - {""} <= words


@each
def test_nothing_on_the_picture_is_outside_it_or_wider_than_its_place(name: str) -> None:
    root = ET.fromstring(draw_mapping(read_shipped(name), shipped_file(name)))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for one in root.iter():
        if "x" in one.attrib:
            assert 0 <= float(one.attrib["x"]) <= width
            assert 0 <= float(one.attrib["y"]) <= height
        if one.tag == f"{SVG}text" and "text-anchor" not in one.attrib:
            assert len(one.text or "") * float(one.attrib["font-size"]) * 0.55 <= COLUMN
    assert width <= 900, "it would be too small to read at the width of a page"


@each
def test_no_two_inputs_of_a_layer_lie_on_each_other(name: str) -> None:
    mapping, file = read_shipped(name), shipped_file(name)
    placed = list(place_inputs(mapping, file))
    for layer in mapping.layers or ("",):
        boxes = [(item.x, item.y, item.bottom) for item in placed if item.layer in ("", layer)]
        for index, (x, top, bottom) in enumerate(boxes):
            for other_x, other_top, other_bottom in boxes[:index]:
                assert abs(x - other_x) >= 0.9 or bottom <= other_top + 0.01 or other_bottom <= top + 0.01


def test_a_mapping_that_says_nothing_about_places_has_a_picture_all_the_same() -> None:
    text = """
    [[input]]
    midi = "cc 0-9"
    encoder = "absolute"
    set = "stems.drums.gain_db"
    [[input]]
    midi = "note 0-2"
    button = "latched"
    set = ["stems.drums.mute", "stems.bass.mute", "stems.vocals.mute"]
    """
    mapping, file = mapping_of(text, registry())
    placed = list(place_inputs(mapping, file))
    assert [(item.shape, item.x, item.y) for item in placed[:2]] == [("fader", 0, 0), ("fader", 1, 0)]
    assert [(item.x, item.y) for item in placed[8:10]] == [(0, 3), (1, 3)]
    assert [(item.shape, item.x, item.y) for item in placed[10:]] == [
        ("button", 0, 6), ("button", 1, 6), ("button", 2, 6)
    ]  # fmt: skip
    assert "<svg" in draw_mapping(mapping, file)


def test_a_name_cannot_put_markup_into_the_picture() -> None:
    mapping, file = mapping_of('[[input]]\nmidi = "note 1"\nbutton = "momentary"\naction = "preset.load"\n'
                               'argument = "<b>&"\ndoc = "<script>"\n', registry())  # fmt: skip
    root = ET.fromstring(draw_mapping(mapping, file))
    assert {"<b>&", "<script>"} <= {text.text for text in root.iter(f"{SVG}text")}


def test_the_comment_at_the_head_of_the_file_is_a_paragraph() -> None:
    assert read_comment("# One\n# two.\n\n# not this\nschema = 1\n") == "One two."
    assert read_comment("schema = 1\n# no\n") == ""


def test_a_learned_file_is_drawn_side_by_side_with_the_messages_of_its_inputs() -> None:
    entries = [f'[[input]]\nmidi = "cc {n}"\nencoder = "absolute"\nset = "stems.bass.gain_db"\n' for n in range(1, 11)]
    entries += [f'[[input]]\nmidi = "note {n} ch 10"\nbutton = "latched"\nset = "stems.bass.mute"\n' for n in range(9)]
    mapping, file = mapping_of("\n".join(entries), registry())
    placed = list(place_inputs(mapping, file))
    assert [(one.x, one.y) for one in placed[:10]] == [(float(n % 8), 3.0 * (n // 8)) for n in range(10)]
    assert [(one.x, one.y) for one in placed[10:]] == [(float(n % 8), 6.0 + n // 8) for n in range(9)]
    words = {text.text for text in ET.fromstring(draw_mapping(mapping, file)).iter(f"{SVG}text")}
    assert {"gain, cc 2", "note 8 ch 10"} <= words
