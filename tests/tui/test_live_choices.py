"""Live choices: a chain that is made or deleted while the app is attached is so in every list of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bridge.control.choice_files import ChoiceFiles
from bridge.control.insert_controls import CHAIN_CONTROLS
from bridge.control.registry import Registry
from bridge.core.control import Control as SidecarControl
from chains.live.insert_library import ChainLibrary
from tests.tui import wire_rig
from tests.tui.rig import sidecar_registry
from tests.tui.wire_rig import WireRig
from tui.core.registry import Control
from tui.core.registry import Registry as TuiRegistry
from tui.core.rows import to_text
from tui.drawing.control_rows import draw_choices
from tui.models.job_form import list_known_choices
from tui.text.typed import describe_range
from tui.wire.remote import LinkRemote

MIX = "inserts.mix.chain"
CHAIN = 'schema = 1\n[[member]]\neffect = "Gain"\n'


class ChainsRig(WireRig):
    """A link to a sidecar that follows the folder of the user's chains."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "chains"
        self.folder.mkdir()
        super().__init__()
        self.files = ChoiceFiles(self.bus, CHAIN_CONTROLS, ChainLibrary(), 256)
        self.files.update()

    def make(self, name: str) -> None:
        (self.folder / f"{name}.toml").write_text(CHAIN)
        self.files.update()

    def delete(self, name: str) -> None:
        (self.folder / f"{name}.toml").unlink()
        self.files.update()

    @property
    def control(self) -> Control:
        return self.session.registry.controls[MIX]

    def run_until_same(self) -> None:
        """Until the link has the choices that the sidecar has."""
        control = self.bus.registry.get_control(MIX)
        wanted = control.choices, control.unavailable_numbers
        self.run(lambda: (self.control.choices, self.control.unavailable) == wanted and not self.link.is_busy)


def copy_registry() -> Registry:
    """A registry of its own: `sidecar_registry` is shared by all tests."""
    made, shared = Registry(), sidecar_registry()
    for item in shared:
        made.add([replace(item) if isinstance(item, SidecarControl) else item], shared.get_owner(item.name))
    return made


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChainsRig:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(wire_rig, "sidecar_registry", copy_registry)
    return ChainsRig(tmp_path)


def test_a_chain_that_is_made_while_the_app_is_attached_is_in_every_list_and_can_be_chosen(rig: ChainsRig) -> None:
    rig.attach()
    rig.bus.set("stems.bass.gain_db", -6.0, "hand")
    rig.make("my-glue")
    rig.run_until_same()
    assert "my-glue" in rig.control.available_choices
    assert "my-glue" in list_known_choices(rig.session)["--chain"]
    assert "my-glue" in describe_range(rig.control)
    answers: list[str] = []
    rig.link.set(MIX, "my-glue", rig.now_s, lambda error, _rows: answers.append(error))
    rig.run(lambda: bool(answers) and rig.session.get_choice(MIX) == "my-glue")
    assert answers == [""]
    assert rig.session.get("stems.bass.gain_db") == -6.0, "the values are kept"


def test_an_app_that_attaches_after_a_change_has_the_choices_too_and_asks_no_more(rig: ChainsRig) -> None:
    rig.make("my-glue")
    rig.attach()
    rig.run_until_same()
    asked = len([one for one in rig.sent if one[1] == "/controls"])
    for _ in range(200):
        rig.step()
    assert len([one for one in rig.sent if one[1] == "/controls"]) == asked


def test_changes_that_follow_one_another_all_arrive_also_where_datagrams_are_lost(rig: ChainsRig) -> None:
    rig.attach()
    rig.loses = lambda address, _args: address == "/controls/done" and rig.now_s % 1.0 < 0.5
    for number in range(3):
        rig.make(f"my-{number}")
        rig.step()
    rig.delete("my-1")
    rig.run_until_same()
    assert {"my-0", "my-2"} < {*rig.control.available_choices}


def test_a_deleted_chain_is_in_no_list_but_shown_where_it_plays_and_the_keys_pass_it_over(rig: ChainsRig) -> None:
    for name in ("my-a", "my-b", "my-c"):
        rig.make(name)
    rig.bus.set(MIX, "my-b", "hand")
    rig.attach()
    rig.delete("my-b")
    rig.run_until_same()
    assert rig.session.get_choice(MIX) == "my-b"
    assert "my-b" not in list_known_choices(rig.session)["--chain"]
    assert "my-b" not in describe_range(rig.control)
    shown = to_text(draw_choices(rig.control, rig.session.get(MIX), 400))
    assert "[my-b]" in shown
    remote = LinkRemote(rig.link, lambda: rig.now_s, lambda *_: None)
    for step, name in ((1, "my-c"), (-1, "my-a"), (1, "my-c"), (1, "my-c")):
        remote.nudge(MIX, step)
        rig.run(lambda name=name: rig.session.get_choice(MIX) == name and not rig.link.is_busy)  # type: ignore[misc]
    assert "my-b" not in to_text(draw_choices(rig.control, rig.session.get(MIX), 400))
    rig.delete("my-c")
    rig.run_until_same()
    remote.nudge(MIX, 1)
    rig.step()
    assert rig.session.get_choice(MIX) == "my-c", "nothing follows: it plays on"
    answers: list[str] = []
    rig.link.set(MIX, "my-b", rig.now_s, lambda error, _rows: answers.append(error))
    rig.run(lambda: bool(answers))
    assert f"{rig.folder / 'my-b.toml'} is gone" in answers[0]
    assert "put the file back" in answers[0]


@pytest.mark.parametrize("wrong", [float("inf"), float("nan"), "glue"])
def test_details_that_no_sidecar_sends_are_left_out(wrong: float | str) -> None:
    registry = TuiRegistry()
    registry.add("/controls/control", ("/a/chain", 0.0, 1.0, 0.0, "", "choice", "", "off", "glue"))
    for details in ((wrong, "at once", 1, 1.0), (1, "at once", 1, 1.0, wrong)):
        assert not registry.add("/controls/detail", ("/a/chain", *details))
    assert registry.controls["a.chain"].available_choices == ("off", "glue")
