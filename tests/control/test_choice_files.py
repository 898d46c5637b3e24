"""Choice files: a chain that is made, changed or deleted while Sideman runs is so on every surface at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.control import preset
from bridge.control.bus import Bus
from bridge.control.choice_files import ChoiceFiles
from bridge.control.insert_controls import CHAIN_CONTROLS
from bridge.control.preset_lookup import list_presets
from bridge.control.preset_service import PresetService
from bridge.control.sidecar import make_sidecar_registry
from bridge.core.control import Control
from bridge.core.file_choice import FileChoice
from bridge.errors import ConfigError, ControlError, EngineError
from bridge.file_stamps import Stamp, stamp_files
from tests.waiting import until

MIX = "inserts.mix.chain"
MOST = 4
CHAINS = "insert.chain"


class FolderLibrary:
    """A library whose choices are the files of a folder; one with text in it is broken."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.listings = folder, 0
        self.problem = ""
        self.obstacles: dict[str, str] = {}

    def list_choices(self) -> tuple[FileChoice, ...]:
        self.listings += 1
        if self.problem:
            raise EngineError(self.problem)
        files = sorted(self.folder.glob("*"))
        obstacles = self.obstacles
        return tuple(
            FileChoice(
                one.name, str(one), one.read_text(), "correct it", obstacles.get(one.name, ""), f"Does {one.name}."
            )
            for one in files
        )

    def stamp_files(self) -> tuple[Stamp, ...]:
        return stamp_files(self.folder)


class Choices:
    """A Bus with the chains "b" and "d" at its start, and what was logged of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.library = folder, FolderLibrary(folder)
        self.make("b", "d")
        self.bus = Bus(make_sidecar_registry({}, ("b", "d")))
        self.files = ChoiceFiles(self.bus, CHAIN_CONTROLS, self.library, MOST, CHAINS)
        self.files.update()

    def make(self, *names: str, problem: str = "") -> None:
        for name in names:
            (self.folder / name).write_text(problem)

    def delete(self, name: str) -> None:
        (self.folder / name).unlink()

    @property
    def control(self) -> Control:
        return self.bus.registry.get_control(MIX)

    @property
    def revisions(self) -> int:
        return self.bus.registry.revision


@pytest.fixture
def choices(tmp_path: Path) -> Choices:
    folder = tmp_path / "library"
    folder.mkdir()
    return Choices(folder)


@pytest.fixture
def watched(choices: Choices) -> Iterator[Choices]:
    with choices.files:
        yield choices


def test_a_new_chain_can_be_chosen_by_its_word_at_once_at_every_point(choices: Choices) -> None:
    choices.make("a")
    for name in CHAIN_CONTROLS:
        number = choices.bus.set(name, "a", "osc")
        assert choices.bus.registry.get_control(name).choices[int(number)] == "a"
    assert choices.bus.get_latest("registry") == (choices.revisions,)


def test_no_chain_changes_its_number_while_sideman_runs(choices: Choices) -> None:
    choices.bus.set(MIX, "d", "osc")
    choices.make("a")
    choices.files.update()
    choices.delete("b")
    choices.files.update()
    choices.make("c")
    choices.files.update()
    assert choices.control.choices == ("off", "b", "d", "a", "c")
    assert (choices.control.available_choices, choices.control.unavailable_numbers) == (("off", "d", "a", "c"), (1,))
    assert choices.bus.get(MIX) == 2
    choices.make("b")
    choices.files.update()
    assert choices.control.choices.index("b") == choices.bus.set(MIX, "b", "osc") == 1


@pytest.mark.parametrize("value", ["b", 1])
def test_a_deleted_chain_plays_on_where_it_is_chosen_and_can_be_chosen_nowhere_else(
    choices: Choices, value: object
) -> None:
    choices.bus.set(MIX, "b", "osc")
    choices.delete("b")
    choices.files.update()
    assert choices.bus.get(MIX) == 1, "it plays on"
    choices.bus.set_all({MIX: value, "stems.dry": 1}, "recall")  # all controls as they are
    with pytest.raises(ControlError, match=r"b cannot be chosen: .*library/b is gone; put the file back") as error:
        choices.bus.set_all({"inserts.drums.chain": value, "stems.dry": 0}, "osc")
    assert "inserts.drums.chain" in str(error.value)
    assert choices.bus.get("stems.dry") == 1, "nothing was set"
    choices.bus.set(MIX, "off", "osc")
    with pytest.raises(ControlError, match="is gone"):
        choices.bus.set(MIX, value, "osc")


def test_a_chain_with_an_error_in_its_file_is_refused_with_the_error_until_it_is_corrected(
    choices: Choices, caplog: pytest.LogCaptureFixture
) -> None:
    choices.make("b", "new", problem="b: line 3: no such effect")
    for name in ("b", "new"):
        with pytest.raises(ControlError, match="cannot be chosen: b: line 3: no such effect; correct it"):
            choices.bus.set(MIX, name, "osc")
    assert caplog.text.count("line 3") == 2, "each is logged once"
    choices.make("b", "new")
    assert [choices.bus.set(MIX, name, "osc") for name in ("b", "new")] == [1, 3]


def test_an_unknown_word_is_an_error_with_the_chains_that_there_are_now(choices: Choices) -> None:
    choices.make("a")
    choices.delete("d")
    with pytest.raises(ControlError, match=r"'x' is not a value of it; give one of off, b, a$"):
        choices.bus.set(MIX, "x", "osc")


def test_more_chains_than_can_be_listed_are_refused_with_the_way_out(choices: Choices) -> None:
    choices.make(*"efgh")
    choices.files.update()
    assert choices.control.choices == ("off", "b", "d", "e", "f")
    with pytest.raises(ControlError, match="g cannot be chosen: more than 4 files"):
        choices.bus.set(MIX, "g", "osc")


def test_files_are_listed_only_where_one_has_changed_and_no_change_is_published_for_none(choices: Choices) -> None:
    before = choices.library.listings, choices.revisions
    for _ in range(3):
        choices.bus.set(MIX, "b", "osc")
        choices.bus.set(MIX, "off", "osc")
        choices.files.update()
    assert (choices.library.listings, choices.revisions) == before
    choices.make("a", "c")
    choices.files.update()
    assert (choices.library.listings, choices.revisions) == (before[0] + 1, before[1] + 1), (
        "one for both, and six controls"
    )


def test_files_that_cannot_be_listed_leave_the_choices_and_are_logged_once(
    choices: Choices, caplog: pytest.LogCaptureFixture
) -> None:
    choices.make("a")
    choices.library.problem = "the folder cannot be read"
    choices.files.update()
    choices.files.update()
    assert choices.control.available_choices == ("off", "b", "d")
    assert caplog.text.count("cannot be read") == 1
    choices.library.problem = ""
    assert choices.bus.set(MIX, "a", "osc") == 3


def test_the_list_follows_the_folder_without_anybody_asking(watched: Choices) -> None:
    watched.make("a")
    until("the new one is there", lambda: "a" in watched.control.available_choices)
    watched.delete("b")
    until("the deleted one is not", lambda: "b" not in watched.control.available_choices)


def test_a_preset_finds_a_chain_that_was_made_a_moment_ago_and_refuses_one_that_is_gone(
    choices: Choices, tmp_path: Path
) -> None:
    path = tmp_path / "glued.toml"
    path.write_text('schema = 1\nname = "glued"\n[controls]\ninserts.mix.chain = "a"\n')
    registry = choices.bus.registry
    with pytest.raises(ConfigError, match="'a' is not a value"):
        preset.load(path, registry)
    choices.make("a")
    preset.apply(preset.load(path, registry), choices.bus)
    choices.delete("a")
    with pytest.raises(ConfigError, match=r"glued.toml: controls.inserts.mix.chain: a cannot be chosen: .*/a is gone"):
        preset.load(path, registry)
    preset.save(choices.bus, path)
    assert preset.read(path, registry).values[MIX] == 3, "what plays can be saved: the file may come back"


def test_the_list_of_presets_says_which_one_names_a_chain_that_is_gone(
    choices: Choices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "glued.toml").write_text('schema = 1\nname = "g"\n[controls]\ninserts.mix.chain = "b"\n')
    choices.delete("b")
    problems = {one.name: one.problem for one in list_presets(choices.bus.registry)}
    assert "is gone" in problems["glued"]


def test_each_chain_has_a_row_with_what_it_does_and_why_it_cannot_run_live(choices: Choices) -> None:
    assert choices.bus.get_rows(CHAINS) == (("b", "", "Does b."), ("d", "", "Does d."))
    choices.library.obstacles = {"a": "it needs a tempo"}
    choices.make("a")
    choices.delete("d")
    choices.make("b", problem="it is broken")
    choices.files.update()
    assert choices.bus.get_rows(CHAINS) == (("a", "it needs a tempo", "Does a."),)


def test_loading_a_preset_returns_its_chains_that_cannot_run_live(
    choices: Choices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    (tmp_path / "presets").mkdir()
    chains = f'{MIX} = "b"\ninserts.bass.chain = "a"\ninserts.drums.chain = "off"\n'
    (tmp_path / "presets" / "mine.toml").write_text(f'schema = 1\nname = "mine"\n[controls]\n{chains}')
    choices.library.obstacles = {"a": "it needs a tempo"}
    choices.make("a")
    assert PresetService(choices.bus).load("mine") == [("inserts.bass.chain", "a", "it needs a tempo")]
    assert choices.bus.get(MIX) == 1
