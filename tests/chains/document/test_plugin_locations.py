"""Plugin locations: a plugin is found by its name, its URI or a path, and an error says what was tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import ConfigError
from chains.document.chain import Member
from chains.document.plugin_locations import expand_path, find_plugin, get_vst3_folder, is_installed, list_folders

BINARY = f"Contents/{get_vst3_folder('linux')}"


def make_bundle(folder: Path, name: str, inside: str = BINARY) -> Path:
    bundle = folder / f"{name}.vst3"
    (bundle / inside).mkdir(parents=True)
    (bundle / inside / f"{name}.so").touch()
    return bundle


def find(member: Member, folder: Path) -> Path:
    """Find in ``folder`` alone, which takes the place of the home folder."""
    return find_plugin(member, "linux", {"HOME": str(folder)})


def make_member(*paths: str, plugin: str = "Comp", format: str = "vst3", id: str = "") -> Member:
    return Member(plugin=plugin, format=format, id=id, paths={"linux": paths} if paths else {})  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["~/x/Comp.vst3", f"~/x/Comp.vst3/{BINARY}/Comp.so", "$HOME/x", "%HOME%/x/Comp.vst3"])
def test_a_path_may_be_the_bundle_the_file_in_it_or_the_folder_it_is_in(tmp_path: Path, path: str) -> None:
    bundle = make_bundle(tmp_path / "x", "Comp")
    assert find(make_member(path), tmp_path) == bundle


def test_a_path_may_lead_to_a_bundle_of_another_name(tmp_path: Path) -> None:
    """Bundles with several plugins are called like none of them."""
    bundle = make_bundle(tmp_path, "Suite")
    assert find(make_member("~/Suite.vst3"), tmp_path) == bundle


def test_a_bundle_that_lists_the_plugin_among_its_classes_is_found(tmp_path: Path) -> None:
    suite = make_bundle(tmp_path / ".vst3", "Suite")
    (suite / "Contents" / "Resources").mkdir()
    (suite / "Contents" / "Resources" / "moduleinfo.json").write_text(
        '{"Classes": [{"Name" : "Comp"}, {"Name": "EQ"}]}'
    )
    assert find(make_member(), tmp_path) == suite
    with pytest.raises(ConfigError):
        find(make_member(plugin="Reverb"), tmp_path)


@pytest.mark.parametrize("name", ["Comp", "comp", "C-om p", "C_omp"])
def test_the_systems_folders_are_searched_by_name_and_vendors_folders_too(tmp_path: Path, name: str) -> None:
    bundle = make_bundle(tmp_path / ".vst3" / "Vendor" / "Effects", name)
    assert find(make_member(), tmp_path) == bundle


def test_a_path_of_the_chain_comes_first_and_a_wrong_one_is_no_end(tmp_path: Path) -> None:
    installed, other = make_bundle(tmp_path / ".vst3", "Comp"), make_bundle(tmp_path / "new", "Comp")
    assert find(make_member("~/new/Comp.vst3"), tmp_path) == other
    assert find(make_member("~/gone/Comp.vst3"), tmp_path) == installed


def test_a_bundle_for_another_system_is_named_as_such(tmp_path: Path) -> None:
    make_bundle(tmp_path / ".vst3", "Comp", "Contents/x86_64-win")
    with pytest.raises(ConfigError, match=r"Comp.vst3 \(is for x86_64-win, not .*-linux\)"):
        find(make_member(), tmp_path)


def test_an_error_names_what_was_tried_the_nearest_and_the_way_out(tmp_path: Path) -> None:
    make_bundle(tmp_path / ".vst3", "Comp 2")
    with pytest.raises(ConfigError) as caught:
        find(make_member("~/gone.vst3", plugin="Comp 3"), tmp_path)
    assert f"no VST3 plugin Comp 3 is installed; tried {tmp_path}/gone.vst3, {tmp_path}/.vst3" in caught.value.message
    assert "did you mean Comp 2?" in caught.value.hint
    assert "paths = {linux = " in caught.value.hint


@pytest.mark.parametrize("file", ["Comp.so", "Comp-vst.so", "comp_vst.so"])
def test_a_vst2_is_found_by_the_names_that_packagers_give(tmp_path: Path, file: str) -> None:
    (tmp_path / ".vst").mkdir()
    (tmp_path / ".vst" / file).touch()
    assert find(make_member(format="vst2"), tmp_path) == tmp_path / ".vst" / file


def test_a_vst2_in_a_folder_is_the_library_in_it(tmp_path: Path) -> None:
    """DawDreamer loads the library, not the folder."""
    library = tmp_path / ".vst" / "Comp.vst" / "Comp.so"
    library.parent.mkdir(parents=True)
    library.touch()
    assert find(make_member(format="vst2"), tmp_path) == library
    assert find(make_member(str(library), format="vst2"), tmp_path) == library


def test_an_lv2_is_found_by_its_uri(tmp_path: Path) -> None:
    bundle = tmp_path / ".lv2" / "any.lv2"
    bundle.mkdir(parents=True)
    (bundle / "manifest.ttl").write_text("<urn:x:Comp2> a lv2:Plugin .")
    assert find(make_member(format="lv2", id="urn:x:Comp2"), tmp_path) == bundle
    with pytest.raises(ConfigError, match="urn:x:Comp"):
        find(make_member(format="lv2", id="urn:x:Comp"), tmp_path)


def test_an_environment_variable_comes_before_the_systems_folders(tmp_path: Path) -> None:
    folders = list_folders("lv2", "linux", {"LV2_PATH": f"{tmp_path}:/opt/lv2", "HOME": "/home/x"})
    assert [str(one) for one in folders[:3]] == [str(tmp_path), "/opt/lv2", "/home/x/.lv2"]


def test_an_audio_unit_is_on_macos_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="AU plugins are on macOS alone"):
        find(make_member(format="au"), tmp_path)


def test_a_variable_that_is_not_set_stays_in_the_path() -> None:
    assert expand_path("%NONE%/x", {}) == Path("%NONE%/x")


def test_what_is_no_plugin_needs_none() -> None:
    assert is_installed(Member(effect="Gain"))
    assert not is_installed(make_member(plugin="No such plugin at all"))


@pytest.mark.parametrize(
    ("system", "machine", "folder"),
    [
        ("linux", "x86_64", "x86_64-linux"),
        ("linux", "aarch64", "aarch64-linux"),
        ("windows", "AMD64", "x86_64-win"),
        ("windows", "ARM64", "arm64-win"),
        ("macos", "arm64", "MacOS"),
    ],
)
def test_a_bundles_folder_for_a_system_is_that_of_the_vst3_documentation(
    system: str, machine: str, folder: str
) -> None:
    assert get_vst3_folder(system, machine) == folder
