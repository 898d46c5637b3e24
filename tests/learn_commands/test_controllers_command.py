"""The command ``sideman controllers``: lists, checks and pictures of mappings."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.learn_commands.learn_desk import MAPPING, ROOT, VOCALS, Command, Desk


def test_the_controllers_are_listed_with_what_is_wrong(desk: Desk) -> None:
    desk.bus.publish("controllers.device", "Old", "", "", "", "removed", "")
    status, out, _ = Command(desk, "controllers").finish()
    assert status == 0
    assert "Box: hold Shift to see the lights" in out
    assert "Old" not in out
    status, out, _ = Command(desk, "controllers", "--json").finish()
    assert [one["device"] for one in json.loads(out)["devices"]] == ["Box"]


def test_what_is_bound_on_a_controller_is_listed_with_its_port_and_state(desk: Desk) -> None:
    desk.bus.publish("controllers.device", "Other", "other", "Other MIDI 1", "", "port", "")
    desk.bus.publish("controllers.binding", "Box: cc 79 ch 9, layer shift", "Box", "cc 79 ch 9", VOCALS, "move to 83 %")
    desk.bus.publish("controllers.binding", "Other: cc 1 ch 1", "Other", "cc 1 ch 1", "stems.bass.gain_db", "")
    for name in ("box", "bO", "Box"):
        status, out, _ = Command(desk, "controllers", name).finish()
        assert status == 0
        assert "from Box MIDI 1" in out
        assert re.search(r"^cc 79 ch 9, layer shift +stems\.vocals\.gain_db +move to 83 %$", out, re.MULTILINE)
        assert "stems.bass" not in out
    status, out, _ = Command(desk, "controllers", "box", "--json").finish()
    assert [one["device"] for one in json.loads(out)["bindings"]] == ["Box"]
    status, _, err = Command(desk, "controllers", "nope").finish()
    assert status == 2
    assert "there are: Box, Other" in err


def test_a_mapping_is_checked_without_a_sidecar(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "box.toml"
    path.write_text(MAPPING)
    status, out, _ = Command(desk, "controllers", "--check", str(path)).finish()
    assert status == 0
    assert "1 faders and knobs" in out
    path.write_text(MAPPING.replace("vocals", "vocal"))
    status, _, err = Command(desk, "controllers", "--check", str(path)).finish()
    assert status == 2
    assert "box.toml: input 1 (cc 1): set: no control is named stems.vocal.gain_db" in err
    assert "nearest: stems.vocals.gain_db" in err


def test_a_check_warns_of_a_preset_that_is_missing(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "box.toml"
    pad = '[[input]]\nmidi = "note {}"\nbutton = "momentary"\naction = "preset.load"\nargument = "{}"\n'
    path.write_text(MAPPING + pad.format(1, "karaoke") + pad.format(2, "nope"))
    status, out, _ = Command(desk, "controllers", "--check", str(path)).finish()
    assert status == 0
    assert "no preset is named nope; sideman preset list shows what there is" in out
    status, out, _ = Command(desk, "controllers", "--check", str(path), "--json").finish()
    assert json.loads(out)["missing_presets"] == ["nope"]


def test_mappings_are_listed_and_a_broken_one_has_its_problem(desk: Desk) -> None:
    desk.file.parent.mkdir()
    desk.file.write_text(MAPPING)
    desk.file.with_name("broken.toml").write_text("schema = 2\n")
    status, out, _ = Command(desk, "controllers", "--list", "--json").finish()
    assert status == 0
    users = {one["name"]: one for one in json.loads(out) if one["origin"] == "user"}
    assert users["box"]["title"] == "Box"
    assert "schema" in users["broken"]["problem"]
    status, out, _ = Command(desk, "controllers", "--list").finish()
    assert status == 0
    assert re.search(r"^box +user +Box *$", out, re.MULTILINE)
    assert "broken: " in out
    shipped = [line for line in out.splitlines() if " shipped " in line]
    assert len(shipped) >= 17
    assert all(len(line) <= 80 for line in shipped)


def test_a_shipped_mapping_is_printed_as_it_is_so_that_it_can_be_copied(desk: Desk) -> None:
    status, out, _ = Command(desk, "controllers", "--show", "korg_nanokontrol2").finish()
    assert status == 0
    assert out == (ROOT / "mappings" / "korg_nanokontrol2.toml").read_text(encoding="utf-8")


def test_the_picture_of_a_mapping_is_printed_by_its_name_the_users_first(desk: Desk) -> None:
    desk.file.parent.mkdir()
    desk.file.with_name("akai_midi_mix.toml").write_text(MAPPING)
    for name, title in (("korg_nanokontrol2", "Korg nanoKONTROL2"), ("akai_midi_mix", "Box")):
        status, out, _ = Command(desk, "controllers", "--picture", name).finish()
        assert status == 0
        assert f"<title>{title}: what its inputs do</title>" in out
    status, _, err = Command(desk, "controllers", "--picture", "korg_nanokontrol").finish()
    assert status == 2
    assert "korg_nanokontrol2" in err
    status, _, err = Command(desk, "controllers", "--picture", "nope").finish()
    names = err.split("there are: ")[1].strip().split(", ")
    assert names == sorted(names)
