"""The store: models appear whole and go whole; hashes are checked before use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bridge.errors import ConfigError, ModelError
from engines.separation.models.chunked import PieceSeparator
from engines.separation.models.manifest import MANIFEST_FILE, Manifest
from engines.separation.models.model_loader import load_separator
from engines.separation.models.store import Model, ModelStore
from tests.engines.separation.models import graphs

SIX = ("drums", "bass", "other", "vocals", "guitar", "piano")
DEAD = 2**22 + 1
"""Above Linux's largest process number."""


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def manifest_of(folder: Path, name: str = "tiny") -> Manifest:
    path = graphs.write_stacked_graph(folder / "tiny.onnx", "mix", (1, 2, 160), (0.1, 0.2, 0.3, 0.1, 0.2, 0.1))
    return graphs.manifest_for(path, "htdemucs", SIX, name=name)


def add_model(store: ModelStore, folder: Path, name: str = "tiny") -> Model:
    manifest = manifest_of(folder, name)
    with store.open_draft(name) as draft:
        (draft.folder / "tiny.onnx").write_bytes((folder / "tiny.onnx").read_bytes())
        return draft.publish(manifest)


def test_an_empty_store_has_no_models_and_no_folder(store: ModelStore) -> None:
    assert store.list_names() == []
    assert store.list_entries() == []
    assert not store.folder.exists()


def test_what_was_added_is_listed_and_loaded(store: ModelStore, tmp_path: Path) -> None:
    model = add_model(store, tmp_path)
    assert [one.model for one in store.list_entries()] == [model]
    separator = load_separator("tiny", store)
    assert isinstance(separator, PieceSeparator)
    assert separator.name == "tiny"
    assert separator.stems == ("drums", "bass", "vocals", "other", "guitar", "piano")


def test_a_draft_is_never_seen(store: ModelStore, tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path)
    with store.open_draft("tiny") as draft:
        (draft.folder / "tiny.onnx").write_bytes((tmp_path / "tiny.onnx").read_bytes())
        (draft.folder / MANIFEST_FILE).write_text("half")
        assert store.list_names() == []
        assert list(store.folder.iterdir()) == [draft.folder]
        same = draft.folder.stat().st_ino
        draft.publish(manifest)
        assert store.list_names() == ["tiny"]
        # renamed in one step, not copied file by file
        assert (store.folder / "tiny").stat().st_ino == same
    assert [path.name for path in store.folder.iterdir()] == ["tiny"]


def test_a_draft_that_fails_leaves_nothing(store: ModelStore) -> None:
    with pytest.raises(ZeroDivisionError), store.open_draft("tiny") as draft:
        (draft.folder / "tiny.onnx").write_bytes(b"half")
        raise ZeroDivisionError
    assert list(store.folder.iterdir()) == []


def test_a_file_with_another_hash_is_not_published(store: ModelStore, tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path)
    with store.open_draft("tiny") as draft:
        (draft.folder / "tiny.onnx").write_bytes(b"other")
        with pytest.raises(ModelError, match="the SHA-256 is"):
            draft.publish(manifest)
    assert store.list_names() == []


def test_a_name_that_is_taken_is_refused_before_anything_is_fetched(store: ModelStore, tmp_path: Path) -> None:
    add_model(store, tmp_path)
    with pytest.raises(ModelError, match="there is a model 'tiny' already"), store.open_draft("tiny"):
        pytest.fail("the draft was opened")


def test_a_name_that_is_another_models_but_for_its_case_is_refused(store: ModelStore) -> None:
    (store.folder / "Tiny").mkdir(parents=True)
    with pytest.raises(ModelError, match="there is a model 'Tiny' already"), store.open_draft("tiny"):
        pass


@pytest.mark.parametrize("beyond", ["schema = " + "1" * 5000, "a." * 20000 + "a = 1", "a = " + "[" * 5000])
def test_a_manifest_beyond_the_bounds_leaves_the_others_listed(store: ModelStore, tmp_path: Path, beyond: str) -> None:
    add_model(store, tmp_path)
    (store.folder / "broken").mkdir()
    (store.folder / "broken" / MANIFEST_FILE).write_text(beyond)
    broken, tiny = store.list_entries()
    assert "line 1: " in broken.problem
    assert tiny.model is not None


def test_of_two_that_add_the_same_name_the_second_is_refused(store: ModelStore, tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path)
    content = (tmp_path / "tiny.onnx").read_bytes()
    with store.open_draft("tiny") as first, store.open_draft("tiny") as second:
        for draft in (first, second):
            (draft.folder / "tiny.onnx").write_bytes(content)
        first.publish(manifest)
        with pytest.raises(ModelError, match="there is a model 'tiny' already"):
            second.publish(manifest)
    assert store.get("tiny").get_path(manifest.parts[0]).read_bytes() == content


def test_what_a_killed_run_left_is_swept_and_a_living_one_s_is_not(store: ModelStore, tmp_path: Path) -> None:
    dead, living = (store.folder / f".adding-other.v1.{pid}.abcd" for pid in (DEAD, os.getpid()))
    going = store.folder / f".removing-other.{DEAD}.abcd"
    for folder in (dead, living, going):
        folder.mkdir(parents=True)
    add_model(store, tmp_path)
    assert not dead.exists()
    assert not going.exists()
    assert living.exists()


def test_a_removed_model_is_gone_with_its_files(store: ModelStore, tmp_path: Path) -> None:
    add_model(store, tmp_path)
    store.remove("tiny")
    assert list(store.folder.iterdir()) == []


def test_a_model_that_is_not_there_is_an_error_that_names_those_that_are(store: ModelStore, tmp_path: Path) -> None:
    add_model(store, tmp_path)
    for act in (store.get, store.remove):
        with pytest.raises(ModelError, match="no model 'tiyn'; models here: tiny"):
            act("tiyn")


@pytest.mark.parametrize("name", ["../tiny", "", ".", "/tmp", ".downloads"])
def test_a_name_cannot_lead_out_of_the_store(store: ModelStore, tmp_path: Path, name: str) -> None:
    add_model(store, tmp_path)
    store.downloads.mkdir()
    with pytest.raises(ModelError, match="no model"):
        store.remove(name)
    assert store.list_names() == ["tiny"]
    assert store.downloads.exists()


def test_a_changed_file_is_refused_before_it_is_used(store: ModelStore, tmp_path: Path) -> None:
    model = add_model(store, tmp_path)
    path = model.get_path(model.manifest.parts[0])
    # a working graph, but another one
    graphs.write_stacked_graph(path, "mix", (1, 2, 160), (0.9, 0.2, 0.3, 0.1, 0.2, 0.1))
    with pytest.raises(ModelError, match=r"tiny\.onnx: the SHA-256 is .*; remove tiny and add it again"):
        load_separator("tiny", store)


def test_a_missing_file_is_an_error_with_its_hint(store: ModelStore, tmp_path: Path) -> None:
    model = add_model(store, tmp_path)
    model.get_path(model.manifest.parts[0]).unlink()
    with pytest.raises(ModelError, match=r"cannot be read \(No such file or directory\); remove tiny and add it again"):
        load_separator("tiny", store)


def test_a_broken_manifest_is_listed_with_its_problem_and_can_be_removed(store: ModelStore, tmp_path: Path) -> None:
    (add_model(store, tmp_path).folder / MANIFEST_FILE).write_text("schema = 1\nnmae = 2\n")
    (one,) = store.list_entries()
    assert one.model is None
    assert "nmae: unknown key" in one.problem
    with pytest.raises(ConfigError):
        load_separator("tiny", store)
    store.remove("tiny")
    assert store.list_names() == []


def test_a_folder_renamed_by_hand_is_a_problem_that_is_listed(store: ModelStore, tmp_path: Path) -> None:
    add_model(store, tmp_path).folder.rename(store.folder / "renamed")
    assert "name: 'tiny' in a folder called 'renamed'" in store.list_entries()[0].problem
