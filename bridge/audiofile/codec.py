"""FFmpeg decoders, fed packet by packet, in one thread: the same packets always give the same samples."""

from __future__ import annotations

from collections.abc import Iterator

import av
import numpy as np
from av.error import FFmpegError

from bridge.audiofile.layout import Layout
from bridge.audiofile.sound import DecodedBlock
from bridge.core.audio import Audio

MOST_CHANNELS = 8
"""PyAV 18.1 miscounts the planes of a frame with more, and reads past their end."""
_FORMATS: dict[str, tuple[type[np.generic], float]] = {
    "s16": (np.int16, 2.0**-15),
    "s32": (np.int32, 2.0**-31),
    "flt": (np.float32, 1.0),
}
"""FFmpeg's names of packed sample formats, with NumPy type and scale; planar ones end in p."""


class PacketError(ValueError):
    """A packet could not be decoded."""


class Codec:
    """The FFmpeg decoder ``name``. ``setup``: the stream's header, in the form that this decoder expects."""

    def __init__(self, name: str, setup: bytes = b"", options: dict[str, str] | None = None) -> None:
        context = av.CodecContext.create(name, "r")
        if not isinstance(context, av.AudioCodecContext):
            raise TypeError(f"{name}: no audio decoder")
        self._context = context
        self._context.thread_count = 1
        if options:
            self._context.options = options
        if setup:
            self._context.extradata = setup

    def split(self, data: bytes) -> Iterator[bytes]:
        """Push bytes of a stream and yield the packets that are complete; an empty ``data`` yields what is left."""
        while True:
            packets = self._context.parse(data or None)
            yield from (bytes(packet) for packet in packets)
            if data or not packets:
                return

    def decode(self, packet: bytes) -> list[DecodedBlock]:
        """Decode a packet. Raises: PacketError."""
        try:
            frames = self._context.decode(av.Packet(packet))
        except FFmpegError as error:
            raise PacketError(str(error.strerror)) from error
        return [DecodedBlock(_to_samples(frame), frame.sample_rate, _to_layout(frame)) for frame in frames]

    def reset(self) -> None:
        """Clear the decoder's state, as after a gap."""
        self._context.flush_buffers()


def _to_samples(frame: av.AudioFrame) -> Audio:
    """Samples of shape (frames, channels), float32, full scale 1. Raises: PacketError."""
    channels, name = len(frame.layout.channels), frame.format.name
    planar = name.endswith("p")
    kind = _FORMATS.get(name.removesuffix("p"))
    if kind is None or not 1 <= channels <= MOST_CHANNELS:
        raise PacketError(f"{channels} channels of {name}")
    dtype, scale = kind
    if planar:
        data = np.stack(
            [np.frombuffer(memoryview(plane), dtype, frame.samples) for plane in frame.planes[:channels]], axis=1
        )
    else:
        data = np.frombuffer(memoryview(frame.planes[0]), dtype, frame.samples * channels).reshape(-1, channels)
    samples = data.astype(np.float32)
    return samples if scale == 1.0 else samples * np.float32(scale)


def _to_layout(frame: av.AudioFrame) -> Layout:
    names = tuple(channel.name for channel in frame.layout.channels)
    return () if len(names) > 2 and len(set(names)) < len(names) else names
