"""Terminal: what the environment asks for, the keymap's problems, and the table of keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.rig import SessionRig
from tests.tui.test_interface import KeyRig
from tui.core.screen import View
from tui.drawing.characters import TO_ASCII, TO_CONSOLE
from tui.interface.snapshot import to_lines
from tui.keys.app_actions import APP_ACTIONS
from tui.keys.key_table import format_markdown, format_text
from tui.keys.keymap import Keymap, find_clashes
from tui.terminal.terminal import DisplayOptions, adapt_view, choose_theme, load_keymap, make_interface, make_screens


@pytest.mark.parametrize(
    ("ascii_asked", "term", "encoding", "expected"),
    [
        (False, "xterm-256color", "utf-8", (False, False)),
        (True, "xterm-256color", "UTF-8", (True, False)),
        (False, "linux", "UTF-8", (False, True)),
        (False, "xterm", "iso-8859-1", (True, False)),
        (False, "xterm", "ascii", (True, False)),
    ],
)
def test_what_the_terminal_lacks_is_not_drawn(
    ascii_asked: bool, term: str, encoding: str, expected: tuple[bool, bool]
) -> None:
    view = View()
    adapt_view(view, DisplayOptions(ascii=ascii_asked), {"TERM": term}, encoding)
    assert (view.ascii, view.console) == expected


def test_no_color_wins_over_a_theme_and_an_empty_one_does_not() -> None:
    assert choose_theme(DisplayOptions(theme="contrast"), {"NO_COLOR": "1"}).name == "mono"
    assert choose_theme(DisplayOptions(theme="contrast"), {"NO_COLOR": ""}).name == "contrast"
    assert choose_theme(DisplayOptions(), {}).name == "calm"


def test_a_problem_of_the_keymap_is_the_first_message(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text('app.undoo = "x"\n"stems.mute" = "hyper+1"\n', encoding="utf-8")
    interface = make_interface(SessionRig().context, DisplayOptions(folder=tmp_path))
    assert (
        "keys.toml: line 1: app.undoo: no action is called so; did you mean app.undo?" in interface.context.view.message
    )
    assert "and 1 more: sideman tui --keys" in interface.context.view.message


def test_an_unknown_screen_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="no screen is called 'mixer'; there are routing, stems"):
        make_interface(SessionRig().context, DisplayOptions(screen="mixer"))
    assert make_interface(SessionRig().context, DisplayOptions(screen="song")).screen.name == "song"
    assert load_keymap(None, make_screens()) == Keymap()


def test_the_default_keys_of_all_screens_do_not_clash_and_have_names_of_their_own() -> None:
    groups = [APP_ACTIONS, *(screen.actions for screen in make_screens())]
    assert find_clashes(Keymap(), groups) == []
    names = [action.name for group in groups for action in group]
    assert len(names) == len(set(names))
    bound = {key for action in APP_ACTIONS for key in action.keys if action.name in ("app.panic", "app.help")}
    for screen in make_screens():
        for action in screen.actions:
            assert action.doc.endswith("."), action.name
            assert not bound & set(action.keys), f"{action.name} hides panic or help"
            assert not {"ctrl+m", "ctrl+i", "ctrl+j", "ctrl+h", "ctrl+b", "ctrl+a"} & set(action.keys), action.name


def test_the_table_of_keys_has_every_action() -> None:
    screens = make_screens()
    text, markdown = format_text(screens, Keymap(problems=("wrong",))), format_markdown(screens)
    for screen in screens:
        for action in screen.actions:
            assert f"  {action.name} " in text
            assert f"`{action.name}` |" in markdown
    assert text.endswith("\nwrong\n")


def test_the_probe_shows_what_arrives_and_what_it_does() -> None:
    keys = KeyRig()
    left: list[bool] = []
    keys.interface.leave = lambda: left.append(True)
    keys.interface.open_probe()
    keys.press("m", "exclamation_mark", "f24", "escape")
    text = keys.read()
    for words in ("Plain: mute", "everywhere: panic", "f24", "nothing"):
        assert words in text
    assert keys.calls == []
    assert left == []
    keys.press("escape")
    assert left == [True]


def test_every_stand_in_is_as_wide_as_its_sign_but_for_keys() -> None:
    for signs in (TO_ASCII, TO_CONSOLE):
        assert {sign for sign, drawn in signs.items() if len(drawn) != 1} <= {"↵", "⌫"}
    assert all(drawn.isascii() for drawn in TO_ASCII.values())
    assert all(drawn == "•" or drawn.encode("cp437") for drawn in TO_CONSOLE.values())


@pytest.mark.parametrize("screen", [one.name for one in make_screens()])
@pytest.mark.parametrize("key", ["question_mark", "ctrl+p", "ctrl+g"])
def test_every_overlay_lies_over_every_screen(screen: str, key: str) -> None:
    for width, height in ((80, 24), (160, 50), (40, 10)):
        context = SessionRig(width, height).context
        interface = make_interface(context, DisplayOptions(screen=screen))
        interface.press(key, None, 1.0)
        assert len(to_lines(interface.draw(1.1)).splitlines()) == height
        assert interface.faults == []
