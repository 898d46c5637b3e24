"""Latency card reading: what to enter in each DAW, published when a declared delay has changed."""

from __future__ import annotations

from bridge.control.bus import Bus
from bridge.core.latency import Ledger
from bridge.daw.latency_card import describe_card, make_cards


class LatencyCardReading:
    """Publishes the reading ``latency.card`` of ``ledger`` on ``bus``."""

    def __init__(self, bus: Bus, ledger: Ledger) -> None:
        self._bus, self._ledger = bus, ledger
        self._published: tuple[int, int] | None = None

    def publish(self) -> None:
        """Publish the cards, if a delay or the period has changed since."""
        now = (self._ledger.rev, self._ledger.period)
        if now == self._published:
            return
        for card in make_cards(self._ledger):
            self._bus.publish("latency.card", card.daw, describe_card(card))
        self._published = now
