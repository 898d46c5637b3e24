"""Insert checks: the plugin chains that can be chosen, and what keeps them from working."""

from __future__ import annotations

from bridge.core.insert import InsertLibrary
from bridge.core.insert_registry import find_insert_library
from bridge.doctor.finding import Finding
from bridge.errors import BridgeError

NAME = "plugin chains"


def check_inserts() -> Finding:
    """The chains of this installation; no plugin is loaded."""
    library = find_insert_library()
    if library is None:
        return Finding(NAME, "ok", "this installation has none", "for them install Sideman with the extra chains")
    try:
        return describe_library(library)
    except BridgeError as error:
        return Finding(NAME, "warn", error.message, error.hint)


def describe_library(library: InsertLibrary) -> Finding:
    """The first thing that ``library`` lacks, else the first chain with a problem, else how many chains there are.

    Raises:
        BridgeError: The chains cannot be listed.
    """
    lacks, choices = library.list_lacks(), library.list_choices()
    broken = [BridgeError(f"{one.place}: {one.problem}", one.hint) for one in choices if one.problem]
    live = sum(not (one.problem or one.obstacle) for one in choices)
    problems = [*lacks, *broken]
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return Finding(NAME, "warn", f"{problems[0].message}{more}", problems[0].hint)
    return Finding(NAME, "ok", f"{len(choices)} chains, {live} of them run live")
