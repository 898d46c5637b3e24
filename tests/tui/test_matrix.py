"""Routing matrix: what a cell shows, what its pair lacks, how the picture scrolls."""

from __future__ import annotations

import pytest

from tests.tui.rig import SessionRig
from tui.core.rows import measure_row, to_text
from tui.drawing.matrix import Line, MatrixSize, draw_matrix, fit_label, shorten_labels
from tui.models.port_graph import PortGraph, make_graph, sort_naturally


def make_rig(links: list[tuple[str, str, str]]) -> SessionRig:
    """A source pair and a mono source at `a`, a destination pair and a mono one at `b`, MIDI at both."""
    rig = SessionRig()
    for port, kind, direction, pair in (
        ("a:out_2", "audio", "out", "out"),
        ("a:out_1", "audio", "out", "out"),
        ("a:mono", "audio", "out", ""),
        ("a:midi", "midi", "out", ""),
        ("b:in_1", "audio", "in", "in"),
        ("b:in_2", "audio", "in", "in"),
        ("b:mono", "audio", "in", ""),
        ("b:midi", "midi", "in", ""),
    ):
        client, _, name = port.partition(":")
        rig.bus.publish("routing.port", port, client, name, kind, direction, 0, pair, 0)
    for source, destination, state in links:
        rig.bus.publish("routing.link", f"{source} > {destination}", source, destination, state)
    return rig


def draw_cell(graph: PortGraph, source: str, destination: str) -> str:
    """The cell between two endpoints, by the names of one of their ports."""
    one = next(end for end in graph.sources if source in end.ports)
    other = next(end for end in graph.destinations if destination in end.ports)
    return graph.draw_crossing(one, other)


@pytest.mark.parametrize(
    ("links", "shown"),
    [
        ([], "·"),
        ([("1", "1", "made")], "L."),
        ([("2", "2", "made")], ".R"),
        ([("1", "1", "made"), ("2", "2", "made")], "LR"),
        ([("1", "2", "made"), ("2", "1", "made")], "RL"),
        ([("1", "2", "made")], ".L"),
        ([("1", "1", "made"), ("2", "1", "made")], "+."),
        ([("1", "1", "away"), ("2", "2", "away")], "(LR)"),
        ([("1", "1", "made"), ("2", "2", "away")], "(Lr)"),
    ],
)
def test_a_pair_is_one_cell_with_a_letter_a_channel(links: list[tuple[str, str, str]], shown: str) -> None:
    graph = make_graph(make_rig([(f"a:out_{s}", f"b:in_{d}", state) for s, d, state in links]).session)
    assert draw_cell(graph, "a:out_1", "b:in_1") == shown


def test_mono_midi_and_impossible_cells() -> None:
    links = [("a:mono", "b:mono", "made"), ("a:midi", "b:midi", "made"), ("a:mono", "b:in_2", "made")]
    graph = make_graph(make_rig([*links, ("a:out_2", "b:mono", "made")]).session)
    cells = [("a:mono", "b:mono"), ("a:midi", "b:midi"), ("a:mono", "b:in_1"), ("a:out_1", "b:mono")]
    assert [draw_cell(graph, *one) for one in cells] == ["●", "M", ".●", "R"]
    assert draw_cell(graph, "a:midi", "b:mono") == ""


def test_ports_by_themselves_and_left_before_right() -> None:
    session = make_rig([("a:out_2", "b:in_1", "made")]).session
    assert make_graph(session).sources[0].ports == ("a:out_1", "a:out_2")
    graph = make_graph(session, pairs=False)
    assert draw_cell(graph, "a:out_2", "b:in_1") == "●"
    assert draw_cell(graph, "a:out_1", "b:in_1") == "·"


def test_what_is_missing_keeps_a_crossed_pair_crossed() -> None:
    graph = make_graph(make_rig([("a:out_1", "b:in_2", "made")]).session)
    crossing = graph.find_crossing(graph.sources[0], graph.destinations[0])
    assert crossing.missing == (("a:out_2", "b:in_1"),)


def test_a_link_waits_with_ports_that_are_not_there() -> None:
    graph = make_graph(make_rig([("a:out_1", "gone:x 1", "away"), ("a:out_2", "gone:x 2", "away")]).session)
    end = next(one for one in graph.destinations if one.is_away)
    assert (end.client, end.label, end.ports) == ("gone", "x", ("gone:x 1", "gone:x 2"))
    assert draw_cell(graph, "a:out_1", "gone:x 1") == "(LR)"
    assert graph.list_away() == [("a:out_1", "gone:x 1"), ("a:out_2", "gone:x 2")]


def test_find_leaves_what_has_the_words_and_hidden_clients_are_out() -> None:
    session = make_rig([]).session
    assert [one.label for one in make_graph(session, find="MONO").sources] == ["mono"]
    session.feed("/sideman", ("a",), 0.0)  # our own client
    assert len(make_graph(session, find="MONO").sources) == 3
    assert [one.label for one in make_graph(session, find="MONO").destinations] == ["mono"]
    assert [one.label for one in make_graph(session, find="midi b").destinations] == ["midi"]
    assert make_graph(session, hidden=frozenset({"b"})).destinations == []


def test_labels_lose_what_all_of_a_client_have() -> None:
    assert shorten_labels(["Drums/in", "Keys/in"]) == ["Drums", "Keys"]
    assert shorten_labels(["playback_1", "playback_12"]) == ["playback_1", "playback_12"]
    assert shorten_labels(["in"]) == ["in"]
    assert shorten_labels(["a", "a"]) == ["a", "a"]
    assert sorted(["in 10", "in 2"], key=sort_naturally) == ["in 2", "in 10"]


def test_a_label_keeps_the_number_of_its_channel() -> None:
    assert [fit_label(one, 4) for one in ("Drums 1", "Drums 12", "Vocals", "in", "ch 7")] == [
        "Dru1",
        "Dr12",
        "Voc…",
        "in",
        "ch 7",
    ]


def test_the_cursor_is_seen_wherever_it_is() -> None:
    sources = [Line("a", f"out {at}") for at in range(100)]
    destinations = [Line(f"c{at // 4}", f"in {at}") for at in range(60)]
    for cursor in ((0, 0), (99, 59), (50, 30), (99, 0), (3, 58)):
        rows = draw_matrix(sources, destinations, lambda r, c: ("LR", "text"), cursor, 80, 12, MatrixSize(19, 6))
        assert len(rows) == 12
        assert {measure_row(row) for row in rows} == {80}
        text = "\n".join(map(to_text, rows))
        assert "[LR]" in text
        assert f"▌a out {cursor[0]} " in text
        assert f"in {cursor[1]} " in text
