"""Sidecar service: a part of the sidecar beside the audio, such as controllers or jobs.

`bridge.app` enters all services after the first graph runs and leaves them before it ends. Each has its own thread
where it needs one, so that none holds up another.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Self

from bridge.control.bus import ActionHandler
from bridge.runtime.graph import Graph


class Service(AbstractContextManager["Service"]):
    """A context manager: the service works inside. All methods may do nothing."""

    def __enter__(self) -> Self:
        return self

    def handlers(self) -> Mapping[str, ActionHandler]:
        """The handlers of its actions, by the action's name. Called once, before it is entered."""
        return {}

    def attach(self, graph: Graph) -> None:
        """Work on ``graph`` from now on: its callback runs. Also called when a new rate needed a new graph."""

    def detach(self) -> None:
        """Leave the graph, whose callback still runs. Also called where none is attached."""

    def abandon(self) -> None:
        """Leave nothing behind: this process ends at once. From any thread, also before it is entered."""
