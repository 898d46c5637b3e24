"""Readings of the routing: ports, links, scenes and events, of which only what changed is published."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from bridge.control.bus import Bus, Row
from bridge.core.control import Value
from bridge.errors import ConfigError
from bridge.routing.patchbay import Patchbay, PatchbayView
from bridge.routing.port_graph import Link, Port, format_link
from bridge.routing.scene import Scene, list_scenes, read_folder_state

log = logging.getLogger(__name__)

FILES_S = 2.0
"""Interval at which the folder of scenes is read, for files that were edited."""
UNREADABLE = -1
"""Links of a scene whose file has an error."""


class RoutingReadings:
    """Publishes what a patchbay knows. Its methods are called by one thread."""

    def __init__(self, bus: Bus, patchbay: Patchbay) -> None:
        self._bus, self._patchbay = bus, patchbay
        self._rows: dict[str, dict[Value, Row]] = {}
        self._view: PatchbayView | None = None
        self._scenes: list[Scene] = []
        self._folder: object = None
        self._files_due_s = 0.0

    def update(self, now_s: float, time_ms: int) -> None:
        """Publish what changed. ``now_s``: of any clock that goes on; ``time_ms``: since 1970."""
        view, events = self._patchbay.view, self._patchbay.events
        is_read = now_s >= self._files_due_s and self._read_scenes(now_s)
        if view is not self._view:
            self._publish_rows(
                "routing.port", {name: make_port_row(port, view) for name, port in view.graph.ports.items()}
            )
            self._publish_rows("routing.link", make_link_rows(view))
        if view is not self._view or is_read:
            self._publish_rows("routing.scene", {scene.name: make_scene_row(scene, view) for scene in self._scenes})
        self._view = view
        while events:
            self._bus.publish("routing.event", time_ms, *events.popleft())

    def renew_scenes(self) -> None:
        """Read the folder of scenes with the next update."""
        self._files_due_s = 0.0

    def _read_scenes(self, now_s: float) -> bool:
        """Read the scenes again if a file changed; returns whether it did."""
        self._files_due_s = now_s + FILES_S
        try:
            folder = read_folder_state()
            if folder == self._folder:
                return False
            scenes = list_scenes()
        except ConfigError as error:
            folder, scenes = (), []
            log.debug("%s", error)
        for scene in scenes:
            if scene.problem and scene not in self._scenes:
                log.warning("scene %s cannot be restored: %s", scene.name, scene.problem)
        self._folder, self._scenes = folder, scenes
        return True

    def _publish_rows(self, reading: str, rows: Mapping[Value, Row]) -> None:
        """Publish the rows that are new or different, and withdraw those that have gone."""
        before = self._rows.get(reading, {})
        for key in [key for key in before if key not in rows]:
            self._bus.withdraw(reading, key)
        for key, row in rows.items():
            if before.get(key) != row:
                self._bus.publish(reading, *row)
        self._rows[reading] = dict(rows)


def make_port_row(port: Port, view: PatchbayView) -> Row:
    """The row of the reading ``routing.port``."""
    direction = "out" if port.is_source else "in"
    pair = view.pairs.get_name(port.name)
    name = choose_title(port)
    return (port.name, port.client, name, port.kind, direction, int(port.is_physical), pair, port.latency_frames)


def make_link_rows(view: PatchbayView) -> dict[Value, Row]:
    """The rows of the reading ``routing.link``, by key."""
    links: list[tuple[Link, str]] = [(link, "made") for link in sorted(view.graph.links)]
    links += [(link, "away") for link in view.away]
    return {format_link(link): (format_link(link), *link, state) for link, state in links}


def make_scene_row(scene: Scene, view: PatchbayView) -> Row:
    """The row of the reading ``routing.scene``."""
    is_active = view.scene is not None and view.scene.name == scene.name
    count = UNREADABLE if scene.problem else len(scene.links)
    return (scene.name, count, len(scene.links & view.graph.links), int(is_active))


def choose_title(port: Port) -> str:
    """What a person calls the port: its pretty name, a MIDI device's own name, or the part behind the client."""
    if port.title:
        return port.title
    if port.kind == "midi" and port.is_physical:
        # JACK calls them system:midi_capture_1
        return next((alias.partition(":")[0] for alias in port.aliases if is_device_name(alias)), port.short_name)
    return port.short_name


def is_device_name(alias: str) -> bool:
    """Whether an alias begins with a device's own name, and not with that of JACK's driver."""
    client, colon, _ = alias.partition(":")
    return bool(colon) and client not in ("alsa_pcm", "system")
