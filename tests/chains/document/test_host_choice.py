"""Host choice: each member gets the host that can run it, or an error with the way out."""

from __future__ import annotations

import pytest

from bridge.errors import ConfigError
from chains.document.chain import Branch, Chain, Member
from chains.document.host_choice import choose_host, list_live_obstacles

VST3 = Member(plugin="P", format="vst3")
TEMPO = Member(plugin="P", format="vst3", follows_tempo=True)
KEYED = Member(plugin="P", format="vst3", sidechain="drums")
VST2 = Member(plugin="P", format="vst2")
LV2 = Member(plugin="P", format="lv2", id="urn:p")
FAUST = Member(faust="process = _, _;")
GAIN = Member(effect="Gain")
MOVING = Member(effect="Gain", automation={"gain_db": ((0.0, 0.0), (4.0, -6.0))})
PITCH = Member(effect="PitchShift")
SYNTH = Member(plugin="P", format="vst3", is_instrument=True)


@pytest.mark.parametrize(
    ("member", "force", "host"),
    [
        (VST3, "auto", "pedalboard"),
        (VST3, "dawdreamer", "dawdreamer"),
        (VST3, "pedalboard", "pedalboard"),
        (Member(plugin="P", format="au"), "auto", "pedalboard"),
        (TEMPO, "auto", "dawdreamer"),
        (KEYED, "auto", "dawdreamer"),
        (VST2, "auto", "dawdreamer"),
        (LV2, "auto", "dawdreamer"),
        (SYNTH, "auto", "dawdreamer"),
        (FAUST, "auto", "dawdreamer"),
        (FAUST, "pedalboard", "dawdreamer"),
        (GAIN, "auto", "pedalboard"),
        (GAIN, "dawdreamer", "pedalboard"),
        (PITCH, "auto", "pedalboard"),
    ],
)
def test_a_member_gets_the_host_that_can_run_it(member: Member, force: str, host: str) -> None:
    assert choose_host(member, live=False, force=force) == host


@pytest.mark.parametrize(
    ("member", "live", "force", "message", "fix"),
    [
        (TEMPO, False, "pedalboard", "only DawDreamer has a tempo", "auto"),
        (KEYED, False, "pedalboard", "only DawDreamer has sidechain", "auto"),
        (VST2, False, "pedalboard", "VST2 needs DawDreamer", "auto"),
        (LV2, False, "pedalboard", "LV2 needs DawDreamer", "auto"),
        (TEMPO, True, "auto", "cannot run live: only DawDreamer has a tempo", "use it in a render"),
        (FAUST, True, "auto", "cannot run live: Faust code needs DawDreamer", "use it in a render"),
        (PITCH, True, "auto", "cannot run live: it gives nothing for its first second", "use it in a render"),
        (SYNTH, True, "auto", "cannot run live: instruments", "use it in a render"),
        (VST3, True, "dawdreamer", "DawDreamer does not run live", "auto"),
        (VST3, False, "carla", "no host is named carla", "give auto, pedalboard or dawdreamer"),
    ],
)
def test_what_no_host_can_do_is_refused_with_the_way_out(
    member: Member, live: bool, force: str, message: str, fix: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        choose_host(member, live=live, force=force)
    assert message in caught.value.message
    assert fix in caught.value.hint


@pytest.mark.parametrize("member", [VST3, GAIN], ids=["plugin", "effect"])
def test_live_runs_in_pedalboard(member: Member) -> None:
    assert choose_host(member, live=True) == "pedalboard"


def test_all_that_keeps_a_chain_from_running_live_is_listed() -> None:
    chain = Chain(members=(GAIN, Member(branches=(Branch(), Branch(members=(PITCH, FAUST))))))
    assert [line.split(":")[0] for line in list_live_obstacles(chain)] == ["PitchShift", "Faust"]
    assert list_live_obstacles(Chain(members=(GAIN, VST3))) == []
    assert list_live_obstacles(Chain(members=(MOVING,))) == ["Gain: automation needs the beats of a song"]


def test_what_is_bypassed_keeps_no_chain_from_running_live() -> None:
    branches = (Branch(), Branch(members=(Member(name="inner", branches=(Branch(members=(FAUST,)),)),)))
    assert list_live_obstacles(Chain(members=(Member(effect="PitchShift", bypass=True),))) == []
    assert list_live_obstacles(Chain(members=(Member(branches=branches, bypass=True), GAIN))) == []
    assert list_live_obstacles(Chain(members=(Member(branches=branches), GAIN))) != []
