"""Panic: what the app sends is what the sidecar's own handler takes."""

from __future__ import annotations

from types import SimpleNamespace

from bridge.app import Sidecar
from tests.tui.rig import SessionRig
from tui.keys.app_actions import panic


def test_the_sidecar_takes_the_argument_of_the_app() -> None:
    rig = SessionRig()
    panic(rig.context)
    [(action, *arguments)] = rig.remote.calls
    assert action == "transport.panic"
    released: list[bool] = []
    graph = SimpleNamespace(release_notes=lambda: released.append(True))
    sidecar = SimpleNamespace(bus=rig.bus, signal_path=SimpleNamespace(graph=graph))
    Sidecar._panic(sidecar, *arguments)  # type: ignore[arg-type]
    assert released == [True]
    assert rig.session.is_on("stems.dry")
