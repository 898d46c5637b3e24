"""Registry of a sidecar with what is installed: the controls of its engines and the points of its inserts."""

from __future__ import annotations

import functools
import logging

from bridge.control.registry import Registry
from bridge.control.sidecar import make_sidecar_registry
from bridge.core.engine_registry import list_engines, load_engine
from bridge.core.insert_registry import list_inserts
from bridge.errors import EngineError
from bridge.settings import Settings, list_engines_by_role

log = logging.getLogger(__name__)


def make_registry(settings: Settings) -> Registry:
    """Everything that can be set, triggered or read with these settings. Needs no server."""
    names = [name for name in list_engines_by_role(settings).values() if name]
    return make_sidecar_registry({name: load_engine(name).spec.controls for name in names}, list_inserts())


@functools.cache
def list_engine_controls() -> frozenset[str]:
    """The names of all controls of all installed engines. An engine that cannot be loaded has none."""
    names = set[str]()
    for engine in list_engines():
        try:
            names |= {control.name for control in load_engine(engine).spec.controls}
        except EngineError as error:
            log.debug("%s", error)
    return frozenset(names)


def is_known_elsewhere(name: str) -> bool:
    """Whether a control belongs to an installed engine, which may be off."""
    return name in list_engine_controls()
