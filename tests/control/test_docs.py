"""Listing of controls, actions and readings, from their declarations."""

from __future__ import annotations

import json

import pytest

from bridge.control.docs import format_json, format_markdown, format_table
from bridge.control.registry import Registry
from bridge.control.sidecar import make_sidecar_registry
from bridge.core.control import Control

STYLE = Control("comp.style", 0, 1, 1, kind="choice", choices=("straight", "swing"), doc="Feel | time.")

BARS = Control("comp.bars", 1, 8, 4, unit="bars", kind="integer", doc="Bars per phrase.")


def registry() -> Registry:
    return make_sidecar_registry({"comp": [STYLE, BARS]})


def test_every_listing_has_every_address_and_meaning() -> None:
    everything = registry()
    for item in everything:
        for listing in (format_table(everything), format_json(everything), format_markdown(everything)):
            assert item.address in listing
            assert item.doc.replace("|", "\\|") in listing or item.doc in listing


def test_the_table_has_range_default_and_unit() -> None:
    line = next(line for line in format_table(registry()).splitlines() if line.startswith("/stems/vocals/gain_db"))
    assert line.split()[:6] == ["/stems/vocals/gain_db", "-60", "to", "12", "0", "dB"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table_is_whole_at_any_width(width: int) -> None:
    everything = registry()
    shown = format_table(everything, width)
    assert all(len(line) <= width for line in shown.splitlines())
    words = shown.split()
    for item in everything:
        assert item.address in words
        assert " ".join(item.doc.split()) in " ".join(words)


def test_json_gives_a_schema_for_each_value() -> None:
    values = {one["name"]: one["value"] for one in json.loads(format_json(registry()))["controls"]}
    assert values["comp.style"] == {"enum": ["straight", "swing"], "default": "swing"}
    assert values["stems.direct"] == {"type": "boolean", "default": False}
    assert values["comp.bars"] == {"type": "integer", "minimum": 1, "maximum": 8, "default": 4}
    assert values["stems.bass.gain_db"] == {"type": "number", "minimum": -60, "maximum": 12, "default": 0}


def test_a_users_own_choices_are_listed_but_not_on_the_page() -> None:
    own = make_sidecar_registry({"comp": [STYLE.add_user_choices(("waltz",))]})
    assert "straight, swing, waltz" in format_table(own)
    values = {one["name"]: one["value"] for one in json.loads(format_json(own))["controls"]}
    assert values["comp.style"]["enum"] == ["straight", "swing", "waltz"]
    assert format_markdown(own) == format_markdown(make_sidecar_registry({"comp": [STYLE]}))


def test_markdown_rows_have_the_columns_of_their_head() -> None:
    rows = [line.replace("\\|", "") for line in format_markdown(registry()).splitlines() if line.startswith("|")]
    widths = [row.count("|") for row in rows]
    assert set(widths) == {7, 5}
    assert "Feel" in format_markdown(registry())
