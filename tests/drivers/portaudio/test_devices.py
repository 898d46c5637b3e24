"""Devices by the words of their names, and what their channels carry."""

from __future__ import annotations

import pytest

from bridge.core.audio import CHANNELS
from bridge.core.latency import AUDIO_PATHS
from bridge.drivers.portaudio.devices import AudioDevice, find_device, find_devices
from bridge.drivers.portaudio.output_routes import find_routes
from bridge.errors import ConfigError, DriverError

DEVICES = (
    AudioDevice(0, "MacBook Pro Microphone", "Core Audio", 1, 0, 48000, is_default_input=True),
    AudioDevice(1, "MacBook Pro Speakers", "Core Audio", 0, 2, 48000, is_default_output=True),
    AudioDevice(2, "BlackHole 2ch", "Core Audio", 2, 2, 44100),
    AudioDevice(3, "BlackHole 16ch", "Core Audio", 16, 16, 48000),
    AudioDevice(4, "Scarlett 2i2 USB", "Core Audio", 2, 2, 48000),
    AudioDevice(5, "Scarlett 2i2 USB", "ASIO", 2, 2, 48000, True, True),
)


@pytest.mark.parametrize(
    ("api", "words", "is_input", "index"),
    [
        ("", "", True, 0),
        ("", "", False, 1),
        ("asio", "", True, 5),
        ("", "blackhole 16", True, 3),
        ("", "16CH blackhole", False, 3),
        ("", "scarlett", False, 4),
        ("asio", "scarlett", False, 5),
        ("core audio", "microphone", True, 0),
    ],
)
def test_a_device_is_found_by_the_words_of_its_name(api: str, words: str, is_input: bool, index: int) -> None:
    assert find_device(DEVICES, api, words, is_input).index == index


def test_a_whole_name_comes_before_longer_ones() -> None:
    devices = (AudioDevice(0, "Loop 2", "Core Audio", 2, 2, 48000), AudioDevice(1, "Loop", "Core Audio", 2, 2, 48000))
    assert find_device(devices, "", "loop", True).index == 1


@pytest.mark.parametrize(
    ("words", "is_input", "match"),
    [
        ("blackhole", True, "input of several devices: BlackHole 2ch, BlackHole 16ch; give more of the name"),
        ("speakers", True, "there is no audio input called 'speakers'"),
        ("Blackhole 16hc", False, "called 'Blackhole 16hc'; did you mean BlackHole 16ch"),
    ],
)
def test_what_is_not_one_device_is_refused_with_names(words: str, is_input: bool, match: str) -> None:
    with pytest.raises(DriverError, match=match):
        find_device(DEVICES, "", words, is_input)


def test_without_any_device_the_error_says_so() -> None:
    with pytest.raises(DriverError, match="there is no audio output"):
        find_devices((), "", "", "")
    with pytest.raises(DriverError, match="there is no audio output of wasapi"):
        find_devices(DEVICES, "wasapi", "", "")


def test_input_and_output_are_of_one_host_api() -> None:
    source, output = find_devices(DEVICES, "", "", "speakers")
    assert source is not None
    assert (source.index, output.index) == (0, 1)
    source, output = find_devices(DEVICES, "asio", "", "")
    assert source == output == DEVICES[5]
    assert find_devices(DEVICES, "", "none", "") == (None, DEVICES[1])


def rows(*paths: str) -> list[tuple[int, ...]]:
    """The channels of a pair with the sum of ``paths``."""
    first = [AUDIO_PATHS.index(path) * CHANNELS for path in paths]
    return [tuple(row + side for row in first) for side in range(CHANNELS)]


@pytest.mark.parametrize(
    ("wanted", "channels", "paths"),
    [
        ((), 2, [("mix", "band")]),
        ((), 3, [("mix", "band")]),
        ((), 4, [("mix",), ("band",)]),
        ((), 12, [("mix",), ("band",), ("drums",), ("bass",), ("vocals",), ("other",)]),
        ((), 64, [("mix",), ("band",), ("drums",), ("bass",), ("vocals",), ("other",)]),
        (("-", "band", "drums+bass"), 16, [(), ("band",), ("drums", "bass")]),
        (("mix + mix",), 2, [("mix",)]),
    ],
)
def test_pairs_of_channels_carry_paths(wanted: tuple[str, ...], channels: int, paths: list[tuple[str, ...]]) -> None:
    assert list(find_routes(wanted, channels)) == [route for pair in paths for route in rows(*pair)]


@pytest.mark.parametrize(
    ("wanted", "channels", "match"),
    [
        (("mix", "band"), 2, "2 paths need 4 channels, and the output has 2"),
        ((), 1, "need 2 channels, and the output has 1"),
        (("mux",), 2, "there is no path 'mux'; did you mean mix"),
    ],
)
def test_routes_that_cannot_be_are_refused(wanted: tuple[str, ...], channels: int, match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        find_routes(wanted, channels)


def test_on_a_loopback_device_the_channels_of_the_input_stay_silent() -> None:
    silent: list[tuple[int, ...]] = [(), ()]
    assert list(find_routes((), 6, {0, 1})) == [*silent, *rows("mix"), *rows("band")]
    assert list(find_routes((), 4, {0, 1})) == [*silent, *rows("mix", "band")]
    assert list(find_routes((), 4, {2, 3})) == rows("mix", "band")
    with pytest.raises(ConfigError, match="need 2 channels"):
        find_routes((), 2, {0, 1})
    with pytest.raises(ConfigError, match="channel 1 of this device comes back as the input: it would feed back"):
        find_routes(("mix",), 16, {0, 1})
