"""Rate refusals: roles whose engine cannot run at the server's sample rate are left out; the others play."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.core.engine_registry import load_engine
from bridge.core.role import ROLES
from bridge.errors import EngineError
from bridge.runtime.wiring import Wiring, make_node, wire

COMMON_RATES = (48000, 44100)
"""In Hz: an engine that declares no rates is tried at these."""


def wire_runnable(
    engines: Mapping[str, str], rate: int, reserves: Mapping[str, int]
) -> tuple[Wiring, dict[str, EngineError]]:
    """The wiring of those of ``engines`` (role to name) that run at ``rate`` in Hz, and why the others do not.

    Raises:
        EngineError: an engine that would run at no other rate either.
    """
    try:
        return wire(engines, rate, reserves), {}
    except EngineError:
        refused = _find_refused(engines, rate, reserves)
        if not refused:
            raise
    return wire({role: name for role, name in engines.items() if role not in refused}, rate, reserves), refused


def _find_refused(engines: Mapping[str, str], rate: int, reserves: Mapping[str, int]) -> dict[str, EngineError]:
    refused = {}
    for role in ROLES:
        name = engines.get(role, "")
        if name and (why := _find_refusal(role, name, rate, reserves[role])) is not None:
            refused[role] = why
    return refused


def _find_refusal(role: str, name: str, rate: int, reserve: int) -> EngineError | None:
    """Why engine ``name`` does not run at ``rate``; None where it does, or would not elsewhere either."""
    why = _find_failure(role, name, rate, reserve)
    if why is None:
        return None
    others = [other for other in load_engine(name).spec.rates or COMMON_RATES if other != rate]
    return why if any(_find_failure(role, name, other, reserve) is None for other in others) else None


def _find_failure(role: str, name: str, rate: int, reserve: int) -> EngineError | None:
    try:
        make_node(role, name, rate, reserve)
    except EngineError as error:
        return error
    return None
