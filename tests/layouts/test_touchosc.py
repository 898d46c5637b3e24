"""TouchOSC layouts: what is in the file, by a reader of the tests' own."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from bridge.control.registry import Registry
from bridge.core.control import Action, Control
from bridge.layouts.layout_building import build_layout
from bridge.layouts.layout_pages import Layout
from bridge.layouts.touchosc import write_touchosc
from tests.layouts.conftest import PRESETS
from tests.layouts.places import find_outside, find_overlaps
from tests.layouts.tosc_reader import ReadNode, read_tosc

PORT = 9124
SHOWN = {"BUTTON", "FADER", "LABEL", "TEXT"}
"""Kinds of nodes that draw something; a GROUP and the PAGER hold others."""


@pytest.fixture(scope="module")
def nodes(layout: Layout, patterns: tuple[str, ...]) -> list[ReadNode]:
    return read_tosc(write_touchosc(layout, patterns, PORT, ""))


def test_every_identifier_is_there_once(nodes: list[ReadNode]) -> None:
    assert [one for one, count in Counter(node.identifier for node in nodes).items() if count > 1] == []


def test_the_same_registry_gives_the_same_file(registry: Registry, layout: Layout, patterns: tuple[str, ...]) -> None:
    again = build_layout(registry, PRESETS)
    assert write_touchosc(again, patterns, PORT, "") == write_touchosc(layout, patterns, PORT, "")


def test_every_message_is_of_a_control_or_an_action_with_its_type_and_range(
    nodes: list[ReadNode], registry: Registry
) -> None:
    checked = 0
    for node in nodes:
        for message in node.messages:
            item, argument = registry.find_address(message.path), message.argument
            assert message.sends
            assert not message.feedback, "what comes back is not sent again"
            if isinstance(item, Action):
                assert argument.is_constant
                assert message.trigger == "RISE"
                assert not message.receives
                assert argument.conversion == ("STRING" if item.argument else "INTEGER")
            else:
                assert isinstance(item, Control), message.path
                assert (argument.is_constant, argument.value, message.trigger) == (False, "x", "ANY")
                assert argument.conversion == ("INTEGER" if item.is_whole else "FLOAT")
                assert (argument.low, argument.high) == (item.low, item.high)
                assert message.receives
                start = float(node.values["x"])
                assert item.low + start * (item.high - item.low) == pytest.approx(item.default, rel=1e-3, abs=1e-3)
                assert node.kind == ("BUTTON" if item.kind == "switch" else "FADER")
            checked += 1
    assert checked > 100


def test_every_control_has_one_element(nodes: list[ReadNode], registry: Registry) -> None:
    numbers = [one for one in registry.controls if one.kind != "choice"]
    sent = Counter(message.path for node in nodes for message in node.messages)
    assert {one.address: sent[one.address] for one in numbers} == {one.address: 1 for one in numbers}
    names = {node.name for node in nodes}
    for choice in (one for one in registry.controls if one.kind == "choice"):
        menu = {f"{verb} {choice.address}" for verb in ("before", "take", "after")}
        row = {f"choice {choice.address} {number}" for number in range(len(choice.choices))}
        assert menu <= names or row <= names, choice.name


def test_every_action_without_a_needed_argument_has_a_button(nodes: list[ReadNode], registry: Registry) -> None:
    sent = {message.path for node in nodes for message in node.messages}
    assert [one.name for one in registry.actions if not one.argument and one.address not in sent] == []


def test_presets_are_loaded_by_name(nodes: list[ReadNode]) -> None:
    loads = [message for node in nodes for message in node.messages if message.path == "/preset/load"]
    assert [message.argument.value for message in loads] == list(PRESETS)


def test_nothing_overlaps_but_a_text_and_its_button(nodes: list[ReadNode]) -> None:
    pages = defaultdict(list)
    buttons = {(node.page, node.place) for node in nodes if node.kind == "BUTTON"}
    for node in nodes:
        if node.kind not in SHOWN:
            continue
        if node.kind == "TEXT":  # it lets touches through
            assert (node.page, node.place) in buttons, node.name
            assert not node.is_touched
        else:
            pages[node.page].append((node.name, node.place))
    assert len(pages) > 8
    assert {page: found for page, places in pages.items() if (found := find_overlaps(places))} == {}


def test_everything_is_inside_of_its_page(nodes: list[ReadNode]) -> None:
    pages = {node.name: node.place for node in nodes if node.kind == "GROUP"}
    whole = pages.pop("Sideman")
    assert whole == (0.0, 0.0, 1024.0, 768.0)
    for page, place in pages.items():
        inside = [(node.name, node.place) for node in nodes if node.page == page and node.kind in SHOWN]
        assert find_outside(inside, place) == []
        assert find_outside([(page, place)], whole) == []


def test_what_is_touched_is_large_enough_for_a_finger(nodes: list[ReadNode]) -> None:
    small = [
        node.name
        for node in nodes
        if node.kind in {"BUTTON", "FADER"} and node.is_touched
        if min(node.place[2] - node.place[0], node.place[3] - node.place[1]) < 40
    ]
    assert small == []


def test_pages_have_a_tab_each(nodes: list[ReadNode]) -> None:
    pager = next(node for node in nodes if node.kind == "PAGER")
    pages = [node for node in nodes if node.kind == "GROUP" and node.depth == pager.depth + 1]
    assert [page.properties["tabLabel"] for page in pages][:4] == ["Stems", "Band", "Parts", "Clock"]
    assert all(page.place[1] == pager.place[1] + int(str(pager.properties["tabbarSize"])) for page in pages)


def test_words_that_are_markup_stay_words(registry: Registry) -> None:
    words = ("a]]>b", "<c> & 'd'", "é\u0007")
    nodes = read_tosc(write_touchosc(build_layout(registry, words), (), PORT, "tok'en\\"))
    loads = [message for node in nodes for message in node.messages if message.path == "/preset/load"]
    assert [message.argument.value for message in loads] == ["a]]>b", "<c> & 'd'", "é"]
