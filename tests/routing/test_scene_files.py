"""Files of scenes, and of the scene that was active last."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.errors import ConfigError
from bridge.routing.active_scene_file import ActiveSceneFile
from bridge.routing.scene import ActiveScene, delete_scene, list_names, list_scenes, load_scene, save_scene
from tests.routing.simulated_server import DRUMS, VOCALS


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CONFIG_HOME_VARIABLE, str(tmp_path))
    return tmp_path


def test_a_scene_is_read_as_it_was_saved(home: Path) -> None:
    odd = ('say "hi":out\\1', "käse:in ' 2")
    save_scene("stage", {*DRUMS, odd})
    assert load_scene("stage").links == {*DRUMS, odd}
    assert list_names() == ["stage"]
    assert [path.name for path in (home / "scenes").iterdir()] == ["stage.toml"]


def test_its_file_is_written_for_hands() -> None:
    save_scene("stage", DRUMS)
    text = (Path(load_path("stage"))).read_text(encoding="utf-8")
    assert text == (
        "schema = 1\n"
        "links = [\n"
        '    {source = "sideman:drums_1", destination = "daw:drums L"},\n'
        '    {source = "sideman:drums_2", destination = "daw:drums R"},\n'
        "]\n"
    )


def load_path(name: str) -> Path:
    from bridge.config import user_dir

    return user_dir("scenes") / f"{name}.toml"


def test_saving_again_keeps_doc_and_comments() -> None:
    path = load_path("stage")
    path.parent.mkdir()
    path.write_text('# for the small stage\nschema = 1\ndoc = "two wedges"\nlinks = []\n', encoding="utf-8")
    save_scene("stage", VOCALS)
    text = path.read_text(encoding="utf-8")
    assert text.startswith('# for the small stage\nschema = 1\ndoc = "two wedges"\n')
    assert load_scene("stage").links == set(VOCALS)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("links = []\n", "stage.toml: schema: missing"),
        ("schema = 1\n", "stage.toml: links: missing"),
        ("schema = 1\nlinks = [\n", "stage.toml"),
        ('schema = 1\nlinks = [{ source = "a:b" }]\n', "stage.toml: links[0].destination: missing"),
        ('schema = 1\nlinks = [{ source = "a:b", destination = "c" }]\n', "stage.toml: links[0].destination: 'c' is"),
        ('schema = 1\nlinks = [{ source = "a:b", to = "c:d" }]\n', "stage.toml: links[0].to: unknown key"),
        ("schema = 1\nlinks = 7\n", "stage.toml: links"),
    ],
)
def test_a_broken_file_is_refused_with_its_place_and_stays_as_it_is(text: str, place: str) -> None:
    path = load_path("stage")
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_scene("stage")
    assert place in str(refused.value)
    assert refused.value.hint
    with pytest.raises(ConfigError):
        save_scene("stage", DRUMS)
    assert path.read_text(encoding="utf-8") == text
    [scene] = list_scenes()
    assert place in scene.problem


@pytest.mark.parametrize("name", ["", "a/b", "../up", "con", "x" * 65, ".hidden", "with space"])
def test_names_that_are_no_file_everywhere_are_refused(name: str) -> None:
    for use in (lambda: load_scene(name), lambda: save_scene(name, DRUMS), lambda: delete_scene(name)):
        with pytest.raises(ConfigError, match="cannot be a scene's name"):
            use()


def test_a_name_that_differs_in_case_alone_is_refused() -> None:
    save_scene("stage", DRUMS)
    with pytest.raises(ConfigError, match="there is a scene stage already"):
        save_scene("Stage", DRUMS)


def test_an_unknown_scene_is_refused_with_the_nearest_name() -> None:
    save_scene("stage", DRUMS)
    with pytest.raises(ConfigError, match=r"no scene is named stag; nearest: stage"):
        load_scene("stag")
    with pytest.raises(ConfigError, match="no scene is named stag"):
        delete_scene("stag")
    delete_scene("stage")
    assert list_names() == []


def test_the_active_scene_is_known_to_the_next_sidecar_of_the_same_server_and_name() -> None:
    save_scene("stage", {*DRUMS, *VOCALS})
    file = ActiveSceneFile("default", "sideman")
    assert file.load() is None
    file.save(ActiveScene("stage", frozenset((*DRUMS, *VOCALS)), frozenset(VOCALS)))
    found = ActiveSceneFile("default", "sideman").load()
    assert found == ActiveScene("stage", frozenset((*DRUMS, *VOCALS)), frozenset(VOCALS))
    assert ActiveSceneFile("studio", "sideman").load() is None
    file.save(None)
    assert file.load() is None


def test_what_was_cut_and_is_no_longer_in_the_scene_is_forgotten() -> None:
    save_scene("stage", {*DRUMS, *VOCALS})
    file = ActiveSceneFile("default", "sideman")
    file.save(ActiveScene("stage", frozenset((*DRUMS, *VOCALS)), frozenset(VOCALS)))
    save_scene("stage", DRUMS)
    assert file.load() == ActiveScene("stage", frozenset(DRUMS))


def test_a_scene_that_was_deleted_meanwhile_is_an_error_with_its_name() -> None:
    file = ActiveSceneFile("default", "sideman")
    file.save(ActiveScene("stage", frozenset(DRUMS)))
    with pytest.raises(ConfigError, match="no scene is named stage"):
        file.load()
