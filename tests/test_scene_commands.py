"""The commands ``sideman scene``, as a user types them, beside a sidecar on a simulated server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.osc.server import OscServer
from tests.routing.service_rig import ServiceRig
from tests.routing.simulated_server import DRUMS, VOCALS
from tests.test_cli import sideman


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServiceRig:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    return ServiceRig()


@pytest.fixture
def port(rig: ServiceRig) -> Iterator[str]:
    with OscServer(rig.bus, port=0) as server:
        yield str(server.port)


def test_a_scene_is_saved_listed_shown_restored_and_deleted(rig: ServiceRig, port: str, tmp_path: Path) -> None:
    rig.connect("sideman:drums", "daw:drums")
    done = sideman("scene", "save", "stage", "--port", port, home=tmp_path)
    assert (done.returncode, done.stdout) == (0, "scene stage: saved\n")
    rig.cut("sideman:drums", "daw:drums")
    rig.connect("sideman:drums_1", "daw:drums R")
    done = sideman("scene", "restore", "stage", "--port", port, home=tmp_path)
    assert (done.returncode, done.stdout) == (0, "scene stage: 2 connected, 1 cut\n")
    assert rig.links == set(DRUMS)
    done = sideman("scene", "restore", "stage", "--port", port, home=tmp_path)
    assert done.stdout == "scene stage: nothing to change\n"
    assert "stage" in sideman("scene", "list", home=tmp_path).stdout
    shown = sideman("scene", "show", "stage", home=tmp_path).stdout
    assert all(name in shown for link in DRUMS for name in link)
    assert not any(name in shown for link in VOCALS for name in link)
    assert sideman("scene", "delete", "stage", home=tmp_path).stdout == "scene stage: deleted\n"
    assert rig.links == set(DRUMS)


def test_an_error_of_the_sidecar_is_the_command_s(port: str, tmp_path: Path) -> None:
    done = sideman("scene", "restore", "stag", "--port", port, home=tmp_path)
    assert done.returncode == 2
    assert "no scene is named stag" in done.stderr


def test_a_broken_scene_is_listed_with_its_problem(tmp_path: Path) -> None:
    (tmp_path / "scenes").mkdir()
    (tmp_path / "scenes" / "stage.toml").write_text("schema = 1\n", encoding="utf-8")
    listed = sideman("scene", "list", home=tmp_path).stdout
    assert "stage" in listed
    assert "links: missing" in " ".join(listed.split())
