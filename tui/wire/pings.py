"""Pings: when a sidecar is asked whether it lives, and when its silence means that it is lost. No clock of its own."""

from __future__ import annotations

PING_S = 0.7
"""Interval at which the sidecar's identity is asked for: an answer shows that it lives, and which one it is."""
LOST_S = 2.0
"""Without any datagram for so long the sidecar is lost: two pings were not answered by then."""
FEWEST_PINGS = 2
"""Fewest pings without an answer: where this process stood still, the silence says nothing of the sidecar."""
ANSWER_S = 0.5
"""Longest time for the answer to the last of them."""
RETRY_S = 1.0
"""Interval of attempts while it is lost."""


class Pings:
    """The pings to one sidecar. ``received_s``: when its last datagram came."""

    def __init__(self) -> None:
        self.received_s = float("-inf")
        self._sent_s = float("-inf")
        self._unanswered = 0

    def note_ping(self, now_s: float) -> None:
        """A ping is sent."""
        self._sent_s = now_s
        self._unanswered += 1

    def note_datagram(self, now_s: float) -> None:
        """Any datagram came."""
        self.received_s, self._unanswered = now_s, 0

    def hurry(self) -> None:
        """The next ping is due at once."""
        self._sent_s = float("-inf")

    def wait(self, now_s: float) -> None:
        """The next ping is due after a whole interval."""
        self._sent_s = now_s

    def find_due_s(self, is_attached: bool) -> float:
        """When the next ping is due. ``is_attached``: whether the sidecar has answered and is not lost."""
        return self._sent_s + (PING_S if is_attached else RETRY_S)

    def is_lost(self, since_s: float, now_s: float) -> bool:
        """Whether the silence means that the sidecar is lost. ``since_s``: when its state changed last."""
        is_silent = now_s - max(self.received_s, since_s) > LOST_S
        return is_silent and self._unanswered >= FEWEST_PINGS and now_s - self._sent_s >= ANSWER_S
