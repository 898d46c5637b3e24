"""Keymap: the user's own keys, from a TOML file of names of actions and keys."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tui.core.screen import KeyAction
from tui.keys.key_names import to_key, to_label

FILE_NAME = "keys.toml"
"""In the folder of the user's settings."""
LARGEST_BYTES = 1 << 20
EXAMPLE = 'stems.mute = "x" or app.undo = ["u", "ctrl+z"]'
ALWAYS_BOUND = ("app.panic", "app.help")
"""Actions that keep their own keys besides what a keymap gives them."""


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys that a user gave to actions, and what is wrong with the file: ``keys.toml: line 3: ...``."""

    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def apply(self, actions: Iterable[KeyAction]) -> tuple[KeyAction, ...]:
        """The actions with the user's keys."""
        if not self.keys:
            return tuple(actions)
        return tuple(self._apply_one(action) for action in actions)

    def _apply_one(self, action: KeyAction) -> KeyAction:
        keys = self.keys.get(action.name)
        if keys is None:
            return action
        kept = tuple(key for key in action.keys if key not in keys) if action.name in ALWAYS_BOUND else ()
        return replace(action, keys=keys + kept, label="")


def read_keymap(path: Path, groups: Sequence[Sequence[KeyAction]]) -> Keymap:
    """The keymap at ``path``; without keys where there is no file. ``groups``: the actions whose keys act together,
    the app's first, then those of each screen. What is wrong is left out, and said in ``problems``."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            return Keymap(problems=(f"{path}: larger than 1 MiB, so it is not read",))
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Keymap()
    except (OSError, UnicodeDecodeError) as error:
        return Keymap(problems=(f"{path}: cannot be read ({error}); its keys are left out",))
    return parse_keymap(text, groups, str(path))


def parse_keymap(text: str, groups: Sequence[Sequence[KeyAction]], place: str = FILE_NAME) -> Keymap:
    """The keymap of a TOML text. ``place``: what problems name."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Keymap(problems=(f"{place}: {error}; write lines such as {EXAMPLE}",))
    known = {action.name: action for group in groups for action in group}
    lines = text.splitlines()
    keys: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    for name, value in _flatten(table):
        where = f"{place}: line {_find_line(lines, name)}: {name}"
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else "; sideman tui --keys lists the actions"
            problems.append(f"{where}: no action is called so{hint}")
            continue
        try:
            keys[name] = _read_keys(value)
        except ValueError as error:
            problems.append(f"{where}: {error}")
    clashes = find_clashes(Keymap(keys), groups)
    for name, key, other in clashes:
        named = name if name in keys else other
        where = f"{place}: line {_find_line(lines, named)}"
        problems.append(f"{where}: {to_label(key)} is both {name} and {other}; the keys of {named} are left out")
        keys.pop(named, None)
    return Keymap(keys, tuple(problems))


def find_clashes(keymap: Keymap, groups: Sequence[Sequence[KeyAction]]) -> list[tuple[str, str, str]]:
    """Keys that would do two things at once, with both actions. A screen's own key goes before the app's, except where
    a user gave one of the two."""
    clashes: list[tuple[str, str, str]] = []
    app = keymap.apply(groups[0]) if groups else ()
    for number, group in enumerate(groups):
        bound: dict[str, str] = {}
        for action in keymap.apply(group):
            for key in action.keys:
                if bound.setdefault(key, action.name) != action.name:
                    clashes.append((action.name, key, bound[key]))
        if number:
            clashes += [
                (bound[key], key, action.name)
                for action in app
                for key in action.keys
                if key in bound and (bound[key] in keymap.keys or action.name in keymap.keys)
            ]
    return clashes


def _flatten(table: dict[str, object], prefix: str = "") -> list[tuple[str, object]]:
    """Names and values; a table is a part of a name, so ``[stems]`` and ``mute`` is ``stems.mute``."""
    found: list[tuple[str, object]] = []
    for name, value in table.items():
        found += _flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]
    return found


def _find_line(lines: Sequence[str], name: str) -> int:
    """The line that gives ``name`` its keys: the last part of it before an equals sign."""
    last = name.rsplit(".", 1)[-1]
    for number, line in enumerate(lines, 1):
        left = line.partition("=")[0].strip().replace('"', "").replace("'", "")
        if left in (name, last):
            return number
    return 1


def _read_keys(value: object) -> tuple[str, ...]:
    written = [value] if isinstance(value, str) else value
    if not isinstance(written, list) or not all(isinstance(one, str) for one in written):
        raise ValueError(f"{value!r} is no key; write one such as {EXAMPLE}")
    return tuple(to_key(one) for one in written)
