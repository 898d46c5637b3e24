"""Subscriptions of a link: those that it always has, and those of the screen that is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tui.wire.osc import encode
from tui.wire.questions import Question, Questions

Rates = tuple[tuple[str, float], ...]
"""Patterns and rates in Hz."""


class Subscriptions:
    """What is subscribed to. ``questions`` asks for it; ``on_failed``: called with the error where it is refused."""

    def __init__(self, questions: Questions, always: Rates, on_failed: Callable[[str], None]) -> None:
        self._questions, self._on_failed = questions, on_failed
        self._always = always
        self._screen: Rates = ()
        self._active: dict[str, float] = {}

    def show(self, screen: Iterable[tuple[str, float]]) -> None:
        """Take what the present screen needs, for the next `update`."""
        self._screen = tuple(screen)

    def forget(self) -> None:
        """The sidecar knows of none."""
        self._active.clear()

    def update(self, renew: bool) -> list[bytes]:
        """Subscribe to what is wanted; returns what ends the rest. ``renew``: also to what is subscribed to already."""
        wanted: dict[str, float] = {}
        for pattern, rate_hz in (*self._always, *self._screen):
            wanted[pattern] = max(rate_hz, wanted.get(pattern, 0.0))
        ending = [pattern for pattern in self._active if pattern not in wanted]
        for pattern, rate_hz in wanted.items():
            if renew or self._active.get(pattern) != rate_hz:
                self._ask(pattern, rate_hz)
        self._active = wanted
        return [encode("/unsubscribe", (pattern,)) for pattern in ending]

    def end(self) -> list[bytes]:
        """What ends all of them."""
        ending = [encode("/unsubscribe", (pattern,)) for pattern in self._active]
        self._active = {}
        return ending

    def _ask(self, pattern: str, rate_hz: float) -> None:
        question = Question(
            "/subscribe", (pattern, rate_hz), "/subscribed", lambda _: None, self._on_failed, key=pattern
        )
        self._questions.ask(question, first=True)
