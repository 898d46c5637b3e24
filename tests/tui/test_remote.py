"""Remote control: changes show at once and are undone, others' changes are respected, nothing is sent while lost."""

from __future__ import annotations

import pytest

from tests.tui.wire_rig import WireRig
from tui.core.session import Record
from tui.wire.remote import LinkRemote

GAIN, MUTE, STYLE = "stems.vocals.gain_db", "stems.vocals.mute", "accompaniment.band.style"


class RemoteRig(WireRig):
    """A remote control on the wire. ``said``: its messages."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, str]] = []
        self.remote = LinkRemote(self.link, lambda: self.now_s, lambda text, role: self.said.append((text, role)))
        self.attach()

    def settle(self) -> None:
        """Until all is answered and nothing is held."""
        self.run(lambda: not self.link.is_busy)
        for _ in range(10):
            self.step()

    @property
    def last(self) -> str:
        """What was said last."""
        return self.said[-1][0]


@pytest.fixture
def rig() -> RemoteRig:
    return RemoteRig()


def test_a_change_shows_at_once_says_how_to_undo_it_and_is_undone(rig: RemoteRig) -> None:
    rig.remote.toggle(MUTE)
    assert rig.session.is_on(MUTE)
    assert rig.last == "vocals muted · u undoes it"
    rig.settle()
    assert rig.bus.get(MUTE) == 1.0
    rig.remote.undo()
    assert rig.last == "undone: vocals mute off again"
    rig.settle()
    assert rig.bus.get(MUTE) == 0.0
    rig.remote.redo()
    rig.settle()
    assert rig.bus.get(MUTE) == 1.0
    rig.remote.undo()
    rig.remote.undo()
    assert rig.last == "nothing to undo"


def test_moves_of_a_fader_are_undone_together_and_a_pause_parts_them(rig: RemoteRig) -> None:
    for _ in range(5):
        rig.remote.nudge(GAIN, -1)
        rig.step(0.2)
    rig.settle()
    first = rig.bus.get(GAIN)
    assert first == pytest.approx(-5 * 0.72, abs=1e-5)
    rig.step(2.0)
    rig.remote.nudge(GAIN, 10)
    rig.settle()
    rig.remote.undo()
    rig.settle()
    assert rig.bus.get(GAIN) == pytest.approx(first)
    rig.remote.undo()
    rig.settle()
    assert rig.bus.get(GAIN) == 0.0


def test_two_presses_of_a_switch_are_two_edits(rig: RemoteRig) -> None:
    rig.remote.toggle(MUTE)
    rig.step()
    rig.remote.toggle(MUTE)
    rig.settle()
    rig.remote.undo()
    rig.settle()
    assert rig.bus.get(MUTE) == 1.0


def test_a_value_is_clamped_and_a_choice_is_set_by_its_word(rig: RemoteRig) -> None:
    rig.remote.set(GAIN, 99.0)
    rig.remote.set(STYLE, "jazz")
    rig.settle()
    assert rig.bus.get(GAIN) == 12.0
    assert rig.session.get_choice(STYLE) == "jazz" and rig.last == "band style jazz, from the next bar on · u undoes it"
    rig.remote.set(STYLE, "polka")
    assert "not a value" in rig.last
    rig.remote.nudge(STYLE, -1)
    rig.remote.nudge("mir.tempo_prior_bpm", 10)
    rig.settle()
    assert rig.session.get_choice(STYLE) == "funk"
    assert rig.bus.get("mir.tempo_prior_bpm") == pytest.approx(120 * (200 / 60) ** 0.1, rel=1e-3)
    rig.remote.reset(STYLE)
    rig.settle()
    assert rig.bus.get(STYLE) == rig.session.registry.controls[STYLE].default


def test_undo_of_what_somebody_else_changed_since_says_so_and_asks_again(rig: RemoteRig) -> None:
    rig.remote.set(GAIN, -6.0)
    rig.settle()
    rig.bus.set(GAIN, -3.0, "controller")
    rig.settle()
    rig.remote.undo()
    assert rig.last == "vocals gain -3.0 dB since, by controller; u again undoes it all the same"
    rig.settle()
    assert rig.bus.get(GAIN) == -3.0
    rig.remote.undo()
    rig.settle()
    assert rig.bus.get(GAIN) == 0.0


def test_what_others_set_is_shown_only_after_the_fader_is_let_go(rig: RemoteRig) -> None:
    rig.link.show(((f"/{GAIN.replace('.', '/')}", 50.0),))
    rig.settle()
    rig.remote.set(GAIN, -6.0)
    rig.bus.set(GAIN, -20.0, "motor")
    rig.deliver("/stems/vocals/gain_db", -20.0)
    assert rig.session.get(GAIN) == -6.0
    rig.settle()
    assert rig.session.get(GAIN) == rig.bus.get(GAIN)


def test_an_older_value_that_comes_back_late_does_not_win(rig: RemoteRig) -> None:
    rig.remote.set(GAIN, -6.0)
    rig.deliver("/stems/vocals/gain_db", 0.0)  # an answer from before the change
    assert rig.session.get(GAIN) == -6.0
    rig.settle()
    assert rig.session.get(GAIN) == rig.bus.get(GAIN) == -6.0


def test_a_recall_is_one_callback_and_one_step_of_undo(rig: RemoteRig) -> None:
    rig.remote.recall({GAIN: -6.0, MUTE: True, STYLE: "funk"}, "preset karaoke")
    assert rig.last == "preset karaoke · u undoes it"
    rig.settle()
    assert (rig.bus.get(GAIN), rig.bus.get(MUTE)) == (-6.0, 1.0)
    rig.remote.undo()
    rig.settle()
    assert (rig.bus.get(GAIN), rig.bus.get(MUTE)) == (0.0, 0.0)
    assert [address for _, address, _ in rig.sent].count("/recall") == 2


def test_an_action_is_undone_as_it_says_and_made_again(rig: RemoteRig) -> None:
    loaded: list[str] = []
    rig.bus.add_handler("preset.load", loaded.append)
    rig.remote.call("preset.load", "karaoke", undo=lambda: rig.remote.call("preset.load", "before"))
    rig.settle()
    assert rig.last == "preset load karaoke: done · u undoes it"
    rig.remote.undo()
    rig.settle()
    rig.remote.redo()
    rig.settle()
    assert loaded == ["karaoke", "before", "karaoke"]


def test_an_action_that_fails_is_said_or_answered_and_is_no_edit(rig: RemoteRig) -> None:
    rig.remote.call("preset.load", "nothing", undo=lambda: None)
    rig.settle()
    assert rig.said[-1][1] == "error" and "no handler" in rig.last
    answers: list[tuple[str, list[Record]]] = []
    rig.remote.call("no.such", answer=lambda error, rows: answers.append((error, rows)))
    assert answers == [("this sidecar has no action no.such", [])]
    rig.remote.undo()
    assert rig.last == "nothing to undo"


def test_nothing_is_sent_while_lost_nor_later(rig: RemoteRig) -> None:
    rig.remote.set(GAIN, -6.0)
    rig.settle()
    rig.is_alive = False
    rig.run(lambda: rig.session.state == "lost")
    sent = len(rig.sent)
    rig.remote.toggle(MUTE)
    assert rig.said[-1] == ("not sent: vocals mute on (LOST)", "error")
    assert not rig.session.is_on(MUTE)
    rig.remote.undo()
    rig.remote.recall({MUTE: True}, "recall")
    answers: list[str] = []
    rig.remote.call("preset.load", "karaoke", answer=lambda error, _rows: answers.append(error))
    assert answers == ["not sent"]
    rig.is_alive = True
    rig.attach()
    rig.settle()
    assert not {"/call", "/recall"} & {address for _, address, _ in rig.sent[sent:]}
    rig.remote.undo()  # that of before is still there
    rig.settle()
    assert rig.bus.get(GAIN) == 0.0


def test_a_sidecar_that_was_started_anew_gets_the_controls_of_the_one_before_by_undo(rig: RemoteRig) -> None:
    rig.bus.set_all({GAIN: -6.0, MUTE: True, STYLE: "jazz", "latency.drums.ping": True}, "hand")
    rig.settle()
    rig.start_sidecar("two")
    rig.run(lambda: rig.link.instance == "two" and rig.link.is_attached and not rig.link.is_busy)
    assert (rig.session.get(GAIN), rig.session.is_on(MUTE)) == (0.0, False)
    rig.remote.undo()
    rig.settle()
    assert (rig.bus.get(GAIN), rig.bus.get(MUTE)) == (-6.0, 1.0)
    assert rig.session.get_choice(STYLE) == "jazz"
    assert rig.bus.get("latency.drums.ping") == 0.0, "no preset holds it"
    rig.remote.redo()
    rig.settle()
    assert (rig.bus.get(GAIN), rig.bus.get(MUTE)) == (0.0, 0.0)


def test_a_sidecar_that_was_started_anew_and_is_as_before_leaves_nothing_to_undo(rig: RemoteRig) -> None:
    rig.start_sidecar("two")
    rig.run(lambda: rig.link.instance == "two" and rig.link.is_attached and not rig.link.is_busy)
    rig.remote.undo()
    assert rig.last == "all is as it was before"
    rig.remote.undo()
    assert rig.last == "nothing to undo"


def test_a_chain_that_cannot_run_live_is_said_in_place_of_the_delay_that_does_not_move(rig: RemoteRig) -> None:
    chain = "inserts.drums.chain"
    *_, last = rig.bus.registry.get_control(chain).choices
    rig.bus.publish("insert.chain", last, "ZamDelay: only DawDreamer can give it the tempo", "Echoes.")
    rig.settle()
    rig.remote.set(chain, last)
    assert rig.said[-1] == (
        f"drums chain {last} is refused · u undoes it; not live: ZamDelay: only DawDreamer can give it the tempo",
        "warning",
    )
    rig.settle()
    rig.bus.publish("insert.chain", last, "", "Echoes.")
    rig.remote.set(chain, "off")
    assert rig.last == "drums chain off; the DAW has to read the delay anew · u undoes it"
    rig.settle()
    rig.remote.set(chain, last)
    assert rig.last == f"drums chain {last}; the DAW has to read the delay anew · u undoes it"
