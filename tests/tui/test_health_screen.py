"""Health screen: what is wrong is said with what helps, the DAW is chosen, measuring asks first where it is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.core.insert import INSERT_POINTS
from bridge.core.latency import PATHS
from bridge.core.role import ROLES
from tests.tui.keys import answer_yes, press, show
from tests.tui.rig import SessionRig
from tests.tui.sample_session import RATE_HZ, STARTED_MS, make_sample
from tui.core.registry import Action
from tui.core.screen import Answer
from tui.core.session import Record
from tui.models.faults import PATH_WORKERS, find_faults
from tui.screens.health import HealthScreen

HEALTHY: dict[str, float] = {"period": 128, "rate": RATE_HZ, "since_ms": STARTED_MS}


def publish_counters(rig: SessionRig, **counts: float) -> None:
    fields = rig.bus.registry.get_reading("counters").fields
    rig.bus.publish("counters", *((HEALTHY | counts).get(field, 0) for field in fields))


def clear_late(rig: SessionRig) -> None:
    rig.bus.publish("latency", "beats", 5632, -1, 0, 4096, 0, 512, 1024, 0, 0, 0)


def test_every_path_has_the_worker_whose_reserve_it_waits_for() -> None:
    workers = {path.name: role for role, spec in ROLES.items() for path in spec.paths}
    assert {path: PATH_WORKERS.get(path) for path in PATHS} == {path: workers[path] for path in PATHS}


def test_late_frames_name_the_reserve_to_raise() -> None:
    shown = show(HealthScreen(), make_sample())
    assert "128 frames late (beats): T tunes latency.mir.reserve_frames" in shown


def test_nothing_is_wrong_is_said_too() -> None:
    rig = make_sample()
    clear_late(rig)
    publish_counters(rig)
    assert find_faults(rig.session) == []
    assert "nothing is wrong" in show(HealthScreen(), rig)


@pytest.mark.parametrize(
    ("counter", "words"), [("xruns", "1 xrun"), ("skipped", "1 cycle skipped"), ("lost_events", "1 lost MIDI event")]
)
def test_a_counter_above_0_is_a_fault(counter: str, words: str) -> None:
    rig = make_sample()
    clear_late(rig)
    publish_counters(rig, **{counter: 1})
    assert [fault.words for fault in find_faults(rig.session)] == [words]
    publish_counters(rig, **{counter: 12})
    assert find_faults(rig.session)[0].words.startswith("12 ")
    assert find_faults(rig.session)[0].words.endswith("s") or counter == "skipped"


def test_a_worker_that_died_comes_first() -> None:
    rig = make_sample()
    rig.bus.publish("health", "mir", "died (out of memory)")
    assert find_faults(rig.session)[0].words == "mir died (out of memory)"
    assert "! mir died" in show(HealthScreen(), rig)


@pytest.mark.parametrize(
    ("state", "words", "fix"),
    [
        ("died (SIGSEGV)", "insert drums died (SIGSEGV)", "the dry sound plays; it is started anew by itself"),
        ("refused: a plugin is missing", "insert drums refused", "a plugin is missing"),
        ("off: failed twice: Kars: crashed", "insert drums off", "failed twice: Kars: crashed"),
        ("starting: Kars is still being loaded", "insert drums starting", "Kars is still being loaded"),
    ],
)
def test_an_insert_that_does_not_play_is_a_fault(state: str, words: str, fix: str) -> None:
    rig = make_sample()
    clear_late(rig)
    publish_counters(rig)
    for fine in ("running", "bypassed", "starting"):
        rig.bus.publish("insert", "drums", "glue", fine, 0, 512, 0, 0, 0, 0.1)
        assert find_faults(rig.session) == []
    rig.bus.publish("insert", "drums", "glue", state, 0, 512, 0, 0, 0, 0.1)
    assert [(fault.words, fault.fix) for fault in find_faults(rig.session)] == [(words, fix)]
    assert words in show(HealthScreen(), rig)


def test_a_delay_that_differs_is_a_fault() -> None:
    rig = make_sample()
    clear_late(rig)
    rig.bus.publish("latency", "bass", 1024, 1152, 0, 512, 0, 128, 384, 0, 0, 0)
    (fault,) = find_faults(rig.session)
    assert fault.words == "bass measured 1,152, declared 1,024"
    assert "add 128 to latency.separation.user_offset_frames" in fault.fix


def test_the_key_goes_round_the_daws() -> None:
    rig, screen = make_sample(), HealthScreen()
    titles = []
    for _ in range(5):
        titles.append(show(screen, rig).split("In ", 1)[1].split(" ─")[0])
        press(screen, rig, "D")
    assert titles == ["JACK client", "Ardour", "Reaper", "Bitwig Studio", "JACK client"]


def test_the_lookahead_moves_by_half_a_beat() -> None:
    rig, screen = make_sample(), HealthScreen()
    press(screen, rig, "right")
    assert rig.bus.get("accompaniment.lookahead_beats") == pytest.approx(4.5)
    press(screen, rig, "left", "left", "a")
    assert rig.bus.get("accompaniment.lookahead_beats") == pytest.approx(3.5)
    assert rig.bus.get("accompaniment.lookahead_auto") == 1


def test_tuning_asks_while_the_music_plays() -> None:
    rig, screen = make_sample(), HealthScreen()
    press(screen, rig, "c", "T")
    assert rig.remote.calls == [("counters.reset",)]
    answer_yes(rig)
    assert rig.remote.calls == [("counters.reset",), ("latency.tune",)]
    rig.bus.publish("clock", 0, STARTED_MS, 0, 1, 1.0, 4, 120.0, "host", "free", 0.0, 0, "jack", 0.0, "")
    press(screen, rig, "T")
    assert rig.remote.calls[-2:] == [("latency.tune",), ("latency.tune",)]


def test_undo_of_tuning_sets_the_reserves_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    rig, screen = make_sample(), HealthScreen()
    undos: list[Callable[[], None]] = []
    monkeypatch.setattr(rig.remote, "call", lambda _action, *, undo: undos.append(undo))
    press(screen, rig, "T")
    answer_yes(rig)
    rig.bus.set("latency.mir.reserve_frames", 4096, "tune")
    undos[0]()
    assert rig.bus.get("latency.mir.reserve_frames") == 1024


def test_measuring_asks_where_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rig, screen = make_sample(), HealthScreen()
    rig.session.registry.actions["latency.measure"] = Action("latency.measure", "", ("anyway",), optional=1)
    rows: list[Record] = [{"path": "mix", "declared": 1024, "measured": 1024}]

    def call(action: str, *arguments: str, answer: Answer | None = None, undo: object = None) -> None:
        rig.remote.calls.append((action, *arguments))
        assert answer is not None
        answer(*(("", rows) if arguments else ("the transport rolls", [])))

    monkeypatch.setattr(rig.remote, "call", call)
    press(screen, rig, "M")
    assert rig.context.view.asked is not None
    assert rig.context.view.asked[0] == "the transport rolls. Measure anyway?"
    answer_yes(rig)
    assert rig.remote.calls == [("latency.measure",), ("latency.measure", "anyway")]
    assert rig.messages[-1] == ("measured 1 path: all as declared", "good")


def test_an_older_sidecar_says_how_to_measure() -> None:
    rig, screen = make_sample(), HealthScreen()
    rig.session.registry.actions.pop("latency.measure", None)
    press(screen, rig, "M")
    assert "sideman latency --measure" in rig.messages[-1][0]


def test_paths_are_in_one_order_whatever_came_last() -> None:
    rig = make_sample()
    rig.bus.publish("latency", "onsets", 3172, -1, 0, 2148, 0, 0, 1024, 0, 0, 0)
    for _ in range(2):
        rows = [line.split() for line in show(HealthScreen(), rig).splitlines()]
        paths = [row[0] for row in rows if row and row[0] in PATH_WORKERS]
        assert paths == [path for path in PATH_WORKERS if path in paths]
        rig.session._rows["latency"] = dict(reversed(rig.session._rows["latency"].items()))


def test_every_fault_has_a_row_where_there_is_little_room() -> None:
    rig = make_sample()
    for path in ("drums", "bass", "mix"):
        rig.bus.publish("latency", path, 1024, 1024, 14336, 512, 0, 128, 384, 0, 0, 0)
    publish_counters(rig, skipped=132)
    shown = show(HealthScreen(), rig)
    assert "132 cycles skipped: too many programs: close some, or raise the period 128" in shown
    assert "14,336 frames late (drums + 2): T tunes latency.separation.reserve_frames" in shown
    assert "128 frames late (beats)" in shown


@pytest.mark.parametrize(
    ("typical_us", "words"),
    [(29.0, "too many programs: close some, or raise the period 128"), (900.0, "the period of 128 is too short here")],
)
def test_xruns_are_explained_by_what_the_callback_needs(typical_us: float, words: str) -> None:
    rig = make_sample()
    publish_counters(rig, xruns=7)
    rig.bus.publish("callback.time", typical_us, 1500.0, 1700.0, 1900.0, 2902.5, 0.6)
    assert f"7 xruns: {words}" in show(HealthScreen(), rig)


def test_all_that_is_wrong_is_shown_in_80_columns() -> None:
    rig = make_sample()
    publish_counters(rig, xruns=7, skipped=3, late_events=2, slips=5, restarts=1)
    shown = show(HealthScreen(), rig)
    for words in ("7 xruns", "3 cycles skipped", "1 worker restarted", "2 late MIDI events", "5 overlapping periods"):
        assert f"! {words}" in shown


@pytest.mark.parametrize(("leader", "words"), [("host", "instead of MIDI clock"), ("detected", "let the music play")])
def test_a_clock_that_searches_is_explained_by_who_leads(leader: str, words: str) -> None:
    rig = make_sample()
    rig.session.feed("/clock", (44100, 1000, 1, 3, 1.0, 4, 111.0, leader, "searching", 7.0, 0), 1.0)
    assert any(words in fault.fix for fault in find_faults(rig.session))


REASONS = {
    point: f"the chain echo-{point} cannot run live: ZamDelay: only DawDreamer can give it the tempo, which does not "
    f"run live, and {'it needs a sidechain, ' * 12}so it is last-{point}; use it in a render"
    for point in INSERT_POINTS
}


def refuse_all_inserts() -> SessionRig:
    rig = make_sample()
    for point, reason in REASONS.items():
        rig.bus.publish("insert", point, "echo", f"refused: {reason}", 0, 0, 0, 0, 0, 0.0)
    return rig


def read_words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (160, 50)], ids=str)
@pytest.mark.parametrize("key", ["enter", "down", "j", "pagedown"])
def test_all_that_is_wrong_can_be_read_in_full_in_any_window(size: tuple[int, int], key: str) -> None:
    rig, screen = refuse_all_inserts(), HealthScreen()
    rig.context.view.width, rig.context.view.height = size
    press(screen, rig, key)
    seen: list[str] = []
    for _ in range(200):
        shown = [row for row in show(screen, rig).splitlines()[3:] if "more rows" not in row]
        seen += [row for row in shown if row not in seen]
        press(screen, rig, "down")
    text = read_words("\n".join(seen))
    for fault in find_faults(rig.session):
        assert fault.words in text
    for point in INSERT_POINTS:
        assert f"so it is last-{point}" in text
    press(screen, rig, "escape")
    assert "What is wrong" not in show(screen, rig)
    press(screen, rig, "up", "pageup")
    assert "What is wrong" not in show(screen, rig), "up does not open it"


def test_a_small_window_says_how_to_see_the_rest() -> None:
    rig, screen = refuse_all_inserts(), HealthScreen()
    assert "more; Enter shows all" in show(screen, rig)
    press(screen, rig, "enter")
    assert "more rows ↓" in show(screen, rig)
    press(screen, rig, "pagedown", "pagedown", "pagedown", "pagedown", "pagedown", "pagedown")
    assert "more rows" not in show(screen, rig)
    press(screen, rig, "enter")
    assert "What is wrong" not in show(screen, rig)
