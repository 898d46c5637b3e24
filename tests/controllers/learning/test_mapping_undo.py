"""Undo of learned bindings: every byte is restored, and what a user wrote since is not overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.controllers.learning.mapping_editor import LearnDevice, MappingEditor
from bridge.errors import ConfigError
from tests.controllers.learning.learned_mapping import BOX, MUTE, VOCALS, describe, learn, make_device


def test_undo_restores_every_byte_one_change_after_the_other(box: Path, editor: MappingEditor) -> None:
    texts = [box.read_bytes()]
    for midi in ("cc 79", "cc 17", "cc 0", "note 36 ch 10"):
        binding = learn(midi) if midi.startswith("cc") else learn(midi, MUTE, button="latched")
        editor.add(binding, make_device(box))
        texts.append(box.read_bytes())
    assert len(set(texts)) == 5
    for text in texts[-2::-1]:
        assert editor.undo().path == box
        assert box.read_bytes() == text
    with pytest.raises(ConfigError, match="nothing is left to undo"):
        editor.undo()


def test_undo_of_the_first_binding_removes_the_file(folder: Path, editor: MappingEditor) -> None:
    path = editor.add(learn("cc 79"), make_device())
    assert editor.undo().path == path
    assert list(folder.iterdir()) == []
    assert editor.add(learn("cc 79"), make_device()) == path


def test_undo_drops_the_changes_of_a_file_that_was_deleted_and_goes_on_with_the_others(
    box: Path, editor: MappingEditor
) -> None:
    text = box.read_bytes()
    editor.add(learn("cc 79"), make_device(box))
    path = editor.add(learn("cc 1"), LearnDevice("Other", "Other MIDI 1"))
    editor.add(learn("cc 2"), LearnDevice("Other", "Other MIDI 1"))
    path.unlink()
    with pytest.raises(ConfigError, match=r"other\.toml: was deleted since"):
        editor.undo()
    undone = editor.undo()
    assert (undone.path, undone.control, undone.message) == (box, VOCALS, "cc 79 ch 1")
    assert box.read_bytes() == text
    with pytest.raises(ConfigError, match="nothing is left to undo"):
        editor.undo()


def test_undo_does_not_overwrite_what_a_user_changed_since(box: Path, editor: MappingEditor) -> None:
    editor.add(learn("cc 79"), make_device(box))
    box.write_text(box.read_text() + "# mine\n")
    with pytest.raises(ConfigError, match="was changed since"):
        editor.undo()
    assert box.read_text().endswith("# mine\n")


def test_a_file_that_a_user_changed_since_it_was_read_keeps_the_change(box: Path, editor: MappingEditor) -> None:
    device = make_device(box)
    box.write_text(BOX.replace("stems.drums.gain_db", "stems.other.gain_db"))
    editor.add(learn("cc 79"), device)
    assert describe(box)["cc 0 ch 1"] == "stems.other.gain_db"
