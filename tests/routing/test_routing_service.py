"""Routing service on a Bus: rows that are published once and withdrawn, actions, and the file of the active scene."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.errors import ControlError, DriverError
from bridge.routing.patchbay import LinkEvent
from bridge.routing.port_graph import Port
from bridge.routing.routing_readings import RoutingReadings, choose_title
from bridge.routing.routing_service import LinkTask, RoutingService
from bridge.routing.scene import load_scene, save_scene
from tests.offline_sidecar import NO_ENGINES, open_offline_sidecar
from tests.routing.service_rig import ServiceRig
from tests.routing.simulated_server import DRUMS, VOCALS


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServiceRig]:
    monkeypatch.setenv(CONFIG_HOME_VARIABLE, str(tmp_path))
    yield ServiceRig()


def test_only_what_changed_is_published(rig: ServiceRig) -> None:
    rig.service.update()
    assert len(rig.bus.get_rows("routing.port")) == len(rig.server.ports)
    rig.published.clear()
    rig.service.update()
    assert rig.published == []
    rig.bus.trigger("routing.connect", *DRUMS[0])
    rig.service.update()
    names = [name for name, _ in rig.published]
    assert names == ["routing.link", "routing.event"]
    assert rig.list_links() == {(*DRUMS[0], "made")}


def test_rows_of_ports_that_left_are_withdrawn_and_wanted_links_are_away(rig: ServiceRig) -> None:
    rig.bus.trigger("routing.connect", "sideman:drums", "daw:drums")
    rig.server.go("daw")
    rig.update()
    rig.service.update()
    assert not [row for row in rig.bus.get_rows("routing.port") if row[1] == "daw"]
    assert rig.list_links() == {(*link, "away") for link in DRUMS}


def test_an_action_answers_with_what_it_did(rig: ServiceRig) -> None:
    made = tuple(("connected", *link) for link in DRUMS)
    assert rig.bus.trigger("routing.connect", "sideman:drums", "daw:drums") == made
    assert rig.bus.trigger("routing.undo") == tuple(("cut", *link) for link in DRUMS)
    with pytest.raises(ControlError, match=r"routing.cut: sideman:drums is not connected to daw:drums"):
        rig.bus.trigger("routing.cut", "sideman:drums", "daw:drums")


def test_a_scene_is_saved_restored_counted_and_deleted(rig: ServiceRig) -> None:
    rig.bus.trigger("routing.connect", "sideman:drums", "daw:drums")
    rig.bus.trigger("routing.save", "stage")
    rig.bus.trigger("routing.connect", "sideman:vocals", "daw:vocals")
    rig.bus.trigger("routing.save", "all")
    rig.service.update()
    assert rig.get_scenes() == {("stage", 2, 2, 0), ("all", 4, 4, 1)}
    rig.bus.trigger("routing.restore", "stage")
    rig.service.update()
    assert rig.get_scenes() == {("stage", 2, 2, 1), ("all", 4, 2, 0)}
    rig.bus.trigger("routing.delete", "stage")
    rig.service.update()
    assert rig.get_scenes() == {("all", 4, 2, 0)}
    assert rig.links == set(DRUMS)


def test_links_that_wait_for_a_port_are_saved_too(rig: ServiceRig) -> None:
    rig.bus.trigger("routing.connect", "sideman:drums", "daw:drums")
    rig.server.go("daw")
    rig.update()
    rig.bus.trigger("routing.save", "stage")
    assert load_scene("stage").links == set(DRUMS)


def test_a_scene_that_was_edited_is_counted_anew(rig: ServiceRig, tmp_path: Path) -> None:
    readings = RoutingReadings(rig.bus, rig.patchbay)
    save_scene("stage", DRUMS)
    readings.update(0.0, 0)
    save_scene("stage", (*DRUMS, VOCALS[0]))
    readings.update(1.0, 0)
    assert rig.get_scenes() == {("stage", 2, 0, 0)}
    readings.update(2.0, 0)
    assert rig.get_scenes() == {("stage", 3, 0, 0)}
    (tmp_path / "scenes" / "stage.toml").write_text("broken", encoding="utf-8")
    readings.update(4.0, 0)
    assert rig.get_scenes() == {("stage", -1, 0, 0)}


def test_what_another_program_cuts_of_the_scene_is_known_to_the_next_sidecar(rig: ServiceRig) -> None:
    rig.bus.trigger("routing.connect", "sideman:drums", "daw:drums")
    rig.bus.trigger("routing.save", "stage")
    rig.server.links.discard(DRUMS[0])
    rig.wait_undone()
    rig.service.update()
    later = ServiceRig()
    later.service.resume()
    later.settle()
    assert later.links == {DRUMS[1]}


def test_a_last_scene_that_was_deleted_is_a_warning(rig: ServiceRig, caplog: pytest.LogCaptureFixture) -> None:
    rig.bus.trigger("routing.save", "stage")
    (rig.file.path.parents[2] / "scenes" / "stage.toml").unlink()
    later = ServiceRig()
    later.service.resume()
    assert "the last scene is not restored: no scene is named stage" in caplog.text
    assert later.patchbay.view.scene is None


def test_nothing_is_saved_where_no_audio_system_runs(rig: ServiceRig, tmp_path: Path) -> None:
    def refuse(_task: LinkTask) -> list[LinkEvent]:
        raise DriverError("the JACK server is away", "wait until it is back")

    service = RoutingService(rig.bus, rig.patchbay, rig.file, refuse)
    with pytest.raises(DriverError):
        service.save("stage")
    assert not (tmp_path / "scenes").exists()


def test_a_device_is_called_by_its_own_name() -> None:
    aliases = ("alsa_pcm:Pad/midi_capture_1", "Pad-Controller:midi/capture_1")
    midi = Port("system:midi_capture_1", "midi", is_physical=True, aliases=aliases)
    assert choose_title(midi) == "Pad-Controller"
    assert choose_title(Port("system:capture_1", is_physical=True, aliases=("alsa_pcm:hw:0:in1",))) == "capture_1"
    assert choose_title(Port("synth:out", title="Grand piano")) == "Grand piano"


def test_a_sidecar_without_jack_refuses_to_connect(tmp_path: Path) -> None:
    with (
        open_offline_sidecar(tmp_path, settings=NO_ENGINES) as sidecar,
        sidecar.open_client() as client,
        pytest.raises(ControlError, match="a sidecar that runs offline has no ports to connect"),
    ):
        client.call("/routing/connect", "a:out", "b:in")
