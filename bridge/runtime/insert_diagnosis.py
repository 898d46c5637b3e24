"""Insert diagnosis: what the library of inserts knows of the workers of an insert point, and counts against a plugin.

An error of the library costs the diagnosis, never the supervision.
"""

from __future__ import annotations

import logging

from bridge.core.insert import InsertFailure
from bridge.core.insert_registry import load_insert_library
from bridge.errors import BridgeError

log = logging.getLogger(__name__)

LOAD_LIMIT_S = 30.0
"""Seconds without progress after which a chain hangs while it is loaded, where its file cannot be read: as in a render.
They count busy and idle each for itself."""


class InsertDiagnosis:
    """Asks the library about workers of the insert point ``point``."""

    def __init__(self, point: str) -> None:
        self._point = point

    def compute_load_limit(self, chain: str) -> float:
        """Seconds without progress in which ``chain`` may be loaded."""
        try:
            return load_insert_library().compute_load_limit(chain)
        except BridgeError:  # the worker says why
            return LOAD_LIMIT_S

    def find_loading(self, pid: int) -> str:
        """What worker ``pid`` is loading now."""
        try:
            return load_insert_library().find_loading(pid) or "the chain"
        except BridgeError:
            return "the chain"

    def explain(self, chain: str, failure: InsertFailure) -> str:
        """Why a worker has failed just now; it is counted. Empty where nothing is known of it."""
        try:
            return load_insert_library().explain_failure(chain, failure)
        except BridgeError as error:
            log.warning("insert %s: the failure of %s is not counted: %s", self._point, chain, error)
            return ""

    def forget(self, pid: int) -> None:
        """Count nothing against what worker ``pid`` was loading, unless `explain` has done so."""
        try:
            load_insert_library().forget_process(pid)
        except BridgeError as error:
            log.warning("insert %s: %s", self._point, error)
