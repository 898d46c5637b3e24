"""Plug-in commands: packages add commands to ``sideman`` by entry points in the group ``sideman.commands``.

The entry's name is what a user types, one or two words: ``separate``, or ``bench separation`` for a command below
``bench``. Its value is a function or a cyclopts App, as "module:name". It is imported only when it is called, so
its imports (a model runtime, say) do not slow down other commands. Its line in ``--help`` is read from its source
text without running it.
"""

from __future__ import annotations

import ast
import inspect
import logging
from collections.abc import Iterable
from contextlib import suppress
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from cyclopts import App, CommandCollisionError, Parameter

from bridge.errors import EngineError

log = logging.getLogger(__name__)

ENTRY_POINTS = "sideman.commands"


def add_commands(app: App, groups: Iterable[App] = ()) -> None:
    """Add every registered command to ``app``; two words go below the one of ``groups`` that the first names.

    Nothing is imported. A name that cannot be used is skipped with a warning that names the package.
    """
    below = {name: group for group in groups for name in group.name}
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        words = entry.name.split()
        if not 1 <= len(words) <= 2 or any(word.startswith("-") for word in words):
            log.warning("%s registers the command %r; a command has one or two words", package_name(entry), entry.name)
            continue
        try:
            if len(words) == 2 and words[0] not in below:
                below[words[0]] = App(name=words[0])
                app.command(below[words[0]])
            parent = below[words[0]] if len(words) == 2 else app
            # cyclopts imports by "module:name", and only when called: __getattr__ below is what it finds here
            parent.command(f"{__name__}:{entry.name}", name=words[-1], help=read_help(entry) or None)
        except CommandCollisionError:
            log.warning("%s registers the command %r, which is there already", package_name(entry), entry.name)


def __getattr__(name: str) -> object:
    """The registered command ``name`` (PEP 562), imported now. One that cannot be had says so when it is called:
    cyclopts also looks at every command where a user mistyped another."""
    found = entry_points(group=ENTRY_POINTS, name=name)
    if name.startswith("__") or not found:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    entry = next(iter(found))
    try:
        return load(entry)
    except EngineError as error:
        return _make_refusing_app(entry.name.split()[-1], error)


def load(entry: EntryPoint) -> object:
    """The function or App behind ``entry``, imported; an EngineError names the package where it cannot be had."""

    def unusable(why: str) -> EngineError:
        whose = package_name(entry)
        message = f"the command {entry.name!r} of the package {whose}: {entry.value} {why}"
        return EngineError(message, f"update, fix or remove {whose}")

    try:
        command = entry.load()
    except Exception as error:
        raise unusable(f"cannot be loaded ({type(error).__name__}: {error})") from error
    if isinstance(command, App):
        if command.name[0] != entry.name.split()[-1]:
            raise unusable(f"is an App that calls itself {command.name[0]!r}")
    elif not callable(command):
        raise unusable(f"is a {type(command).__name__}, neither a function nor an App")
    return command


def _make_refusing_app(name: str, error: EngineError) -> App:
    """A command that takes anything, a call for help too, and answers with ``error``."""
    refusing = App(name=name, help_flags=(), version_flags=())

    @refusing.default
    def refuse(*_: Annotated[str, Parameter(allow_leading_hyphen=True)]) -> None:
        raise error

    return refusing


def package_name(entry: EntryPoint) -> str:
    """The distribution that registered ``entry``."""
    return entry.dist.name if entry.dist is not None else entry.module


def read_help(entry: EntryPoint) -> str:
    """The help text of a command: a function's docstring, an App's ``help``; empty where the source has none.

    Only text is read. No module is imported, except that a package with an import finder of its own may be queried.
    """
    with suppress(OSError, SyntaxError, ValueError, ImportError):
        spec = _find(entry.module)
        if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
            return _read_help_in(ast.parse(Path(spec.origin).read_text(encoding="utf-8")), entry.attr)
    return ""


def _find(module: str) -> ModuleSpec | None:
    """Where ``module`` lies. importlib.util.find_spec would run the packages above it."""
    first, *rest = module.split(".")
    spec, name = find_spec(first), first
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        name = f"{name}.{part}"
        spec = PathFinder.find_spec(name, list(spec.submodule_search_locations))
    return spec


def _read_help_in(tree: ast.Module, name: str) -> str:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return ast.get_docstring(node) or ""
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        called = getattr(node, "value", None)
        if isinstance(called, ast.Call) and any(isinstance(t, ast.Name) and t.id == name for t in targets):
            for keyword in called.keywords:
                if keyword.arg == "help" and isinstance(keyword.value, ast.Constant):
                    return inspect.cleandoc(str(keyword.value.value))
    return ""
