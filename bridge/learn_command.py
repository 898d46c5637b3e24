"""Command ``sideman learn``: binds a fader, knob or button to a control or action of the running sidecar."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict

from bridge.control.preset_lookup import list_presets
from bridge.controllers.learning.target_search import Learnable, explain_miss, find_targets
from bridge.errors import ControlError
from bridge.learn_dialog import POLL_S, Keyboard, LearnDialog, LearnState, trigger
from bridge.osc.client import OscClient
from bridge.printing import Printer, columns, one_line
from bridge.streams import write_json


def learn(client: OscClient, words: str, first: bool, json_: bool) -> None:
    """Learn what ``words`` mean; prints what is learned.

    Raises:
        ControlError: The words mean nothing or several things, or nothing was learned.
    """
    console = Printer(stderr=json_)
    keyboard = Keyboard()
    items = list_learnables(client)
    target = choose_target(words, items, console, keyboard)
    item = next(one for one in items if one.name == target.partition(" ")[0])
    console.say(f"{target}: {item.doc}", "bold")
    devices = [args for address, args in client.gather("/get", "/controllers/device", done="/get/done")][:-1]
    result = LearnDialog(client, console, keyboard, first).learn(target)
    if json_:
        write_json(asdict(result))
        return
    console.say(result.detail, "bold green")
    for row in devices:
        if len(row) > 5 and row[0] == result.device and row[1] and row[5]:  # what is wrong with one that has a mapping
            console.say(f"{row[0]}: {row[5]}", "yellow")
    console.say("sideman learn --undo takes it back.")


def choose_target(words: str, items: list[Learnable], console: Printer, keyboard: Keyboard) -> str:
    """The target that ``words`` mean; the user is asked where there are several.

    Raises:
        ControlError: There is none, or there are several and nobody to ask.
    """
    found = find_targets(words, items)
    if not found:
        raise ControlError(*explain_miss(words, items))
    if len(found) == 1:
        return found[0]
    if not keyboard.is_there:
        raise ControlError(f"{words!r} may be {', '.join(found)}", "write one of them")
    docs = {item.name: item.doc for item in items}
    table = columns("", "", "", left=("",), show_header=False)
    for number, target in enumerate(found, 1):
        table.add_row(str(number), one_line(target), one_line(docs[target.partition(" ")[0]]))
    console.print(table)
    console.say("Which one? Type its number.")
    try:
        while (line := keyboard.read_line()) is None:
            time.sleep(POLL_S)
    except KeyboardInterrupt:
        console.say("")
        console.say("Nothing was changed.")
        raise
    number = int(line) if line.isdecimal() else 1 if not line else 0
    if not 1 <= number <= len(found):
        raise ControlError(f"{line!r} is none of them", f"give 1 to {len(found)}")
    return found[number - 1]


def list_learnables(client: OscClient) -> list[Learnable]:
    """The controls and actions of the running sidecar."""
    listed: list[Learnable] = []
    presets = tuple(one.name for one in list_presets() if not one.problem)
    for address, args in client.gather("/controls", "/", done="/controls/done"):
        if address in ("/controls/control", "/controls/action"):
            name = str(args[0]).strip("/").replace("/", ".")
            words = tuple(map(str, args[7:]))
            if address == "/controls/control":
                listed.append(Learnable(name, str(args[6]), words))
            else:
                there = presets if name == "preset.load" else ()
                listed.append(Learnable(name, str(args[2]), there, str(args[1])))
    return listed


def show_learnables(items: Iterable[Learnable]) -> None:
    """Print what can be learned, in groups."""
    groups = defaultdict[str, list[str]](list)
    for item in items:
        if not item.is_setting:
            group, _, name = item.name.rpartition(".")
            groups[group].append(f"{name} {item.argument.upper()}".rstrip())
    alike = defaultdict[tuple[str, str], list[str]](list)
    for group, names in groups.items():
        parent, _, last = group.rpartition(".")
        alike[parent, ", ".join(names)].append(last)
    table = columns("group", "name", left=("name",))
    for (parent, shown), last_parts in alike.items():
        table.add_row(one_line(f"{parent}.{' '.join(last_parts)}".lstrip(".")), one_line(shown))
    console = Printer()
    console.say("sideman learn NAME, then move the fader, knob or button that is to do it.")
    console.say("A part of a name will do, as in")
    console.say("sideman learn vocals, sideman learn mute bass, sideman learn style funk.")
    console.print(table)


def forget(client: OscClient, words: str, json_: bool) -> None:
    """Remove what sets ``words`` from the mappings of the connected devices."""
    console = Printer(stderr=json_)
    target = choose_target(words, list_learnables(client), console, Keyboard())
    name = target.partition(" ")[0]
    trigger(client, "/learn/forget", name)
    _show_state(read_state(client), f"{name}: ", json_)


def undo(client: OscClient, json_: bool) -> None:
    """Undo what was learned or forgotten last."""
    trigger(client, "/learn/undo")
    _show_state(read_state(client), "undone: ", json_)


def _show_state(state: LearnState, head: str, json_: bool) -> None:
    if json_:
        write_json(asdict(state))
    else:
        Printer().say(f"{head}{state.detail}")


def read_state(client: OscClient) -> LearnState:
    """The latest row of ``learn.state``."""
    row = client.request("/learn/state")
    return LearnState(*map(str, row)) if len(row) == 6 else LearnState()
