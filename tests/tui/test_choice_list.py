"""List of choices: a choice is found by letters and set once; nothing is set on the way to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tests.tui.rig import sidecar_registry
from tests.tui.test_interface import KeyRig
from tui.core.fuzzy import search
from tui.core.registry import Args, Value

CHAIN = "inserts.drums.chain"
CHAINS = ("off", "bass-duck", "drum-glue", "lo-fi", "mix-glue", "mix-loud")
CHOICES = [one.name for one in sidecar_registry().controls if one.kind == "choice"]


class ChoiceRig(KeyRig):
    """The list of controls at the choice ``name``, and every value that was set since."""

    def __init__(self, name: str = CHAIN, choices: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.name, self.sets = name, list[object]()
        address = f"/{name.replace('.', '/')}"
        if choices:
            row: Args = (address, 0.0, len(choices) - 1.0, 0.0, "", "choice", "Plugin chain.", *choices)
            self.rig.session.feed("/controls/control", row, 0.0)
            self.rig.session.feed("/controls/detail", (address, 1, "delay moves", 1, 1.0), 0.0)
        self.rig.remote.set = self._keep  # type: ignore[method-assign]
        self.interface.open_controls(name)

    def _keep(self, name: str, value: Value) -> None:
        assert name == self.name
        self.sets.append(value)


@pytest.mark.parametrize("name", CHOICES)
def test_enter_on_a_choice_lists_its_values_with_the_one_in_force_and_sets_nothing(name: str) -> None:
    keys = ChoiceRig(name)
    keys.press("enter")
    shown = keys.read()
    assert f"▌[{keys.rig.session.get_choice(name)}]" in shown
    assert f" {name} " in shown
    keys.press("escape")
    assert f"▌{name}"[:20] in keys.read(), "the list of controls is there again"
    assert keys.sets == []


@pytest.mark.parametrize(
    ("pressed", "wanted"),
    [
        (("m", "i", "x", "minus", "g"), "mix-glue"),
        (("g", "l", "u", "e"), "drum-glue"),  # g, l and u are keys elsewhere
        (("g", "l", "u", "e", "down"), "mix-glue"),
        (("down", "down", "up"), "bass-duck"),
        (("pagedown",), "mix-loud"),
        (("x", "backspace", "down"), "bass-duck"),
    ],
    ids=" ".join,
)
def test_letters_find_and_arrows_move_and_only_enter_sets(pressed: tuple[str, ...], wanted: str) -> None:
    keys = ChoiceRig(choices=CHAINS)
    keys.press("enter", *pressed)
    assert keys.sets == []
    assert f"▌ {wanted}" in keys.read()
    keys.press("enter")
    assert keys.sets == [wanted]
    assert f"▌{CHAIN}" in keys.read(), "the list of controls is there again"


@pytest.mark.parametrize("key", ["left", "right", "h", "l", "shift+left", "shift+right", "H", "L"])
def test_a_step_of_a_choice_that_moves_the_delay_opens_its_list(key: str) -> None:
    keys = ChoiceRig(choices=CHAINS)
    keys.press(key)
    assert keys.sets == []
    assert "Find ›" in keys.read()
    assert "the delay moves" in keys.read()


def test_what_fits_nothing_is_said_and_sets_nothing() -> None:
    keys = ChoiceRig(choices=CHAINS)
    keys.press("enter")
    keys.type("zzz")
    assert "nothing fits" in keys.read()
    keys.press("enter")
    assert f"{CHAIN} has no 'zzz'" in keys.read()
    keys.press("ctrl+u", "enter")
    assert keys.sets == ["off"], "the one in force, once nothing is typed"


def test_pasted_text_finds() -> None:
    keys = ChoiceRig(choices=CHAINS)
    keys.press("enter")
    keys.interface.paste("lo-fi\n")
    keys.press("enter")
    assert keys.sets == ["lo-fi"]
    keys.interface.paste("lo-fi\n")
    assert "pasted text goes into text fields only" in keys.read()


def test_panic_and_the_palette_act_from_the_list() -> None:
    keys = ChoiceRig(choices=CHAINS)
    keys.press("enter", "exclamation_mark")
    assert keys.calls[0][0] == "transport.panic"
    keys.press("ctrl+p")
    keys.type("mute")
    assert "Find › mute" in keys.read()
    assert "stems drums mute" in keys.read()


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (20, 5), (7, 3), (1, 1)], ids=str)
def test_the_list_fits_any_window_and_shows_the_cursor(size: tuple[int, int]) -> None:
    keys = ChoiceRig(choices=(*CHAINS, *(f"chain-{number}" for number in range(60))))
    keys.press("enter", *["pagedown"] * 9)
    keys.rig.context.view.width, keys.rig.context.view.height = size
    rows = keys.read().splitlines()
    assert len(rows) == size[1]
    assert all(len(row) <= size[0] for row in rows)
    assert ("▌ chain-59" in keys.read()) == (size[1] >= 10)


@pytest.mark.parametrize(
    "write",
    [lambda name: name, lambda name: f"/{name.replace('.', '/')}", lambda name: name.replace(".", " ")],
    ids=["with dots", "as an address", "by words"],
)
def test_every_name_is_found_and_so_is_its_start(write: Callable[[str], str]) -> None:
    names = [item.name for item in sidecar_registry()]
    find = partial(search, items=names, describe=lambda one: (one.replace(".", " "), ""))
    for name in names:
        assert name in find(write(name))
        assert name in find(write(name.rpartition(".")[0] or name))


def test_a_chain_that_cannot_run_live_is_marked_with_the_reason_and_found_by_it() -> None:
    keys = ChoiceRig(choices=CHAINS)
    keys.rig.bus.publish("insert.chain", "bass-duck", "Compressor: it needs a sidechain", "Ducks the bass.")
    keys.rig.bus.publish("insert.chain", "drum-glue", "", "Glues the drums.")
    keys.press("enter")
    shown = keys.read().splitlines()
    assert any("bass-duck" in row and "not live: Compressor: it needs a sidechain" in row for row in shown)
    assert any("drum-glue" in row and "Glues the drums." in row for row in shown)
    keys.type("sidechain")
    assert "▌ bass-duck" in keys.read()
    assert "drum-glue" not in keys.read()


def test_a_choice_whose_file_is_gone_is_left_out_but_for_the_one_in_force() -> None:
    keys = ChoiceRig(choices=CHAINS)
    address = f"/{CHAIN.replace('.', '/')}"
    keys.rig.session.feed("/controls/detail", (address, 1, "delay moves", 1, 1.0, 1, 2), 0.0)
    keys.rig.session.values[CHAIN] = 2.0
    keys.press("enter")
    assert "bass-duck" not in keys.read()
    assert "▌[drum-glue]" in keys.read()
