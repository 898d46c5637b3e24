"""Hanging notes: notes that go on sounding in a DAW because the server or the sidecar ended without note-offs.

The note-offs are sent once the port is connected again, also by a later server and at another rate. After a sidecar was
killed its notes are unknown, so all possible notes are switched off. A file exists while a sidecar runs and is removed
at an orderly end; it shows whether one was killed.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.config import state_dir
from bridge.core.latency import MIDI_PORTS
from bridge.core.role import CLOCK_PORT
from bridge.drivers.libjack import read_connected_names
from bridge.runtime.callback.context import NOTES, CallbackContext

log = logging.getLogger(__name__)

OLD_S = 7 * 24 * 3600.0
"""A file of a sidecar that never came back is removed after a week."""


class RunMark:
    """Marker file: the client ``client`` on ``server`` runs, or was killed."""

    def __init__(self, server: str, client: str) -> None:
        name = hashlib.sha256(f"{server}\0{client}".encode()).hexdigest()[:16]
        self._path = state_dir() / "running" / name

    def write(self) -> bool:
        """Write the file; returns True if there was one already, or if that is unknown because none can be written."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._sweep()
            killed = self._path.exists()
            self._path.write_text(f"{os.getpid()}\n", encoding="ascii")
        except OSError as error:
            log.debug("whether a sidecar was killed here cannot be known: %s", error)
            return True
        return killed

    def remove(self) -> None:
        """Remove the file, after an orderly end."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            log.debug("%s stays: %s", self._path, error)

    def _sweep(self) -> None:
        oldest = time.time() - OLD_S
        for mark in self._path.parent.iterdir():
            if mark != self._path and mark.stat().st_mtime < oldest:
                mark.unlink(missing_ok=True)


class HangingNotes:
    """By MIDI output port and note, as `CallbackContext.sounding`."""

    def __init__(self) -> None:
        self._held: NDArray[np.uint8] = np.zeros((len(MIDI_PORTS), NOTES), np.uint8)

    def __bool__(self) -> bool:
        return bool(self._held.any())

    def keep(self, sounding: NDArray[np.uint8]) -> None:
        """Remember the notes that sounded when the server went."""
        self._held |= sounding

    def keep_all(self) -> None:
        """Remember all possible notes; the clock's port has none."""
        self._held[[port != CLOCK_PORT for port in MIDI_PORTS]] = 1

    def release(self, client: Any, context: CallbackContext, ask: Callable[[], None]) -> None:
        """Let the callback end the hanging notes of each connected port of ``client``; ``ask`` requests it.

        The notes of a port that no engine plays to at this rate wait.
        """
        for port, held, sounding, owner in zip(
            client.midi_outports[: len(MIDI_PORTS)], self._held, context.sounding, context.owners, strict=True
        ):
            if owner >= 0 and held.any() and read_connected_names(client, port):
                # shared with the callback, which releases these; it may write meanwhile, so other notes stay untouched
                sounding[held != 0] = 1
                held[:] = 0
                ask()
