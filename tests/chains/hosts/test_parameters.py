"""Tests of parameters: by name, in their units, read back; what does not fit is an error that names it."""

from __future__ import annotations

import pytest

from chains.document.chain import Chain, Member, ParameterValue
from chains.process.messages import ParameterFacts
from chains.process.verdict import HostVerdict, PluginError
from tests.chains.hosts.host_session import HostSession, make_impulse, make_noise, measure_difference_db
from tests.chains.hosts.test_alignment import make_fixture
from tests.chains.plugins import FixturePlugin, InstalledPlugin, hyphenate_class_id

FORMATS = [
    ("vst3", "", "pedalboard"),
    ("vst3", "", "dawdreamer"),
    ("vst2", "", "auto"),
    ("lv2", "urn:zamaudio:ZamCompX2", "auto"),
]


def make_compressor(parameters: dict[str, ParameterValue], format: str = "vst3", id: str = "") -> Member:
    return Member(name="comp", plugin="ZamCompX2", format=format, id=id, parameters=parameters)  # type: ignore[arg-type]


def read(hosts: HostSession, member: str) -> dict[str, ParameterFacts]:
    return {one.name: one for one in hosts.process.read_parameters(member).parameters}


@pytest.mark.parametrize(("format", "id", "host"), FORMATS)
def test_values_are_set_in_their_units_and_by_text_in_every_format(
    hosts: HostSession, installed_plugin: InstalledPlugin, format: str, id: str, host: str
) -> None:
    installed_plugin("ZamCompX2", format)
    # of an LV2 the host knows no units
    makeup = "3" if format == "lv2" else "3 dB"
    wanted: dict[str, ParameterValue] = {"Threshold": -20.0, "Ratio": "10:1", "Makeup": makeup, "Sidechain": True}
    hosts.load(make_compressor(wanted, format, id), host=host)
    found = read(hosts, "comp")
    assert found["Threshold"].raw == pytest.approx(0.75, abs=2**-23)
    assert float(found["Ratio"].text.split()[0]) == pytest.approx(10.0, abs=19 * 2**-22)
    assert float(found["Makeup"].text.split()[0]) == pytest.approx(3.0, abs=30 * 2**-22)
    assert found["Sidechain"].raw == 1.0


@pytest.mark.parametrize("name", ["Stereo Detection", "stereo_detection", "threshold_db", "Threshold"])
def test_pedalboard_s_own_names_are_taken_too(hosts: HostSession, installed_plugin: InstalledPlugin, name: str) -> None:
    installed_plugin("ZamCompX2", "vst3")
    hosts.load(make_compressor({name: 0.0}))


REFUSED = [
    ("Treshold", "-20", "no parameter 'Treshold'", "did you mean Threshold?"),
    ("Threshold", "20", "Threshold does not take '20'", "-80 to 0 dB"),
    ("Threshold", "loud", "Threshold does not take 'loud'", "-80 to 0 dB"),
    ("Threshold", "-20 ms", "ms is not its unit", "write the value in dB"),
    ("Attack", "10 s", "s is not its unit", "write the value in ms"),
    ("Ratio", "3 dB", "dB is not its unit", "write the number alone"),
    ("Gain Reduction", "3", "'Gain Reduction' is not to be set", "meter"),
    ("Buffer Size", "64", "'Buffer Size' is not to be set", "about the host"),
    ("Program", "1", "no parameter 'Program'", "there are: Attack"),
    ("Current Program", "1", "'Current Program' changes the program", "keep it as state"),
]
"""Name, value, and what the error says; while a chain is loaded, because a refused load costs a new process."""


@pytest.mark.parametrize("host", ["pedalboard", "dawdreamer"])
def test_what_does_not_fit_is_refused_with_parameter_and_fix(
    hosts: HostSession, installed_plugin: InstalledPlugin, host: str
) -> None:
    installed_plugin("ZamCompX2", "vst3")
    hosts.load(make_compressor({}), host=host)
    for name, value, message, hint in REFUSED:
        with pytest.raises(PluginError) as caught:
            hosts.process.read_parameters("comp", {name: value})
        assert caught.value.verdict is HostVerdict.REFUSED
        assert (caught.value.plugin, caught.value.step) == ("comp", "parameters")
        assert message in caught.value.message
        assert hint in caught.value.hint


def test_a_built_in_effect_takes_a_text_in_its_unit(hosts: HostSession) -> None:
    texts: dict[str, ParameterValue] = {"threshold_db": "-22 dB", "ratio": "4:1", "attack_ms": "5", "release_ms": 80.0}
    hosts.load(Member(effect="Compressor", name="comp", parameters=texts))
    found = read(hosts, "comp")
    assert {name: one.text for name, one in found.items()} == {
        "threshold_db": "-22", "ratio": "4", "attack_ms": "5", "release_ms": "80"
    }  # fmt: skip
    with pytest.raises(PluginError, match="ms is not its unit"):
        hosts.process.read_parameters("comp", {"threshold_db": "-22 ms"})


def test_a_chain_with_a_value_that_does_not_fit_is_not_loaded(
    hosts: HostSession, installed_plugin: InstalledPlugin
) -> None:
    installed_plugin("ZamCompX2", "vst3")
    with pytest.raises(PluginError, match=r"Threshold does not take 20") as caught:
        hosts.load(make_compressor({"Threshold": 20.0}))
    assert (caught.value.plugin, caught.value.step) == ("comp", "parameters")


def test_a_raw_value_out_of_range_is_refused(hosts: HostSession, installed_plugin: InstalledPlugin) -> None:
    installed_plugin("ZamCompX2", "vst3")
    hosts.load(make_compressor({}))
    for name in ("Threshold", "Output Level", "Nothing"):
        for raw in (-0.1, 1.5):
            with pytest.raises(PluginError, match=name):
                hosts.process.read_parameters("comp", {name: raw})


def test_both_channels_of_a_mono_plugin_get_its_parameters(
    hosts: HostSession, installed_plugin: InstalledPlugin
) -> None:
    installed_plugin("ZamComp", "vst3")
    noise = make_noise(9000)
    noise[1] = noise[0]
    member = Member(plugin="ZamComp", format="vst3", parameters={"Threshold": -40.0, "Ratio": 20.0})
    rendered = hosts.render(Chain(members=(member,)), noise)
    facts = rendered.loaded.members[0]
    assert (facts.layout, facts.warnings) == ("double", ("mono: loaded once for each channel",))
    assert measure_difference_db(rendered.audio[:1], rendered.audio[1:]) == -240.0
    assert measure_difference_db(rendered.audio, noise) > -30.0


@pytest.mark.parametrize("host", ["pedalboard", "dawdreamer"])
def test_layouts_that_do_not_fit_are_refused(hosts: HostSession, installed_plugin: InstalledPlugin, host: str) -> None:
    installed_plugin("ZamComp", "vst3")
    for plugin, layout in (("ZamComp", "stereo"), ("ZamCompX2", "double")):
        with pytest.raises(PluginError, match=plugin):
            hosts.load(Member(plugin=plugin, format="vst3", layout=layout), host=host)  # type: ignore[arg-type]


def test_a_plugin_is_chosen_by_name_where_a_bundle_has_several(
    hosts: HostSession, fixture_plugin: FixturePlugin
) -> None:
    path = str(fixture_plugin("two_classes"))
    names = ("Fixture two_classes", "Fixture two_classes half")
    members = [
        Member(name=str(one), plugin=name, format="vst3", paths={"linux": (path,)}) for one, name in enumerate(names)
    ]
    loaded = hosts.load(*members)
    assert tuple(member.name for member in loaded.members) == names
    assert loaded.members[0].id != loaded.members[1].id

    hosts.load(members[0], host="dawdreamer")
    with pytest.raises(PluginError, match="the first plugin of a bundle") as caught:
        hosts.load(members[1], host="dawdreamer")
    assert "Pedalboard" in caught.value.hint
    with pytest.raises(PluginError, match="has no plugin 'Fixture two_clases'") as caught:
        hosts.load(Member(plugin="Fixture two_clases", format="vst3", paths={"linux": (path,)}))
    assert caught.value.hint == (
        "did you mean Fixture two_classes? It has 'Fixture two_classes', 'Fixture two_classes half': "
        "give one as plugin in the chain, or with --plugin"
    )


@pytest.mark.parametrize("host", ["pedalboard", "dawdreamer"])
def test_the_plugin_that_is_found_has_to_be_the_one_that_the_chain_names(
    hosts: HostSession, fixture_plugin: FixturePlugin, host: str
) -> None:
    path = fixture_plugin("gain")
    member = make_fixture(path, "gain", id="2046504473616C633250435A00000000")
    with pytest.raises(PluginError, match="the chain names 2046504473616C633250435A00000000"):
        hosts.load(member, host=host)
    own = hosts.load(make_fixture(path, "gain"), host=host).members[0].id
    assert own.startswith("534944454D414E00")  # the maker's half of the fixture plugin's ids
    hosts.load(make_fixture(path, "gain", id=hyphenate_class_id(own)), host=host)


def test_both_hosts_tell_the_same_class_name_and_version(hosts: HostSession, installed_plugin: InstalledPlugin) -> None:
    for name in ("ZamCompX2", "ZamComp"):
        installed_plugin(name, "vst3")
        first, second = (
            hosts.load(Member(plugin=name, format="vst3"), host=host).members[0]
            for host in ("pedalboard", "dawdreamer")
        )
        assert (first.id, first.name, first.version) == (second.id, second.name, second.version)
        assert (second.name, bool(second.version)) == (name, True)


@pytest.mark.parametrize("host", ["pedalboard", "dawdreamer"])
def test_other_parameters_than_the_chain_was_made_with_are_said(
    hosts: HostSession, fixture_plugin: FixturePlugin, host: str
) -> None:
    path = fixture_plugin("gain")
    fingerprint = hosts.load(make_fixture(path, "gain"), host=host).members[0].fingerprint
    same = make_fixture(path, "gain", fingerprint=fingerprint.upper())
    assert hosts.load(same, host=host).members[0].warnings == ()
    other = hosts.load(make_fixture(path, "gain", fingerprint="0" * 64, version="0.1"), host=host)
    assert "the chain was made (version 0.1, now" in other.members[0].warnings[0]


@pytest.mark.parametrize("host", ["pedalboard", "dawdreamer"])
def test_an_expected_latency_is_checked(hosts: HostSession, fixture_plugin: FixturePlugin, host: str) -> None:
    path = fixture_plugin("latency")
    hosts.load(make_fixture(path, "latency", latency_frames=256), host=host)
    with pytest.raises(PluginError, match="256 frames, and the chain expects 0"):
        hosts.load(make_fixture(path, "latency", latency_frames=0), host=host)


def test_the_parameters_of_effects_are_read_back_in_their_ranges(hosts: HostSession) -> None:
    members = (
        Member(effect="Reverb", parameters={"room_size": 0.7, "width": "0.25"}),
        Member(effect="LadderFilter", parameters={"mode": "HPF24", "cutoff_hz": 300.0}),
        Member(effect="BrickwallLimiter", parameters={"true_peak": True}),
    )
    hosts.load(*members)
    reverb, ladder, limiter = (read(hosts, one) for one in ("Reverb", "LadderFilter", "BrickwallLimiter"))
    assert [reverb[name].raw for name in ("room_size", "width")] == pytest.approx([0.7, 0.25])
    assert (ladder["mode"].text, ladder["cutoff_hz"].unit) == ("HPF24", "Hz")
    assert limiter["true_peak"].raw == 1.0
    changed = hosts.process.read_parameters("LadderFilter", {"mode": "LPF12", "resonance": 0.5}).parameters
    assert {one.name: one.text for one in changed}["mode"] == "LPF12"


@pytest.mark.parametrize("effect", ["PitchShift", "MP3Compressor", "GSMFullRateCompressor", "Resample"])
@pytest.mark.parametrize("block_frames", [512, 8192])
def test_effects_with_blocks_of_their_own_are_aligned_to_the_end(
    hosts: HostSession, effect: str, block_frames: int
) -> None:
    impulse = make_impulse(60_000, 50_000)
    rendered = hosts.render(Chain(members=(Member(effect=effect),)), impulse, block_frames=block_frames)
    assert rendered.loaded.latency_frames == 0
    assert abs(int(abs(rendered.audio[0]).argmax()) - 50_000) <= 2


@pytest.mark.parametrize("host", ["pedalboard", "dawdreamer"])
def test_a_plugin_that_takes_values_a_block_late_has_them_from_the_first_frame(
    hosts: HostSession, fixture_plugin: FixturePlugin, host: str
) -> None:
    member = make_fixture(fixture_plugin("late_parameters"), "late_parameters", parameters={"Gain": 0.5})
    noise = make_noise(4800)
    rendered = hosts.render(Chain(members=(member,)), noise, host=host, block_frames=512)
    assert measure_difference_db(rendered.audio, noise * 0.5) < -120.0
