"""Hanging notes: what may go on sounding in a DAW because whoever would have ended it is gone, server or sidecar.

It outlives servers and rates: the note-offs are sent once the port is connected again. Of a sidecar that was killed
nobody knows what sounded, so all that can sound is switched off. A file that is there while one runs, and goes when it
ends in order, says whether one was killed.
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
from bridge.drivers.libjack import connected_names
from bridge.runtime.callback.context import CallbackContext
from bridge.runtime.shared.layout import CLOCK_PORT

log = logging.getLogger(__name__)

NOTES = 16 * 128
OLD_S = 7 * 24 * 3600.0
"""A file of a sidecar that never came back is removed after a week."""


class RunMark:
    """The file that says that client ``client`` on ``server`` is running, or was killed."""

    def __init__(self, server: str, client: str) -> None:
        name = hashlib.sha256(f"{server}\0{client}".encode()).hexdigest()[:16]
        self._path = state_dir() / "running" / name

    def put(self) -> bool:
        """Leave the mark; returns whether one lay there already, or none can be left and nobody knows."""
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
        """Say that all ended in order."""
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
        """Remember what sounded when the server went."""
        self._held |= sounding

    def keep_all(self) -> None:
        """Remember all that could sound; the clock's port has no notes."""
        self._held[[port != CLOCK_PORT for port in MIDI_PORTS]] = 1

    def release(self, client: Any, context: CallbackContext, ask: Callable[[], None]) -> None:
        """Have the callback switch off, by ``ask``, what hangs on those of ``client``'s ports that are connected,
        whoever it was that connected them. What nobody plays to at this rate waits."""
        for port, held, sounding, owner in zip(
            client.midi_outports, self._held, context.sounding, context.owners, strict=True
        ):
            if owner >= 0 and held.any() and connected_names(client, port):
                # a view: the callback releases what it finds there. It may write meanwhile, so no other note is touched
                sounding[held != 0] = 1
                held[:] = 0
                ask()
