"""Session: what the sidecar sends is what is known, by names and fields."""

from __future__ import annotations

from tests.tui.rig import SessionRig


def test_the_registry_is_whole() -> None:
    rig = SessionRig()
    assert set(rig.session.registry.controls) == {one.name for one in rig.bus.registry.controls}
    assert set(rig.session.registry.actions) == {one.name for one in rig.bus.registry.actions}
    assert set(rig.session.registry.readings) == {one.name for one in rig.bus.registry.readings}
    gain = rig.session.registry.controls["stems.drums.gain_db"]
    assert (gain.low, gain.high, gain.unit, gain.kind, gain.saved, gain.takes_effect) == (
        -60,
        12,
        "dB",
        "linear",
        True,
        "at once",
    )
    assert abs(gain.step - 0.72) < 1e-6
    assert rig.session.registry.readings["meters"].units[1] == "dB"
    assert rig.session.registry.readings["log"].kind == "events"


def test_values_rows_and_events_follow_the_bus() -> None:
    rig = SessionRig()
    rig.bus.set("stems.bass.mute", True, "hand")
    assert rig.session.is_on("stems.bass.mute")
    rig.bus.publish("health", "separation", "running")
    assert rig.session.read_row("health", "separation") == {"worker": "separation", "state": "running"}
    rig.bus.withdraw("health", "separation")
    assert rig.session.read_rows("health") == []
    for pitch in (60.0, 64.0, 67.0):
        rig.bus.publish("mir.note", 44100, 1, pitch, 90, 0.9)
    assert [one["pitch"] for one in rig.session.read_events("mir.note")] == [60.0, 64.0, 67.0]
    assert rig.session.read_events("change")[-1]["source"] == "hand"


def test_the_journal_has_all_arrivals_in_order_and_a_count_grows_with_each_change() -> None:
    rig = SessionRig()
    before = rig.session.count("routing.port", "log")
    number = rig.session.read_journal()[-1].number if rig.session.read_journal() else 0
    rig.context.now_s = 3.0
    rig.bus.publish("log", 1000, "warning", "sideman", "a")
    rig.bus.publish("mir.note", 44100, 1, 60.0, 90, 0.9)
    rig.session.feed("/history/row", ("/log", 500, "info", "sideman", "b"), 4.0)
    rig.bus.set("stems.bass.mute", True, "hand")
    found = rig.session.read_journal(number)
    assert [(one.reading, one.is_history) for one in found] == [("log", False), ("log", True), ("change", False)]
    assert (found[0].received_s, found[1].record["text"]) == (3.0, "b")
    assert rig.session.read_journal(found[-1].number) == []
    assert rig.session.count("routing.port", "log") == before + 2
    rig.session.forget_values()
    assert rig.session.count("routing.port", "log") > before + 2
