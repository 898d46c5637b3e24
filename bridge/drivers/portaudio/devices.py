"""Audio devices: those that PortAudio lists, found by the words of their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.errors import DriverError, did_you_mean

LIST_FIX = "sideman devices lists them"


@dataclass(frozen=True, slots=True)
class AudioDevice:
    """A device of one of PortAudio's host APIs.

    Attributes:
        index: PortAudio's number, which changes with the devices that are there.
        api: The name of the host API; most devices are there once for each.
        inputs: Channels that can be recorded.
        outputs: Channels that can be played to.
        rate: The rate in Hz at which it runs, as it says.
        is_default_input: Of its host API.
    """

    index: int
    name: str
    api: str
    inputs: int
    outputs: int
    rate: int
    is_default_input: bool = False
    is_default_output: bool = False

    def has_channels(self, is_input: bool) -> bool:
        """Whether it can be recorded, or played to."""
        return (self.inputs if is_input else self.outputs) > 0


def has_words(words: str, name: str) -> bool:
    """Whether ``name`` has all of the ``words``, in any order, upper or lower case."""
    lower = name.lower()
    return all(word in lower for word in words.lower().split())


NO_INPUT = "none"
"""Words for no input at all."""


def find_devices(
    devices: Sequence[AudioDevice], api: str, inputs: str, outputs: str
) -> tuple[AudioDevice | None, AudioDevice]:
    """The devices for input and output, of one host API, since a stream has one. See `find_device`.

    Raises:
        DriverError: One of them is not there.
    """
    output = find_device(devices, api, outputs, is_input=False)
    if inputs.lower() == NO_INPUT:
        return None, output
    return find_device(devices, output.api, inputs, is_input=True), output


def find_device(devices: Sequence[AudioDevice], api: str, words: str, is_input: bool) -> AudioDevice:
    """The device for the input, or the output.

    ``api``: words of the host API's name; empty: that of the first device that fits, PortAudio's default API first.
    ``words``: of the device's name; empty: the default device. One whose whole name was given comes before all others.

    Raises:
        DriverError: There is none, or several.
    """
    what = "input" if is_input else "output"
    usable = [one for one in devices if has_words(api, one.api) and one.has_channels(is_input)]
    if not usable:
        where = f" of {api}" if api else ""
        raise DriverError(f"there is no audio {what}{where}", f"plug one in, or start what it is part of; {LIST_FIX}")
    if not words:
        defaults = [one for one in usable if (one.is_default_input if is_input else one.is_default_output)]
        return (defaults or usable)[0]
    exact = [one for one in usable if one.name.lower() == words.lower()]
    found = exact or [one for one in usable if has_words(words, one.name)]
    if not found:
        hint = did_you_mean(words, dict.fromkeys(one.name for one in usable))
        raise DriverError(f"there is no audio {what} called {words!r}", f"{hint}; {LIST_FIX}")
    first = [one for one in found if one.api == found[0].api]
    if len(first) > 1:
        names = ", ".join(one.name for one in first)
        raise DriverError(f"{words!r} is the {what} of several devices: {names}", f"give more of the name; {LIST_FIX}")
    return found[0]
