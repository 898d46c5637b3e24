"""Mapping text: entries are found in whatever layout a user writes, and nothing but the one that is meant changes."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.controllers.mappings.mapping_text import MappingText, edit_entry, format_entry
from bridge.errors import ConfigError

REMARKS = st.lists(st.sampled_from(("", "  ", "# knobs", "  # [[input]]", "# midi = 1")), max_size=3).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)
KEYS = st.lists(
    st.sampled_from(
        (
            "set = [\n    'a', # first\n    'b',\n]",
            "doc = '''\n[[input]]x\n'''",
            "led = { on = \"90 {n} 01\", off = '' } # light",
            "  range = [-60, 6]",
            "# in between",
            "",
            "value = 1.0e0",
        )
    ),
    max_size=4,
    unique=True,
)


@st.composite
def entries(draw: st.DrawFn) -> str:
    """An input, maybe with a table of its own below it."""
    header = draw(st.sampled_from(("[[input]]", "  [[ input ]]", "[[input]] # a pad", "[[input]]\n# a pad")))
    keys = draw(KEYS.filter(lambda keys: not any("[[input]]x" in key for key in keys)))
    below = draw(st.sampled_from(("", "[input.at]\nx = 1\n")))
    return "\n".join((header, f"midi = 'cc {draw(st.integers(0, 9))}'", *keys, below))


@st.composite
def files(draw: st.DrawFn) -> str:
    others = ("[[feedback]]\nsource = 'x'\n", "[device]\nchannel = 1\n", "[[warning]]\ntext = 't'\n")
    rest = draw(st.permutations(others))
    parts = ["schema = 1\n", draw(REMARKS)]
    for index in range(3):
        for one in draw(st.lists(entries(), max_size=2)):
            parts += [one, "\n", draw(REMARKS)]
        parts += [rest[index], draw(REMARKS)]
    text = "".join(parts)
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def read_inputs(text: str) -> list[Any]:
    return tomllib.loads(text).get("input", [])  # type: ignore[no-any-return]


def list_remarks(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]


@given(files())
def test_the_text_is_the_same_while_nothing_is_changed(text: str) -> None:
    mapping = MappingText(text, "box.toml")
    assert mapping.format() == text
    assert [tomllib.loads(entry)["input"][0] for entry in mapping.entries] == read_inputs(text)


@given(files(), st.data())
def test_one_entry_is_removed_or_replaced_and_all_else_stays(text: str, data: st.DataObject) -> None:
    before = read_inputs(text)
    if not before:
        return
    at = data.draw(st.integers(0, len(before) - 1))
    new = data.draw(st.lists(st.sampled_from(({"midi": "note 1"}, {"midi": "bend", "set": "x"})), max_size=2))
    mapping = MappingText(text, "box.toml")
    inside = list_remarks(mapping.entries[at])
    mapping.replace(at, [format_entry(one) for one in new])
    changed = mapping.format()
    assert read_inputs(changed) == [*before[:at], *new, *before[at + 1 :]]
    assert len(list_remarks(changed)) == len(list_remarks(text)) - len(inside)
    rest = {key: value for key, value in tomllib.loads(text).items() if key != "input"}
    assert {key: value for key, value in tomllib.loads(changed).items() if key != "input"} == rest
    assert ("\r\n" in changed) == ("\r\n" in text)
    assert changed.count("\r\n") in (0, changed.count("\n"))


@given(files())
def test_an_entry_is_added_as_the_last(text: str) -> None:
    mapping = MappingText(text, "box.toml")
    mapping.append(format_entry({"midi": "note 1"}))
    assert read_inputs(mapping.format()) == [*read_inputs(text), {"midi": "note 1"}]
    assert list_remarks(mapping.format()) == list_remarks(text)


@pytest.mark.parametrize("text", ["schema = 1", "schema = 1\n", "[device]\nchannel = 1 # one"])
def test_an_entry_is_added_behind_a_file_without_any_and_without_a_last_line_end(text: str) -> None:
    mapping = MappingText(text, "box.toml")
    mapping.append(format_entry({"midi": "note 1"}))
    assert read_inputs(mapping.format()) == [{"midi": "note 1"}]


def test_a_header_within_a_text_is_refused_and_not_taken_for_an_entry() -> None:
    with pytest.raises(ConfigError, match=r"\[\[input\]\]"):
        MappingText("[[input]]\nmidi = 'cc 1'\ndoc = '''\n[[input]]\n'''\n", "box.toml")


@given(
    entries(), st.sampled_from(({"midi": "note 1"}, {"led": {"on": "90 01 01", "off": "90 01 00"}}, {"doc": "it's"}))
)
def test_the_keys_of_an_entry_are_changed_and_its_remarks_stay(text: str, changes: dict[str, Any]) -> None:
    [before] = read_inputs(text)
    changed = edit_entry(text, changes)
    assert read_inputs(changed) == [{**before, **changes}]
    kept = [one for one in list_remarks(text) if one != "# light"]
    assert set(kept) <= set(list_remarks(changed))
