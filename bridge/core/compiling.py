"""Compile watch: calls back for each function that numba compiles, not for those that it loads from its cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import event as _event

event: Any = _event


class _CompileListener(event.Listener):  # type: ignore[misc]
    def __init__(self, on_compiled: Callable[[str], None]) -> None:
        self._on_compiled = on_compiled

    def on_start(self, happened: Any) -> None:
        """numba wants it."""

    def on_end(self, happened: Any) -> None:
        self._on_compiled(str(happened.data["dispatcher"].py_func.__name__))


@contextmanager
def watch_compiling(on_compiled: Callable[[str], None]) -> Iterator[None]:
    """Inside, call ``on_compiled`` with the name of each function just compiled, from the thread that did it."""
    with event.install_listener("numba:compile", _CompileListener(on_compiled)):
        yield


def describe_compiling(what: str, is_kept: bool) -> str:
    """What is compiled, as a step: the callbacks of JACK, of devices and of runs offline each at its first start.

    ``is_kept``: whether the code is kept for later starts.
    """
    return f"compiling for {what}{', once for this version,' if is_kept else ''} a minute or more"
