"""Scripts of TouchOSC layouts, run by Lua 5.1 with what TouchOSC gives them; Sideman's OSC takes what they send."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.control.bus import Bus
from bridge.control.registry import Registry
from bridge.core.control import Control
from bridge.layouts.layout_pages import Layout
from bridge.layouts.tosc_script import quote_lua
from bridge.layouts.touchosc import write_touchosc
from bridge.osc.dispatch import Dispatch
from bridge.osc.limits import Budget
from tests.layouts.tosc_reader import ReadNode, read_tosc

LUA = shutil.which("lua5.1")
PLAYER = Path(__file__).with_name("touchosc_player.lua")
TOKEN, PORT = "a 'long'\\ token", 9124
STYLE, CHAIN = "/accompaniment/band/style", "/inserts/drums/chain"
FADER, VALUE = "fader stems.drums.gain_db", "value stems.drums.gain_db"
Row = tuple[str | float | bool, ...]
Play = Callable[[str], list[Row]]

pytestmark = pytest.mark.skipif(LUA is None, reason="install lua5.1 (Debian: lua5.1)")


@pytest.fixture(scope="module")
def play(layout: Layout, patterns: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Run a scenario against the scripts; returns what was sent and shown."""
    nodes = write_nodes(read_tosc(write_touchosc(layout, patterns, PORT, TOKEN)))

    def run(scenario: str) -> list[Row]:
        file = tmp_path_factory.mktemp("lua") / "play.lua"
        body = f"NODES = {nodes}\nfunction SCENARIO(play)\n{scenario}\nend\n{PLAYER.read_text(encoding='utf-8')}"
        file.write_text(body, encoding="utf-8")
        done = subprocess.run([str(LUA), str(file)], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return [tuple(map(read_cell, line.split("\t"))) for line in done.stdout.splitlines()]

    return run


def write_nodes(nodes: list[ReadNode]) -> str:
    """The nodes as a table of Lua."""
    rows, parents = list[str](), list[int]()
    for number, node in enumerate(nodes, 1):
        parents[node.depth :] = [number]
        messages = ", ".join(
            f"{{path = {quote_lua(one.path)}, low = {one.argument.low}, high = {one.argument.high}, "
            f"receives = {str(one.receives).lower()}}}"
            for one in node.messages
        )
        fields = {
            "name": quote_lua(node.name), "parent": str(parents[node.depth - 1] if node.depth else 0),
            "kind": quote_lua(node.kind), "x": node.values.get("x", "nil"),
            "text": quote_lua(node.values["text"]) if "text" in node.values else "nil",
            "toggles": str(node.properties.get("buttonType") == 2).lower(),
            "script": quote_lua(str(node.properties.get("script", ""))), "messages": f"{{{messages}}}",
        }  # fmt: skip
        rows.append(f"{{{', '.join(f'{key} = {value}' for key, value in fields.items())}}}")
    return "{\n" + ",\n".join(rows) + "\n}"


def list_chains(registry: Registry) -> tuple[str, ...]:
    chain = registry.find("inserts.drums.chain")
    assert isinstance(chain, Control)
    return chain.choices


def read_cell(cell: str) -> str | float | bool:
    kind, _, text = cell.partition(":")
    return float(text) if kind == "number" else text == "true" if kind == "boolean" else text


def test_the_layout_subscribes_at_the_start_and_every_ten_seconds(play: Play, patterns: tuple[str, ...]) -> None:
    once: list[Row] = [("send", "/auth", TOKEN), *(("send", "/subscribe", one, 20.0, 9124.0) for one in patterns)]
    assert play("play.wait(1) play.wait(9000)") == once
    assert play("play.wait(1) play.wait(10000)") == once * 2


def test_what_the_layout_sends_is_taken_by_sideman(play: Play, registry: Registry, patterns: tuple[str, ...]) -> None:
    bus = Bus(registry)
    bus.add_handler("transport.panic", lambda *_: None)
    dispatch = Dispatch(bus)
    sent = play(f"play.wait(1) play.press('choice {STYLE} 3') play.press('after {CHAIN}') play.press('take {CHAIN}')")
    for row in sent[1:]:  # the first is the token, which the server itself checks
        answers = dispatch.handle(str(row[1]), row[2:], ("127.0.0.1", 5000), 0.0, Budget())
        assert [address for address, _ in answers if address == "/error"] == [], (row, answers)
    assert bus.get("accompaniment.band.style") == 3
    assert bus.get("inserts.drums.chain") == 1
    due = dispatch.subscriptions.pop_due(1.0)
    assert {peer for peer, _, _ in due} == {("127.0.0.1", PORT)}, "values go to the port that TouchOSC receives on"
    assert {"/stems/drums/gain_db", STYLE, CHAIN, "/latency/clock/ping"} <= {address for _, address, _ in due}


def test_a_choice_that_comes_back_lights_its_button_and_is_not_sent_again(play: Play) -> None:
    shown = play(f"play.receive('{STYLE}', 2) play.show('choice {STYLE} 2') play.show('choice {STYLE} 0')")
    assert shown == [("show", f"choice {STYLE} 2", 1.0), ("show", f"choice {STYLE} 0", 0.0)]


def test_a_press_sends_the_word_once_and_lights_one_button(play: Play) -> None:
    name = f"choice {STYLE} 4"
    rows = play(f"play.press('{name}') play.release('{name}') play.show('{name}') play.show('choice {STYLE} 0')")
    assert rows == [("send", STYLE, "orchestral"), ("show", name, 1.0), ("show", f"choice {STYLE} 0", 0.0)]


def test_a_second_press_leaves_it_lit(play: Play) -> None:
    name = f"choice {STYLE} 4"
    press = f"play.press('{name}') play.release('{name}') "
    rows = play(press * 2 + f"play.show('{name}')")
    assert rows[-1] == ("show", name, 1.0)
    assert set(rows[:-1]) == {("send", STYLE, "orchestral")}


def test_a_menu_sends_only_what_is_taken(play: Play, registry: Registry) -> None:
    words = list_chains(registry)
    turn = f"play.press('after {CHAIN}') play.release('after {CHAIN}') "
    rows = play(f"play.receive('{CHAIN}', 0) {turn * 3} play.show('choice {CHAIN}') play.receive('{CHAIN}', 0) "
                f"play.show('choice {CHAIN}') play.press('take {CHAIN}') play.show('choice {CHAIN}')")  # fmt: skip
    name = f"choice {CHAIN}"
    offered = ("show", name, f"Set {words[3]}?")
    assert rows == [offered, offered, ("send", CHAIN, words[3]), ("show", name, words[3])]


def test_a_menu_that_nobody_takes_shows_what_is_in_force_again(play: Play, registry: Registry) -> None:
    turn = f"play.wait(1) play.receive('{CHAIN}', 1) play.wait(5000) play.press('after {CHAIN}')"
    rows = play(f"{turn} play.wait(5000) play.show('choice {CHAIN}') play.wait(10000) play.show('choice {CHAIN}')")
    words = list_chains(registry)
    assert [row[2] for row in rows if row[0] == "show"] == [f"Set {words[2]}?", words[1]]


def test_a_menu_goes_round_at_both_ends(play: Play, registry: Registry) -> None:
    words = list_chains(registry)
    rows = play(f"play.receive('{CHAIN}', 0) play.press('before {CHAIN}') play.show('choice {CHAIN}')")
    assert rows == [("show", f"choice {CHAIN}", f"Set {words[-1]}?")]


def test_a_fader_shows_its_value_and_does_not_move_under_a_finger(play: Play) -> None:
    rows = play(
        f"play.receive('/stems/drums/gain_db', -6) play.show('{VALUE}') "
        f"play.touch('{FADER}', 1) play.receive('/stems/drums/gain_db', -30) play.show('{VALUE}')"
    )
    assert rows == [("show", VALUE, "-6.0 dB"), ("show", VALUE, "12.0 dB")]


def test_texts_and_meters_show_readings(play: Play) -> None:
    clock = ", ".join(["0", "0", "1", "12", "2.5", "4", "123.456", "'host'", "'locked'", "0", "0", "'jack'", "0", "''"])
    rows = play(
        f"play.receive('/mir/chord', 100, 'Am7', 0.9) play.show('field mir.chord label') "
        f"play.receive('/clock', {clock}) play.show('field clock tempo_bpm') play.show('field clock bar') "
        "play.show('field clock source') play.receive('/meters', 'drums.out', -30, -40) play.show('meter drums.out') "
        "play.receive('/meters', 'nobody', 0, 0) play.receive('/meters', 'mix', 6, 0) play.show('meter mix')"
    )
    assert rows == [
        ("show", "field mir.chord label", "Am7"), ("show", "field clock tempo_bpm", "123.5 BPM"),
        ("show", "field clock bar", "Bar 12"), ("show", "field clock source", "Clock jack"),
        ("show", "meter drums.out", 0.5), ("show", "meter mix", 1.0),
    ]  # fmt: skip


def test_the_layout_says_when_nobody_answers(play: Play) -> None:
    rows = play(
        "play.wait(1) play.show('state') play.receive('/synth/gain_db', 0) play.wait(10000) play.show('state') "
        "play.wait(10000) play.wait(10000) play.show('state')"
    )
    shown = [row[2] for row in rows if row[0] == "show"]
    assert shown == ["No answer", "Sideman", "No answer"]
