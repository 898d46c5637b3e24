"""Ogg stream headers: the first packets of Vorbis, Opus and FLAC, and the decoder for the packets after them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.audiofile.codec import Codec

OPUS_HZ = 48_000
_NO_COMMENTS = b"\x03vorbis" + bytes(8) + b"\x01"
_FLAC_INFO = 34
OTHERS = (
    (b"\x80theora", "Theora video"), (b"Speex   ", "Speex"), (b"BBCD\0", "Dirac video"), (b"OVP80", "VP8 video"),
    (b"CELT    ", "CELT"), (b"\x7fMIDI", "MIDI"), (b"Annodex", "Annodex"), (b"fishead", "a skeleton"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stream:
    """``heads``: header packets before the audio, this one included; 0: all up to the first FLAC frame.

    ``skip``: Opus pre-skip in samples; it counts in granule positions. ``codec``: makes the decoder from the headers.
    """

    name: str
    rate: int
    channels: int
    heads: int
    skip: int
    codec: Callable[[list[bytes]], Codec]

    def is_head(self, packet: bytes, number: int) -> bool:
        """Whether packet ``number`` of the stream is a header packet."""
        if self.name == "FLAC":
            return packet[:1] != b"\xff"
        return number < self.heads


def parse_stream(packet: bytes) -> Stream | None:
    """Parse the stream that begins with ``packet``; None where it is no audio that can be read."""
    if packet[:7] == b"\x01vorbis" and len(packet) >= 28:
        return Stream("Vorbis", int.from_bytes(packet[12:16], "little"), packet[11], 3, 0, _make_vorbis)
    if packet[:8] == b"OpusHead" and len(packet) >= 19:
        return Stream("Opus", OPUS_HZ, packet[9], 2, int.from_bytes(packet[10:12], "little"), _make_opus)
    if packet[:5] == b"\x7fFLAC" and len(packet) >= 17 + _FLAC_INFO:
        packed = int.from_bytes(packet[27:31], "big")
        return Stream("FLAC", packed >> 12, (packed >> 9 & 7) + 1, 0, 0, _make_flac)
    return None


def name_stream(packet: bytes) -> str:
    """Name an unsupported stream that begins with ``packet``."""
    return next((name for mark, name in OTHERS if packet.startswith(mark)), "an unknown stream")


def _make_vorbis(heads: list[bytes]) -> Codec:
    packets = [heads[0], _NO_COMMENTS, heads[2]]
    sizes = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets[:2])
    return Codec("vorbis", b"\x02" + sizes + b"".join(packets))


def _make_opus(heads: list[bytes]) -> Codec:
    head = heads[0]
    return Codec("libopus", head[:10] + b"\0\0" + head[12:], {"request_sample_fmt": "flt"})  # the link skips


def _make_flac(heads: list[bytes]) -> Codec:
    return Codec("flac", heads[0][17 : 17 + _FLAC_INFO], {"err_detect": "crccheck+explode"})
