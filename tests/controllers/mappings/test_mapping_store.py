"""Mapping store: a file that is refused leaves the last good mapping; changes are seen; nothing else is read again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.control.registry import Registry
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_reader import never, read_mapping
from bridge.controllers.mappings.mapping_store import MappingStore
from bridge.controllers.ports.port_assignment import assign_ports

GOOD = """
schema = 1
name = "Two faders"
[device]
input.linux = ["Two faders"]
[[input]]
midi = "cc 1-2"
encoder = "absolute"
set = ["stems.drums.gain_db", "stems.bass.gain_db"]
"""
BROKEN = GOOD.replace("stems.bass.gain_db", "stems.bas.gain_db")
OTHER = GOOD.replace("cc 1-2", "cc 3-4")


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    (tmp_path / "mappings").mkdir()
    return tmp_path / "mappings"


@pytest.fixture
def registry() -> Registry:
    return make_sidecar_registry({})


def write(path: Path, text: str) -> None:
    """As an editor that replaces the file; two writes within the clock's resolution differ in inode or size."""
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(path)


def numbers(store: MappingStore, name: str = "two_faders") -> list[int]:
    return [one.message.number for one in store.mappings[name].inputs]


def test_a_mapping_of_the_user_is_read_and_seen_when_it_changes(folder: Path, registry: Registry) -> None:
    store = MappingStore(registry, never)
    store.update()
    assert "two_faders" not in store.mappings
    write(folder / "two_faders.toml", GOOD)
    assert store.update()
    assert numbers(store) == [1, 2]
    write(folder / "two_faders.toml", OTHER)
    assert store.update()
    assert numbers(store) == [3, 4]
    (folder / "two_faders.toml").unlink()
    assert store.update()
    assert "two_faders" not in store.mappings


def test_a_broken_file_leaves_the_last_good_one_and_says_where_and_what(
    folder: Path, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    store = MappingStore(registry, never)
    write(folder / "two_faders.toml", GOOD)
    store.update()
    good = store.mappings["two_faders"]
    with caplog.at_level(logging.WARNING):
        write(folder / "two_faders.toml", BROKEN)
        assert store.update()
        store.reload()
    assert store.mappings["two_faders"] is good
    problem = store.problems["two_faders"]
    assert "two_faders.toml" in problem
    assert "input 1" in problem
    assert "stems.bass.gain_db" in problem  # the fix
    assert len([record for record in caplog.records if "last good one stays" in record.message]) == 1
    write(folder / "two_faders.toml", OTHER)
    store.update()
    assert numbers(store) == [3, 4]
    assert "two_faders" not in store.problems


def test_a_file_that_is_broken_at_the_start_leaves_the_shipped_one_of_its_name(
    folder: Path, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    (shipped / "two_faders.toml").write_text(GOOD)
    monkeypatch.setattr("importlib.resources.files", lambda _name: shipped)
    write(folder / "two_faders.toml", BROKEN)
    write(folder / "unheard_of.toml", BROKEN)
    store = MappingStore(registry, never)
    store.update()
    assert numbers(store) == [1, 2]
    assert "unheard_of" not in store.mappings
    assert store.problems.keys() == {"two_faders", "unheard_of"}


def test_what_did_not_change_is_not_read_again_and_stays_the_same_object(
    folder: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "two_faders.toml", GOOD)
    write(folder / "other.toml", GOOD)
    store = MappingStore(registry, never)
    store.update()
    before, read = store.mappings["two_faders"], list[Path]()

    def read_and_note(path: Path, registry: Registry, is_known: Callable[[str], bool]) -> Mapping:
        read.append(path)
        return read_mapping(path, registry, is_known)

    monkeypatch.setattr("bridge.controllers.mappings.mapping_store.read_mapping", read_and_note)
    assert not store.update()
    assert read == []
    write(folder / "other.toml", OTHER)
    assert store.update()
    assert [path.name for path in read] == ["other.toml"]
    assert not store.reload()
    assert store.mappings["two_faders"] is before


def test_an_entry_of_an_engine_that_is_off_is_left_out(folder: Path, registry: Registry) -> None:
    write(folder / "two_faders.toml", GOOD.replace("stems.bass.gain_db", "accompaniment.band.swing"))
    store = MappingStore(registry, lambda name: name == "accompaniment.band.swing")
    store.update()
    assert numbers(store) == [1]
    assert store.mappings["two_faders"].inactive == ("accompaniment.band.swing",)


def test_a_copy_of_a_shipped_mapping_under_a_name_of_its_own_goes_first(folder: Path, registry: Registry) -> None:
    store = MappingStore(registry, lambda _name: True)
    store.update()
    shipped = next(iter(store.mappings))
    text = GOOD.replace('"Two faders"]', '"Two faders", "MIDI Mix"]')
    write(folder / "zz_mine.toml", text)
    write(folder / "two_faders.toml", GOOD)
    assert store.update() and list(store.mappings)[:3] == ["two_faders", "zz_mine", shipped]
    found = assign_ports(list(store.mappings.values()), ["MIDI Mix"], [], "linux")
    assert [mapping.path for mapping, _ in found] == [store.mappings["zz_mine"].path]


def test_a_repaired_file_is_said_though_the_mapping_is_the_one_that_was_kept(
    folder: Path, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    write(folder / "two_faders.toml", GOOD)
    store = MappingStore(registry, never)
    store.update()
    write(folder / "two_faders.toml", BROKEN)
    store.update()
    write(folder / "two_faders.toml", GOOD)
    store.update()
    (folder / "two_faders.toml").unlink()
    store.update()
    write(folder / "two_faders.toml", GOOD)
    store.update()
    said = [record.message for record in caplog.records if record.levelno == logging.INFO]
    assert said == [f"mapping two_faders: {what}" for what in ("read again", "removed", "read")]


def test_a_mapping_follows_the_choices_of_its_controls(folder: Path) -> None:
    registry = make_sidecar_registry({}, ("glue",))
    entry = '[[input]]\nmidi = "note 1"\nbutton = "momentary"\nset = "inserts.mix.chain"\n'
    write(folder / "knob.toml", GOOD + entry + "step = 1\n")
    write(folder / "room.toml", GOOD + entry + 'value = "room"\n')
    write(folder / "two_faders.toml", GOOD)
    store = MappingStore(registry, never)
    store.update()
    assert "room" in store.problems
    other = store.mappings["two_faders"]
    control = registry.get_control("inserts.mix.chain").add_user_choices(("room",))
    registry.replace([control])
    assert store.update()
    assert not {"knob", "room", "two_faders"} & store.problems.keys()
    assert control in [getattr(one.target, "control", None) for one in store.mappings["knob"].inputs]
    assert store.mappings["two_faders"] is other
    assert not store.update()
