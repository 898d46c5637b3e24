"""Plugins given instead of chains: paths, bundles, files inside, URIs and names, and what is none."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from bridge.errors import ConfigError
from chains.checks.check_run import find_target
from chains.checks.plugin_chain import is_plugin, make_plugin_chain
from chains.document.chain import Format, Member
from chains.document.plugin_locations import find_plugin

MANIFEST = """
@prefix lv2: <http://lv2plug.in/ns/lv2core#> .
<urn:test:One>
    a lv2:Plugin ;
    lv2:binary <One.so> .
<urn:test:Two> a lv2:Plugin .
<urn:test:One#preset> a <http://lv2plug.in/ns/ext/presets#Preset> .
"""


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/usr/lib/vst3/A.vst3", True), ("A.vst3/Contents/x86_64-linux/A.so", True), ("a-vst.so", True),
        ("urn:zamaudio:ZamComp", True), ("http://lv2.example/plugin", True), ("A.component", True),
        ("warm-bus", False), ("./warm.toml", False), ("folder/warm.toml", False),
    ],
)  # fmt: skip
def test_plugins_are_distinguished_from_chains(target: str, expected: bool) -> None:
    assert is_plugin(target) is expected


def test_a_uri_is_an_lv2() -> None:
    (member,) = make_plugin_chain("urn:zamaudio:ZamComp").members
    assert (member.format, member.id, member.plugin) == ("lv2", "urn:zamaudio:ZamComp", "ZamComp")


@pytest.mark.parametrize("inside", ["", "Contents/x86_64-linux/My Gain.so"])
def test_a_bundle_and_the_file_inside_are_the_same_plugin(tmp_path: Path, inside: str) -> None:
    bundle = tmp_path / "My Gain.vst3"
    library = bundle / "Contents/x86_64-linux/My Gain.so"
    library.parent.mkdir(parents=True)
    library.touch()
    (member,) = make_plugin_chain(str(bundle / inside)).members
    assert (member.format, member.plugin) == ("vst3", "My Gain")
    assert [path for paths in member.paths.values() for path in paths] == [str(bundle / inside)]


def test_a_vst2_loses_the_ending_of_debian(tmp_path: Path) -> None:
    (tmp_path / "ZamComp-vst.so").touch()
    (member,) = make_plugin_chain(str(tmp_path / "ZamComp-vst.so")).members
    assert (member.format, member.plugin) == ("vst2", "ZamComp")


def test_a_bundle_of_several_lv2_needs_a_name(tmp_path: Path) -> None:
    bundle = tmp_path / "two.lv2"
    bundle.mkdir()
    (bundle / "manifest.ttl").write_text(MANIFEST, encoding="utf-8")
    assert make_plugin_chain(str(bundle), "Two").members[0].id == "urn:test:Two"
    with pytest.raises(ConfigError, match="urn:test:One, urn:test:Two"):
        make_plugin_chain(str(bundle))


@pytest.mark.parametrize("target", ["/nowhere/A.vst3", "/nowhere/a.lv2", "NoSuchPluginAnywhere"])
def test_a_missing_plugin_is_an_error_with_a_fix(target: str) -> None:
    with pytest.raises(ConfigError) as error:
        make_plugin_chain(target)
    assert error.value.hint


def test_another_format_than_that_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "A.vst3").mkdir()
    with pytest.raises(ConfigError, match="a VST3, not lv2"):
        make_plugin_chain(str(tmp_path / "A.vst3"), format="lv2")


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A VST2 Bare, a VST3 Both that is an LV2 too, and two LV2 of one name; nothing else is looked at."""
    monkeypatch.setattr("chains.document.plugin_locations.FOLDERS", {})
    for variable, kind in (("VST3_PATH", "vst3"), ("VST_PATH", "vst"), ("LV2_PATH", "lv2")):
        (tmp_path / kind).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / kind))
    (tmp_path / "vst3" / "Both.vst3").mkdir()
    (tmp_path / "vst" / "Bare_vst.so").touch()
    for file, uri in (("a", "urn:x:Both"), ("b", "urn:x:Same"), ("c", "http://y/Same")):
        bundle = tmp_path / "lv2" / f"{file}.lv2"
        bundle.mkdir()
        (bundle / "manifest.ttl").write_text(f"<{uri}> a lv2:Plugin .", encoding="utf-8")


def test_a_check_takes_the_name_of_an_installed_plugin_where_no_chain_has_it(folders: None) -> None:
    target = find_target("both")
    assert (target.is_file, target.chain.members[0].format) == (False, "vst3")
    with pytest.raises(ConfigError, match="no chain is named 'Bath', and no plugin Bath is installed") as caught:
        find_target("Bath")
    assert "did you mean Both?" in caught.value.hint
    assert find_target("mix-glue").is_file


def test_an_lv2_that_is_not_installed_is_named_with_the_nearest_uri(folders: None) -> None:
    with pytest.raises(ConfigError, match=r"no LV2 plugin Bath \(urn:x:Bath\) is installed") as caught:
        find_plugin(Member(plugin="Bath", format="lv2", id="urn:x:Bath"))
    assert "did you mean urn:x:Both?" in caught.value.hint


@pytest.mark.parametrize(
    ("target", "format", "found"),
    [
        ("Both", "", ("vst3", "")),
        ("both", "lv2", ("lv2", "urn:x:Both")),
        ("Bare", "", ("vst2", "")),
    ],
)
def test_a_name_is_looked_for_in_every_format(
    folders: None, target: str, format: Format | Literal[""], found: tuple[str, str]
) -> None:
    (member,) = make_plugin_chain(target, format=format).members
    assert (member.format, member.id) == found


@pytest.mark.parametrize(
    ("target", "format", "message", "hint"),
    [
        ("Bare", "vst3", "not installed as VST3, but as VST2", "--format vst2"),
        ("Same", "lv2", "2 LV2 plugins", "urn:x:Same, http://y/Same"),
        ("Bore", "", "no plugin Bore is installed (VST3, VST2, LV2)", "did you mean Bare?"),
        ("Xyz", "lv2", "no plugin Xyz is installed (LV2)", "URI"),
    ],
)
def test_a_name_that_is_not_there_gets_the_way_out(
    folders: None, target: str, format: Format | Literal[""], message: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        make_plugin_chain(target, format=format)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "in the chain" not in caught.value.hint
