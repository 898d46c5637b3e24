"""Routing screen: the connections of the whole audio system as a matrix, scenes, and what waits for a port."""

from __future__ import annotations

from tui.core.rows import Row, Run, cut, draw_heading
from tui.core.screen import Context, KeyAction, TextField
from tui.core.session import Session
from tui.core.values import read_number, read_text
from tui.drawing.matrix import HEAD_ROWS, Line, MatrixSize, draw_matrix
from tui.drawing.panes import draw_text, fill, indent, put_side_by_side
from tui.drawing.routing_panes import (
    draw_away,
    draw_changes,
    draw_clients,
    draw_crossing,
    draw_legend,
    draw_scenes,
    explain_crossing,
    explain_empty,
    make_lines,
)
from tui.drawing.text_field import draw_field
from tui.models.port_graph import READINGS, Crossing, Endpoint, PortGraph, make_graph
from tui.models.selection import Selection
from tui.screens.routing_edits import RoutingEdits

SMALL, LARGE = MatrixSize(19, 6), MatrixSize(25, 9, 1)
NARROW = MatrixSize(12, 6)
WIDE_COLUMNS = 60
FOOT_ROWS = {False: 6, True: 17}
"""Rows below the matrix, in the small and in the large layout."""
LEAST_HEIGHT = 14
"""A lower screen shows the matrix alone."""
PAGE_ROWS = 8


class RoutingScreen:
    """Routing. The cursor is held by the names of ports, so that it stays where it is when others come and go."""

    name = "routing"
    title = "Routing"
    letter = "r"
    subscriptions: tuple[tuple[str, float], ...] = (("/routing/*", 5.0),)
    histories: tuple[str, ...] = ("routing.event",)

    def __init__(self) -> None:
        self._graph = PortGraph()
        self._lines: tuple[list[Line], list[Line]] = ([], [])
        self._made_of: tuple[object, ...] = ()
        self._source, self._destination = Selection(), Selection()
        self._scene, self._client = Selection(), Selection()
        self._list = ""
        self._pairs = True
        self._hidden: frozenset[str] = frozenset()
        self._find = ""
        self._field: TextField | None = None
        self._edits = RoutingEdits()

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        """The keys of this screen."""
        return (
            KeyAction(
                "routing.left",
                ("left", "h"),
                "move",
                "One destination to the left.",
                lambda context: self._move(context, 0, -1),
                label="hjkl",
            ),
            KeyAction("routing.down", ("down", "j"), "", "One row down.", lambda context: self._move(context, 1, 0)),
            KeyAction("routing.up", ("up", "k"), "", "One row up.", lambda context: self._move(context, -1, 0)),
            KeyAction(
                "routing.right",
                ("right", "l"),
                "",
                "One destination to the right.",
                lambda context: self._move(context, 0, 1),
            ),
            KeyAction(
                "routing.page_down", ("pagedown",), "", "Some rows down.", lambda one: self._move(one, PAGE_ROWS, 0)
            ),
            KeyAction("routing.page_up", ("pageup",), "", "Some rows up.", lambda one: self._move(one, -PAGE_ROWS, 0)),
            KeyAction("routing.next", ("tab",), "", "The first destination of the next client.", self._skip_forward),
            KeyAction("routing.previous", ("shift+tab",), "", "That of the client before.", self._skip_back),
            KeyAction(
                "routing.connect",
                ("enter",),
                "connect",
                "Connect the source with the destination, or cut them. Half a pair is made whole.",
                self._enter,
            ),
            KeyAction(
                "routing.find", ("slash",), "find", "Show only ports and clients with these words.", self._search
            ),
            KeyAction(
                "routing.save", ("S",), "save scene", "Save all connections as a scene.", self._save_scene, shown=False
            ),
            KeyAction(
                "routing.restore", ("R",), "scenes", "List the scenes: ↵ restores the chosen one.", self._list_scenes
            ),
            KeyAction(
                "routing.clear", ("x",), "clear row", "Cut everything from this source.", self._clear, shown=False
            ),
            KeyAction(
                "routing.pairs",
                ("p",),
                "pairs/ports",
                "Show stereo pairs as one, or each port by itself.",
                self._toggle_pairs,
                shown=False,
            ),
            KeyAction("routing.clients", ("c",), "clients", "Choose which clients are shown.", self._list_clients),
            KeyAction(
                "routing.delete", ("D",), "delete scene", "Delete the chosen scene.", self._delete_scene, shown=False
            ),
            KeyAction("routing.leave", ("escape",), "", "Leave the list, or show all ports again.", self._leave),
        )

    # -- keys

    def _move(self, context: Context, down: int, right: int) -> None:
        if self._list:
            selection = self._scene if self._list == "scenes" else self._client
            selection.move(self._list_keys(context.session), down)
            return
        graph = self._update(context.session)
        self._source.move(_keys(graph.sources), down)
        self._destination.move(_keys(graph.destinations), right)

    def _skip_forward(self, context: Context) -> None:
        self._skip(context, 1)

    def _skip_back(self, context: Context) -> None:
        self._skip(context, -1)

    def _skip(self, context: Context, step: int) -> None:
        """To the first destination of the next client, or of the one before."""
        ends = self._update(context.session).destinations
        at = self._destination.find(_keys(ends))
        starts = [i for i, one in enumerate(ends) if not i or ends[i - 1].client != one.client]
        beyond = [i for i in starts if (i > at if step > 0 else i < at)]
        if beyond:
            self._destination.move(_keys(ends), (beyond[0] if step > 0 else beyond[-1]) - at)

    def _enter(self, context: Context) -> None:
        if self._list == "scenes":
            self._edits.restore(context, self._scene.key)
            self._list = ""
        elif self._list == "clients":
            self._hidden ^= {self._client.key}
        elif found := self._find_cursor(context.session):
            self._edits.turn_over(context, *found)

    def _clear(self, context: Context) -> None:
        found = self._find_cursor(context.session)
        if found and not self._list:
            source = found[0]
            links = [link for link in self._graph.links if link[0] in source.ports]
            self._edits.clear(context, source, links)

    def _toggle_pairs(self, context: Context) -> None:
        self._pairs = not self._pairs
        context.say("stereo pairs are one row" if self._pairs else "each port has a row of its own", "text")

    def _search(self, context: Context) -> None:
        self._open(context, TextField("find ports", self._find, len(self._find), on_change=self._set_find))
        if self._field is not None:
            self._field.on_cancel = lambda: self._set_find("")

    def _set_find(self, text: str) -> None:
        self._find = text

    def _save_scene(self, context: Context) -> None:
        active = [one for one in context.session.read_rows("routing.scene") if read_number(one, "active") > 0]
        name = read_text(active[0], "scene") if active else ""
        self._open(context, TextField("save scene as", name, len(name), lambda _: None))
        if self._field is not None:
            self._field.on_submit = lambda text: self._edits.save(context, text)

    def _open(self, context: Context, opened: TextField) -> None:
        self._field = context.view.field = opened

    def _list_scenes(self, _context: Context) -> None:
        self._list = "" if self._list == "scenes" else "scenes"

    def _list_clients(self, _context: Context) -> None:
        self._list = "" if self._list == "clients" else "clients"

    def _delete_scene(self, context: Context) -> None:
        keys = [read_text(one, "scene") for one in context.session.read_rows("routing.scene")]
        self._scene.find(keys)
        if self._list != "scenes":
            self._list = "scenes"
            context.say("choose the scene to delete, then D", "text")
        elif keys:
            self._edits.delete(context, self._scene.key)

    def _leave(self, _context: Context) -> None:
        if self._list:
            self._list = ""
        else:
            self._find = ""

    # -- what is shown

    def _update(self, session: Session) -> PortGraph:
        """The graph, made anew when its readings have changed, or what of it is shown."""
        made_of = (id(session), session.count(*READINGS), self._pairs, self._hidden, self._find)
        if made_of != self._made_of:
            self._made_of = made_of
            self._graph = make_graph(session, self._pairs, self._hidden, self._find)
            self._lines = make_lines(self._graph.sources), make_lines(self._graph.destinations)
            if not self._destination.key and self._graph.sources:
                self._destination.key = _find_first_destination(self._graph)
        return self._graph

    def _find_cursor(self, session: Session) -> tuple[Endpoint, Endpoint, Crossing] | None:
        graph = self._update(session)
        row, column = self._source.find(_keys(graph.sources)), self._destination.find(_keys(graph.destinations))
        if row < 0 or column < 0:
            return None
        source, destination = graph.sources[row], graph.destinations[column]
        return source, destination, graph.find_crossing(source, destination)

    def _list_keys(self, session: Session) -> list[str]:
        if self._list == "scenes":
            return [read_text(one, "scene") for one in session.read_rows("routing.scene")]
        return sorted({read_text(one, "client") for one in session.read_rows("routing.port")})

    def draw(self, context: Context, width: int, height: int) -> list[Row]:
        """The matrix, and below it the cell of the cursor in words, scenes and changes."""
        if self._field is not context.view.field:
            self._field = None
        graph = self._update(context.session)
        if not graph.sources or not graph.destinations:
            text = explain_empty(context.session, self._hidden)
            return fill([[], *indent(draw_text(text, min(width - 2, 76), height - 1, "dim"), 1)], width, height)
        is_large = context.view.is_large
        foot = FOOT_ROWS[is_large] if height >= LEAST_HEIGHT else 1 if self._field else 0
        rows: list[Row] = [[]] if foot > 1 else []
        size = LARGE if is_large else SMALL if width >= WIDE_COLUMNS else NARROW
        wanted = HEAD_ROWS + len(graph.sources) * (size.spacing + 1) - size.spacing
        room = height - len(rows) - foot
        rows += self._draw_matrix(graph, size, width, min(wanted, room))
        if not is_large:  # the foot stays where it is when ports come and go
            rows += [[]] * (room + 1 - len(rows))
        if foot > 1:
            inner = fill(self._draw_foot(context, width - 2, foot - 1), width - 2, foot - 1)
            rows += [[], *indent(inner, 1)]
        elif self._field:
            rows.append(draw_field(self._field, width))
        return fill(rows, width, height)

    def _draw_matrix(self, graph: PortGraph, size: MatrixSize, width: int, height: int) -> list[Row]:
        row, column = self._source.find(_keys(graph.sources)), self._destination.find(_keys(graph.destinations))

        def draw_cell(at: int, other: int) -> Run:
            text = graph.draw_crossing(graph.sources[at], graph.destinations[other])
            weak = "." in text or "(" in text
            return text, "off" if text in ("", "·") else "warning" if weak else "text"

        return draw_matrix(*self._lines, draw_cell, (row, column), width, height, size)

    def _draw_foot(self, context: Context, width: int, height: int) -> list[Row]:
        if not context.view.is_large:
            if self._list:
                return self._draw_list(context, width, height)
            return [*self._draw_cell(context, width)[: height - 2], *self._draw_status(context, width)]
        left_width = width * 3 // 5
        left = [*self._draw_cell(context, left_width), [], draw_legend(True), []]
        away = self._graph.list_away()
        if away:
            left += [draw_heading("Waits for a port", left_width, str(len(away)))]
            left += draw_away(away, height - len(left))
        if self._field is not None:
            left = [*left[: height - 2], [], draw_field(self._field, left_width)]
        right_width = width - left_width - 6
        right = self._draw_list(context, right_width, 6)
        right += [[]] * (7 - len(right))
        right += [draw_heading("Last changes", right_width)]
        right += draw_changes(context.session.read_events("routing.event", 20), right_width, height - len(right))
        return put_side_by_side(left[:height], right[:height], left_width, 6)

    def _draw_cell(self, context: Context, width: int) -> list[Row]:
        """The cell of the cursor in words: always four rows."""
        found = self._find_cursor(context.session)
        if found is None:
            return [[]] * 4
        rate = read_number(context.session.read("counters"), "rate")
        hint = explain_crossing(*found)
        rows = draw_crossing(*found, rate, width)
        return [*rows[:2], [(cut(hint, width), "warning")] if hint else rows[2], [] if not hint else rows[2]]

    def _draw_status(self, context: Context, width: int) -> list[Row]:
        """Two rows: the text field or what is left out, and the legend with the scene."""
        if self._field is not None:
            return [[], draw_field(self._field, width)]
        notes = [f"find {self._find}"] if self._find else []
        notes += [f"hidden: {', '.join(sorted(self._hidden))}"] if self._hidden else []
        active = [one for one in context.session.read_rows("routing.scene") if read_number(one, "active") > 0]
        notes += [f"scene {read_text(active[0], 'scene')}"] if active else []
        away = len(self._graph.list_away())
        notes += [f"{away} wait for a port"] if away else []
        return [[(cut("   ".join(notes), width), "dim")], draw_legend(False)]

    def _draw_list(self, context: Context, width: int, height: int) -> list[Row]:
        """The scenes or the clients, under their heading."""
        session = context.session
        selected = -1
        if self._list == "clients":
            keys = self._list_keys(session)
            return draw_clients(keys, self._hidden, self._client.find(keys), width, height)
        scenes = session.read_rows("routing.scene")
        if self._list == "scenes":
            selected = self._scene.find([read_text(one, "scene") for one in scenes])
        keys_text = "↵ restores   D deletes   R closes" if self._list else "S saves   R restores"
        return [draw_heading("Scenes", width, keys_text), *draw_scenes(scenes, selected, width, height - 1)]


def _find_first_destination(graph: PortGraph) -> str:
    """Where the cursor begins: at what the first source can be connected to, and not at its own client's input."""
    source = graph.sources[0]
    fits = [one for one in graph.destinations if one.kind == source.kind and one.client != source.client]
    return next(iter(_keys(fits)), "")


def _keys(ends: list[Endpoint]) -> list[str]:
    return [one.ports[0] for one in ends]
