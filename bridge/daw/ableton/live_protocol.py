"""AbletonOSC protocol: addresses, what a reply repeats of its request, errors, and datagrams.

As read in the source of AbletonOSC (github.com/ideoforms/AbletonOSC, November 2025), and measured with that code under
a model of Live. It reads datagrams once in a tick of Live, and answers at a fixed port of the sender's host.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from bridge.errors import ControlError
from bridge.osc import guard
from bridge.osc.wire import Args, Message, decode, encode, pack_bundles

LIVE_PORT, REPLY_PORT = 11000, 11001
"""UDP ports of AbletonOSC: where it listens, and where its replies go, whoever asked."""
TICK_S = 0.1
"""Time between two looks of AbletonOSC at its socket (`schedule_message` of Live)."""
MOST_NOTES = 250
"""Notes in a datagram: 6,288 bytes with the message's head, and macOS sends at most 9,216 in one."""
LARGEST_DATAGRAM, MOST_ARGUMENTS = 65_507, 16_384
"""Limits of what is received: the largest UDP datagram, and as many arguments as fit into it, 4 bytes each."""

STARTUP = "/live/startup"
"""Sent when AbletonOSC starts: all listeners are gone then."""
FAILURE = "/live/error"
"""Sent with a text where a message was not understood. The text does not say which message, but for one case."""
UNKNOWN_ADDRESS = "Unknown OSC address: "
"""The case in which the text names the message."""

_IDS = {"track": 1, "scene": 1, "clip": 2, "clip_slot": 2, "device": 2}
"""Arguments at the start of a reply that say which object it is about, by the kind of object."""

QueryKey: TypeAlias = tuple[str, tuple[int, ...]]
"""An address and the numbers of the object: what a reply can be matched by."""


class LiveError(ControlError):
    """Live, or AbletonOSC in it, that does not answer, or refused something."""


class LiveRestartError(LiveError):
    """AbletonOSC was started again while something was under way."""


class LiveRefusedError(LiveError):
    """AbletonOSC has sent an error while a query had no reply: perhaps its object is not there."""


class LiveMissingError(LiveError):
    """A track or scene that is not in the set."""


def count_ids(address: str) -> int:
    """How many arguments of a reply from ``address`` say which object it is about."""
    parts = address.split("/")
    return _IDS.get(parts[2], 0) if len(parts) > 3 else 0


def make_key(address: str, args: Args) -> QueryKey | None:
    """The key of a message; None where its first arguments are no numbers of an object."""
    ids = args[: count_ids(address)]
    if len(ids) < count_ids(address) or not all(isinstance(one, int | float) for one in ids):
        return None
    return address, tuple(int(one) for one in ids if isinstance(one, int | float))


def read_datagram(datagram: bytes) -> list[Message]:
    """The messages of a datagram from Live or from a client of the hub.

    Raises:
        GuardError: It is malformed.
        ValueError: A message cannot be decoded.
    """
    parts = guard.split_messages(datagram, largest_bytes=LARGEST_DATAGRAM, most_arguments=MOST_ARGUMENTS)
    return [decode(part) for part in parts]


def make_datagram(messages: Sequence[Message]) -> bytes:
    """One datagram with ``messages``, which AbletonOSC processes in this order and in one tick."""
    parts = [encode(address, args) for address, args in messages]
    if len(parts) == 1:
        return parts[0]
    return BUNDLE_HEAD + b"".join(part for one in parts for part in (len(one).to_bytes(4, "big"), one))


BUNDLE_HEAD = next(iter(pack_bundles([encode("/a", ()), encode("/a", ())])))[:16]
"""Bundle head with the time tag that means at once."""


def find_unknown_address(text: object) -> str:
    """The address that an error text says is unknown; empty where it says something else."""
    return text.removeprefix(UNKNOWN_ADDRESS) if isinstance(text, str) and text.startswith(UNKNOWN_ADDRESS) else ""


def read_words(values: Iterable[object]) -> tuple[str, ...]:
    """The values of a list of names; an empty name where there is none."""
    return tuple(value if isinstance(value, str) else "" for value in values)
