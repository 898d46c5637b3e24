"""Insert registry: the library of live inserts, from the entry point that its package declares."""

from __future__ import annotations

import logging
from importlib.metadata import entry_points

from bridge.core.insert import ENTRY_POINTS, InsertLibrary
from bridge.errors import BridgeError, EngineError

log = logging.getLogger(__name__)

OFF = "off"
"""The choice of no insert."""

MAX_INSERTS = 256
"""Processors that can be chosen: all are named in one OSC message and in one list of a screen."""


def load_insert_library() -> InsertLibrary:
    """Load the library of inserts; nothing of it is opened yet.

    Raises:
        EngineError: No package has one, or it cannot be loaded.
    """
    found = next(iter(entry_points(group=ENTRY_POINTS)), None)
    if found is None:
        raise EngineError("no live inserts are installed", "install Sideman with the extra chains")
    try:
        library: InsertLibrary = found.load()()
    except Exception as error:
        raise EngineError(f"the live inserts ({found.value}) cannot be loaded: {error}") from error
    return library


def find_insert_library() -> InsertLibrary | None:
    """The library of inserts; None where no package has one, or it cannot be loaded: a warning says why."""
    if not entry_points(group=ENTRY_POINTS):
        return None
    try:
        return load_insert_library()
    except BridgeError as error:
        log.warning("%s; no insert can be chosen", error)
        return None


def list_inserts() -> tuple[str, ...]:
    """The names of the inserts that can be chosen, sorted, nothing loaded; empty where no package has any.

    Those that come last beyond MAX_INSERTS are left out, and those with a problem; a warning says so.
    """
    library = find_insert_library()
    try:
        choices = () if library is None else library.list_choices()
    except BridgeError as error:
        log.warning("%s; no insert can be chosen", error)
        return ()
    for one in choices:
        if one.problem:
            log.warning("%s: %s; this chain cannot be chosen", one.word, one.problem)
    names = tuple(one.word for one in choices if not one.problem and one.word != OFF)
    if len(names) > MAX_INSERTS:
        log.warning("%d chains: the first %d can be chosen as inserts", len(names), MAX_INSERTS)
    return names[:MAX_INSERTS]
