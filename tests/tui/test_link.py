"""Link: attaches, loses nothing that it can ask for again, notices a sidecar that is gone, and sends nothing late."""

from __future__ import annotations

import random

from tests.tui.wire_rig import WireRig
from tui.core.session import Record
from tui.wire.retrieval import divide_letters


def names_of(rig: WireRig) -> set[str]:
    registry = rig.session.registry
    return {*registry.controls, *registry.actions, *registry.readings}


def test_attaching_brings_the_whole_registry_all_values_and_the_source() -> None:
    rig = WireRig()
    rig.bus.set("stems.bass.gain_db", -6.0, "hand")
    rig.bus.publish("health", "mir", "running")
    rig.attach()
    assert names_of(rig) == {item.name for item in rig.bus.registry}
    assert rig.session.get("stems.bass.gain_db") == -6.0
    assert set(rig.session.values) == {control.name for control in rig.bus.registry.controls}
    assert rig.session.read_rows("health") == [{"worker": "mir", "state": "running"}]
    assert rig.session.source == rig.source
    assert rig.notices == []


def test_a_registry_beyond_a_datagrams_budget_comes_in_parts() -> None:
    rig = WireRig()
    rig.steps = 20_000
    for worker in range(20):
        rig.bus.publish("health", f"worker{worker}", "running")
    rig.attach()
    assert names_of(rig) == {item.name for item in rig.bus.registry}
    assert len(rig.session.read_rows("health")) == 20
    assert set(rig.session.values) == {control.name for control in rig.bus.registry.controls}


def test_letters_are_divided_without_a_gap() -> None:
    parts = ["/"]
    singles = []
    while parts:
        smaller = divide_letters(parts[0])
        singles += [] if smaller else [parts[0][2]]
        parts = parts[1:] + smaller
    assert sorted(singles) == [chr(letter) for letter in range(ord("a"), ord("z") + 1)]


def test_a_wire_that_loses_one_datagram_in_twenty_is_asked_again_until_the_registry_is_whole() -> None:
    rig = WireRig()
    chance = random.Random(7)
    rig.loses = lambda _address, _args: chance.random() < 0.05
    rig.run(lambda: rig.link.is_attached)
    rig.loses = lambda _address, _args: False
    rig.attach()
    assert names_of(rig) == {item.name for item in rig.bus.registry}
    for item in rig.bus.registry.controls:
        assert rig.session.registry.controls[item.name].takes_effect == item.takes_effect
        assert rig.session.registry.controls[item.name].step > 0


def test_a_change_by_somebody_else_and_our_own_arrive() -> None:
    rig = WireRig()
    rig.attach()
    rig.bus.set("stems.drums.mute", True, "controller")
    answers = rig.set("stems.vocals.gain_db", 99.0)
    rig.run(lambda: bool(answers) and rig.session.is_on("stems.drums.mute"))
    assert answers == [("", [{"value": 12.0}])]
    assert rig.session.get("stems.vocals.gain_db") == 12.0
    assert [one["source"] for one in rig.session.read_events("change")] == ["controller", rig.source]


def test_a_lost_change_is_noticed_by_the_next_one() -> None:
    rig = WireRig()
    rig.attach()
    rig.bus.set("stems.drums.mute", True, "hand")
    rig.run(lambda: rig.session.is_on("stems.drums.mute"))
    rig.loses = lambda address, _: address == "/change"
    rig.bus.set("stems.bass.mute", True, "hand")
    rig.step()
    rig.loses = lambda _address, _args: False
    assert not rig.session.is_on("stems.bass.mute")
    rig.bus.set("stems.other.mute", True, "hand")
    rig.run(lambda: rig.session.is_on("stems.bass.mute"))


def test_a_lost_change_is_noticed_by_the_clock() -> None:
    rig = WireRig()
    rig.attach()
    clock = (0, 0, 1, 1, 1.0, 4, 120.0, "host", "locked", 0.1)
    rig.bus.publish("clock", *clock, rig.bus.changes, "jack", 0.0, "")
    rig.step()
    rig.loses = lambda address, _: address == "/change"
    rig.bus.set("stems.bass.mute", True, "hand")
    rig.bus.publish("clock", *clock, rig.bus.changes, "jack", 0.0, "")
    rig.run(lambda: rig.session.is_on("stems.bass.mute"))


def test_a_row_that_went_while_the_message_was_lost_goes_with_the_next_look() -> None:
    rig = WireRig()
    rig.bus.publish("health", "mir", "running")
    rig.bus.publish("health", "synth", "running")
    rig.attach()
    rig.loses = lambda address, _: address == "/gone"
    rig.link.show((("/health", 10.0),))
    rig.bus.withdraw("health", "mir")
    rig.step()
    assert len(rig.session.read_rows("health")) == 2
    rig.deliver("/dropped", "/change", 3)
    rig.run(lambda: [row["worker"] for row in rig.session.read_rows("health")] == ["synth"])


def test_a_silent_sidecar_is_lost_and_nothing_is_sent_later() -> None:
    rig = WireRig()
    rig.attach()
    answers = rig.set("stems.bass.mute", True)
    rig.is_alive = False
    rig.run(lambda: rig.session.state == "lost")
    assert "not known whether" in answers[0][0]
    assert rig.notices[-1][1] == "error" and "LOST" in rig.notices[-1][0]
    sent_before = len(rig.sent)
    assert rig.set("stems.drums.mute", True) == []
    rig.is_alive = True
    rig.attach()
    assert not any(address == "/call" for _, address, _ in rig.sent[sent_before:])
    assert not rig.bus.get("stems.drums.mute")
    assert "again" in rig.notices[-1][0]


def test_a_change_on_its_way_when_the_sidecar_goes_is_not_sent_to_the_next_one() -> None:
    rig = WireRig()
    rig.attach()
    answers = rig.set("stems.bass.mute", True)  # queued, not yet sent
    rig.deliver("/goodbye", "sideman ends")
    rig.start_sidecar("two")
    rig.attach()
    assert answers[0][0] != ""
    assert not rig.bus.get("stems.bass.mute")


def test_goodbye_is_lost_at_once_with_its_text() -> None:
    rig = WireRig()
    rig.attach()
    rig.deliver("/goodbye", "sideman on port 9123 ends")
    assert rig.session.state == "lost"
    assert "sideman on port 9123 ends" in rig.notices[-1][0]
    assert "sideman run starts it again" in rig.notices[-1][0]


def test_a_sidecar_that_comes_back_as_another_one_is_said_last() -> None:
    rig = WireRig()
    rig.attach()
    rig.is_alive = False
    rig.run(lambda: rig.session.state == "lost")
    assert "if it has ended, sideman run starts it" in rig.notices[-1][0]
    rig.start_sidecar("two")
    rig.is_alive = True
    rig.run(lambda: rig.link.is_attached and not rig.link.is_busy)
    assert "another sidecar" in rig.notices[-1][0] and rig.notices[-1][1] == "warning"


def test_a_port_that_is_closed_is_lost_at_once() -> None:
    rig = WireRig()
    rig.attach()
    rig.link.refuse(rig.now_s)
    assert rig.session.state == "lost"


def test_after_a_restart_all_is_asked_anew_and_the_other_instance_is_said() -> None:
    rig = WireRig()
    rig.attach()
    rig.bus.set("stems.bass.mute", True, "hand")
    rig.bus.publish("health", "mir", "died")
    rig.run(lambda: rig.session.is_on("stems.bass.mute"))
    rig.start_sidecar("two")  # so fast that nobody was lost
    rig.run(lambda: rig.link.instance == "two" and rig.link.is_attached and not rig.link.is_busy)
    assert not rig.session.is_on("stems.bass.mute")
    assert rig.session.read_rows("health") == []
    assert any("another sidecar" in text for text, _ in rig.notices)
    rig.bus.set("stems.bass.mute", True, "hand")
    rig.run(lambda: rig.session.is_on("stems.bass.mute"))


def test_another_protocol_is_said() -> None:
    rig = WireRig()
    rig.start_sidecar("one", protocol=9)
    rig.attach()
    assert any("protocol 9" in text and role == "error" for text, role in rig.notices)


def test_a_suspended_app_does_not_lose_the_sidecar() -> None:
    rig = WireRig()
    rig.attach()
    rig.step(60.0)
    assert rig.session.state == "attached"


def test_a_sidecar_that_never_answers_is_lost_however_rarely_the_timer_comes() -> None:
    for seconds in (0.1, 0.7, 1.05, 1.5):
        rig = WireRig()
        rig.is_alive = False
        for _ in range(int(6 / seconds)):
            rig.step(seconds)
        assert rig.session.state == "lost", seconds


def test_subscriptions_follow_the_screen_and_are_renewed_before_they_end() -> None:
    rig = WireRig()
    rig.attach()
    rig.link.show((("/meters", 10.0),))
    rig.run(lambda: not rig.link.is_busy)
    rig.bus.publish("meters", "in", *[-6.0] * 6)
    rig.run(lambda: rig.session.read_row("meters", "in") != {})
    for _ in range(100):
        rig.step(1.0)
    rig.bus.publish("meters", "in", *[-12.0] * 6)
    rig.run(lambda: rig.session.read_row("meters", "in").get("peak_db") == -12.0)
    rig.link.show(())
    rig.step()
    rig.bus.publish("meters", "in", *[-24.0] * 6)
    rig.step()
    assert rig.session.read_row("meters", "in")["peak_db"] == -12.0


def test_a_renewed_subscription_repeats_no_event() -> None:
    rig = WireRig()
    rig.attach()
    rig.link.show((("/log", 20.0), ("/mir/chord", 20.0)))
    rig.run(lambda: not rig.link.is_busy)
    rig.bus.publish("log", 1, "info", "sideman", "a line")
    rig.bus.publish("mir.chord", 10, "Am7", 0.9)
    for _ in range(100):
        rig.step(1.0)
    assert len(rig.session.read_events("log")) == 1
    assert len(rig.session.read_events("mir.chord")) == 1


def test_a_history_and_what_comes_meanwhile_have_each_event_once_and_in_order() -> None:
    rig = WireRig()
    rig.attach()
    for number in range(5):
        rig.bus.publish("log", number, "info", "sideman", f"line {number}")
    rig.link.show((("/log", 20.0),), histories=("log",))
    rig.loses = lambda address, args: address == "/history/row" and args[1] == 2  # then it is asked again
    rig.step()
    rig.bus.publish("log", 5, "info", "sideman", "line 5")
    rig.step()
    rig.loses = lambda _address, _args: False
    rig.run(lambda: not rig.link.is_busy)
    rig.bus.publish("log", 6, "info", "sideman", "line 6")
    rig.step()
    assert [one["time_ms"] for one in rig.session.read_events("log")] == [0, 1, 2, 3, 4, 5, 6]


def test_an_action_answers_with_rows_or_with_the_error() -> None:
    rig = WireRig()
    rig.attach()
    answers: list[tuple[str, list[Record]]] = []
    rig.bus.add_handler("preset.load", lambda name: [(name, 1.0)])
    for action in ("preset.load", "preset.save"):
        rig.link.call(action, ["karaoke"], rig.now_s, lambda error, rows: answers.append((error, rows)))
    rig.run(lambda: len(answers) == 2)
    assert answers[0][0] == "" and list(answers[0][1][0].values()) == ["karaoke", 1.0]
    assert "no handler" in answers[1][0]


def test_what_may_wait_for_a_disk_goes_through_the_second_channel_and_panic_does_not() -> None:
    rig = WireRig()
    rig.attach()
    for action in ("preset.load", "transport.panic"):
        rig.link.call(action, ["karaoke"][: action == "preset.load"], rig.now_s, lambda _error, _rows: None)
    rig.set("stems.bass.mute", True)
    rig.step()
    assert [channel for channel, address, _ in rig.sent if address == "/call"] == [1, 0, 0]


def test_several_controls_are_recalled_in_one_datagram() -> None:
    rig = WireRig()
    rig.attach()
    settled: list[int] = []
    rig.bus.subscribe(lambda *_: None, settled=lambda: settled.append(1))
    answers: list[str] = []
    wanted = {"stems.bass.mute": True, "stems.drums.gain_db": -3.0}
    rig.link.recall(wanted, rig.now_s, lambda error, _rows: answers.append(error))
    rig.run(lambda: bool(answers))
    assert answers == [""] and len(settled) == 1
    rig.run(lambda: rig.session.get("stems.drums.gain_db") == -3.0 and rig.session.is_on("stems.bass.mute"))


def test_a_value_that_osc_cannot_carry_is_refused_and_said() -> None:
    rig = WireRig()
    rig.attach()
    assert not rig.link.set("stems.drums.gain_db", float("nan"), rig.now_s, lambda _error, _rows: None)
    assert rig.notices[-1][1] == "error"


def test_a_malformed_datagram_changes_nothing() -> None:
    rig = WireRig()
    rig.attach()
    revision = rig.session.revision
    for datagram in (b"", b"abc", b"#bundle\0", b"/x\0\0,f\0\0\x7f\xc0\0\0", b"\0" * 64):
        rig.link.receive(datagram, rig.now_s)
    assert rig.session.revision == revision and rig.session.state == "attached"


def test_more_rows_than_a_datagram_may_ask_for_come_in_parts_and_stay_subscribed() -> None:
    rig = WireRig()
    for port in range(900):
        rig.bus.publish("routing.port", f"client:port_{port}", "client", f"port {port}", "audio", "in", 0, "", 0)
    rig.attach()
    rig.link.show((("/routing/*", 10.0),))
    rig.run(lambda: not rig.link.is_busy)
    assert len(rig.session.read_rows("routing.port")) == 900
    assert rig.notices == []
    rig.bus.publish("routing.port", "client:new", "client", "new", "audio", "in", 0, "", 0)
    rig.run(lambda: rig.session.read_row("routing.port", "client:new") != {})
    rig.bus.withdraw("routing.port", "client:port_7")
    rig.run(lambda: rig.session.read_row("routing.port", "client:port_7") == {})
