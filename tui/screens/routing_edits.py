"""Routing edits: connecting, cutting and scenes as calls of the sidecar, each with its undo and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.core.screen import Context
from tui.core.session import Record
from tui.models.port_graph import Crossing, Endpoint
from tui.screens.inverse_calls import undo_by


class RoutingEdits:
    """What the keys of the routing screen change."""

    def turn_over(self, context: Context, source: Endpoint, destination: Endpoint, crossing: Crossing) -> None:
        """Connect what is free, make half a pair whole, cut what is whole or waits."""
        words = f"{source.name} ▸ {destination.name}"
        whole = [(source.address, destination.address)]
        if not crossing.is_possible:
            context.say(f"{source.kind} cannot be connected to {destination.kind}", "warning")
        elif source.is_away or destination.is_away:
            self._call(context, "routing.cut", crossing.away, f"given up: {words}")
        elif crossing.missing or crossing.away:
            done = "pair made whole" if crossing.made else "connected"
            links = [*crossing.missing, *crossing.away] if crossing.is_crossed else whole
            if _feeds_back(source, destination):
                context.view.asked = (
                    f"{words} is feedback. Connect it?",
                    lambda: self._call(context, "routing.connect", links, f"{done}: {words}"),
                )
            else:
                self._call(context, "routing.connect", links, f"{done}: {words}")
        else:
            self._call(context, "routing.cut", whole, f"cut: {words}")

    def clear(self, context: Context, source: Endpoint, links: Sequence[tuple[str, str]]) -> None:
        """Cut everything from a source."""
        if links:
            self._call(context, "routing.cut", links, f"cut everything from {source.name}")
        else:
            context.say(f"{source.name} is not connected", "text")

    def _call(self, context: Context, action: str, links: Sequence[tuple[str, str]], words: str) -> None:
        """Call ``action`` for each link; all of them are one step for undo."""
        made: list[tuple[str, str]] = []
        failed: list[str] = []

        def undo() -> None:
            for _ in made:
                undo_by(context, "routing.undo")()

        for number, link in enumerate(links, 1):
            answer = _make_answer(context, link, made, failed, len(links), words)
            context.remote.call(action, *link, answer=answer, undo=undo if number == len(links) else None)

    def save(self, context: Context, name: str) -> None:
        """Save all connections as a scene."""
        if name.strip():
            _call_and_say(context, "routing.save", name.strip(), f"saved as scene {name.strip()}")
        else:
            context.say("a scene needs a name", "warning")

    def restore(self, context: Context, name: str) -> None:
        """Restore a scene; undo takes that back."""
        if name:
            _call_and_say(context, "routing.restore", name, f"scene {name} is restored · u undoes it", undoes=True)

    def delete(self, context: Context, name: str) -> None:
        """Ask, and delete a scene."""
        context.view.asked = (
            f"delete scene {name}?",
            lambda: _call_and_say(context, "routing.delete", name, f"scene {name} is deleted"),
        )


def _feeds_back(source: Endpoint, destination: Endpoint) -> bool:
    """Whether a program would get its own sound as its input. A sound card's inputs and outputs are one client."""
    is_device = source.physical or destination.physical
    return source.client == destination.client and source.kind == "audio" and not is_device


def _make_answer(
    context: Context,
    link: tuple[str, str],
    made: list[tuple[str, str]],
    failed: list[str],
    count: int,
    words: str,
) -> Callable[[str, list[Record]], None]:
    """What is done with the answer to one of ``count`` calls; the last answer says how all of them went."""

    def take(error: str, _rows: list[Record]) -> None:
        if error:
            failed.append(error)
        else:
            made.append(link)
        if len(made) + len(failed) == count:
            context.say(failed[0] if failed else f"{words} · u undoes it", "error" if failed else "text")

    return take


def _call_and_say(context: Context, action: str, name: str, words: str, undoes: bool = False) -> None:
    def take(error: str, _rows: list[Record]) -> None:
        context.say(error or words, "error" if error else "text")

    undo = undo_by(context, "routing.undo") if undoes else None
    context.remote.call(action, name, answer=take, undo=undo)
