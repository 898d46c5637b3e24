"""Routing service on a Bus, beside the simulated server."""

from __future__ import annotations

from bridge.control.bus import Bus, Row
from bridge.control.sidecar import make_sidecar_registry
from bridge.routing.active_scene_file import ActiveSceneFile
from bridge.routing.patchbay import LinkEvent
from bridge.routing.routing_service import LinkTask, RoutingService
from tests.routing.simulated_server import PatchbayRig


class ServiceRig(PatchbayRig):
    """A service on the simulated server."""

    def __init__(self) -> None:
        super().__init__()
        self.bus = Bus(make_sidecar_registry({}))
        self.file = ActiveSceneFile("test", "sideman")
        self.service = RoutingService(self.bus, self.patchbay, self.file, self.run_task)
        for action, handler in self.service.handlers().items():
            self.bus.add_handler(action, handler)
        self.published: list[tuple[str, Row]] = []
        self.bus.subscribe(lambda name, row, _source: self.published.append((name, row)))

    def run_task(self, task: LinkTask) -> list[LinkEvent]:
        return task(self.server, self.now_s)

    def list_links(self) -> set[tuple[object, ...]]:
        return {row[1:] for row in self.bus.get_rows("routing.link")}

    def get_scenes(self) -> set[Row]:
        return set(self.bus.get_rows("routing.scene"))
