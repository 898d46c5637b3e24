"""Open Stage Control sessions: what is in the file, by a reader of the tests' own, and what its scripts do in node."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter, defaultdict
from typing import Any

import pytest

from bridge.control.registry import Registry
from bridge.core.control import Action, Control, Reading
from bridge.layouts.layout_building import build_layout
from bridge.layouts.layout_pages import Layout
from bridge.layouts.open_stage_control import write_open_stage_control
from tests.layouts.conftest import PRESETS
from tests.layouts.places import find_outside, find_overlaps
from tests.layouts.session_reader import ReadWidget, read_session

TARGET = "127.0.0.1:9123"
NODE = shutil.which("node")
SHOWN = {"fader", "input", "button", "switch", "dropdown", "text"}


@pytest.fixture(scope="module")
def widgets(layout: Layout, patterns: tuple[str, ...]) -> list[ReadWidget]:
    return read_session(write_open_stage_control(layout, patterns, TARGET, "secret"))


def test_every_widget_that_sends_has_the_address_type_and_range_of_its_item(
    widgets: list[ReadWidget], registry: Registry
) -> None:
    checked = 0
    for widget in filter(lambda one: one.sends, widgets):
        own = widget.properties
        assert (own["target"], own["ignoreDefaults"]) == (TARGET, True)
        item = registry.find_address(own["address"])
        if isinstance(item, Action):
            assert (widget.kind, own["mode"]) == ("button", "tap")
            assert own["typeTags"] == ("s" if item.argument else "i")
        else:
            assert isinstance(item, Control), own["address"]
            assert own["typeTags"] == ("i" if item.is_whole else "f")
            check_values(widget, item)
        checked += 1
    assert checked > 150


def check_values(widget: ReadWidget, control: Control) -> None:
    own = widget.properties
    match widget.kind:
        case "fader":
            assert own["range"] == {"min": control.low, "max": control.high}
        case "button":
            assert (control.kind, own["on"], own["off"], own["mode"]) == ("switch", 1, 0, "toggle")
        case "switch" | "dropdown":
            assert own["values"] == {"labels": list(control.choices), "values": list(range(len(control.choices)))}
        case "input":
            assert own["unit"] == control.unit
        case other:
            raise AssertionError(other)


def test_every_control_has_one_element_and_numbers_a_field_beside_it(
    widgets: list[ReadWidget], registry: Registry
) -> None:
    kinds = defaultdict(list)
    for widget in widgets:
        if widget.sends:
            kinds[widget.properties["address"]].append(widget.kind)
    for control in registry.controls:
        found = sorted(kinds[control.address])
        if control.kind == "switch":
            assert found == ["button"]
        elif control.kind == "choice":
            assert found in (["switch"], ["dropdown"])
        else:
            assert found == ["fader", "input"]
    assert [one.name for one in registry.actions if not one.argument and one.address not in kinds] == []
    assert [one.properties["on"] for one in widgets if one.properties.get("address") == "/preset/load"] == [*PRESETS]


def test_a_fader_and_its_field_are_one_widget_twice(widgets: list[ReadWidget]) -> None:
    """Those of the same id follow each other, and only the one that is moved sends."""
    pairs = Counter(one.name for one in widgets if one.kind in {"fader", "input"} and one.sends)
    assert set(pairs.values()) == {2}


def test_receivers_take_readings(widgets: list[ReadWidget], registry: Registry) -> None:
    names = {one.name for one in widgets}
    receivers = [one for one in widgets if one.kind == "variable"]
    assert len(receivers) > 8
    for one in receivers:
        assert isinstance(registry.find_address(one.properties["address"]), Reading)
        assert not one.sends
        for line in one.properties["onValue"].splitlines():
            assert json.loads(line.removeprefix("set(").partition(", ")[0]) in names


def test_nothing_overlaps_and_everything_is_inside(widgets: list[ReadWidget]) -> None:
    pages = defaultdict(list)
    for one in widgets:
        if one.kind in SHOWN:
            pages[one.page].append((one.name, one.place))
    assert len(pages) > 8
    assert {page: found for page, places in pages.items() if (found := find_overlaps(places))} == {}
    around = {one.name: one.place for one in widgets if one.kind in {"tab", "root"}} | {"": (0.0, 0.0, 1024.0, 768.0)}
    assert {page: out for page, places in pages.items() if (out := find_outside(places, around[page]))} == {}


def test_containers_send_nothing(widgets: list[ReadWidget]) -> None:
    assert [one.name for one in widgets if one.kind in {"root", "panel", "tab", "text"} and one.sends] == []


def test_the_same_registry_gives_the_same_session(registry: Registry, layout: Layout) -> None:
    again = build_layout(registry, PRESETS)
    assert write_open_stage_control(again, ("/",), TARGET, "") == write_open_stage_control(layout, ("/",), TARGET, "")


def run_node(script: str, given: dict[str, Any]) -> Any:
    """Run a script of the session as Open Stage Control does, and return the calls that it made."""
    source = f"""
const calls = [], given = {json.dumps(given)}
const show = (one) => typeof one === 'function' ? 'function' : one
const note = (name) => (...args) => calls.push([name, ...args.map(show)])
new Function('send', 'set', 'setInterval', 'value', {json.dumps(script)})(
  note('send'), note('set'), note('setInterval'), given.value)
console.log(JSON.stringify(calls))
"""
    done = subprocess.run([str(NODE), "-e", source], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


@pytest.mark.skipif(NODE is None, reason="install node (Debian: nodejs)")
def test_the_session_subscribes_at_the_start_and_again(widgets: list[ReadWidget], patterns: tuple[str, ...]) -> None:
    calls = run_node(widgets[0].properties["onCreate"], {})
    rate = {"type": "f", "value": 20}
    assert calls == [
        ["send", TARGET, "/auth", "secret"],
        *(["send", TARGET, "/subscribe", pattern, rate] for pattern in patterns),
        ["setInterval", "subscribe", "function", 10000],
    ]


@pytest.mark.skipif(NODE is None, reason="install node (Debian: nodejs)")
def test_readings_are_written_into_texts_and_meters(widgets: list[ReadWidget]) -> None:
    scripts = {one.name: one.properties["onValue"] for one in widgets if one.kind == "variable"}
    clock = [0, 0, 1, 12, 2.5, 4, 123.456, "host", "locked", 0, 0, "jack", 0, ""]
    quiet = {"send": False}
    assert run_node(scripts["receive /mir/chord"], {"value": [100, "Am7", 0.9]}) == [
        ["set", "field mir-chord label", "Am7", quiet]
    ]
    assert run_node(scripts["receive /clock"], {"value": clock}) == [
        ["set", "field clock tempo_bpm", "123.5 BPM", quiet],
        ["set", "field clock bar", "Bar 12", quiet],
        ["set", "field clock source", "Clock jack", quiet],
    ]
    assert run_node(scripts["receive /meters drums.out"], {"value": [-12.5, -20]}) == [
        ["set", "meter drums.out", -12.5, quiet]
    ]
