"""Core Audio channel layouts, as in CAF and AIFF: tags, bitmaps and lists of labels."""

from __future__ import annotations

import struct

from bridge.audiofile.layout import Layout, from_mask

_DESCRIPTIONS, _BITMAP = 0, 1
_LABELS = {
    1: "FL", 2: "FR", 3: "FC", 4: "LFE", 5: "SL", 6: "SR", 7: "FLC", 8: "FRC", 9: "BC", 10: "SL", 11: "SR", 12: "TC",
    13: "TFL", 14: "TFC", 15: "TFR", 16: "TBL", 17: "TBC", 18: "TBR", 33: "BL", 34: "BR", 35: "WL", 36: "WR",
    37: "LFE2", 38: "DL", 39: "DR", 42: "FC",
}  # fmt: skip
_TAGS = {
    100: "FC", 101: "FL FR", 102: "FL FR", 103: "FL FR", 105: "FL FR", 106: "FL FR", 108: "FL FR SL SR",
    109: "FL FR SL SR FC", 110: "FL FR SL SR FC BC", 111: "FL FR BL BR FC BC SL SR", 113: "FL FR FC", 114: "FC FL FR",
    115: "FL FR FC BC", 116: "FC FL FR BC", 117: "FL FR FC SL SR", 118: "FL FR SL SR FC", 119: "FL FC FR SL SR",
    120: "FC FL FR SL SR", 121: "FL FR FC LFE SL SR", 122: "FL FR SL SR FC LFE", 123: "FL FC FR SL SR LFE",
    124: "FC FL FR SL SR LFE", 125: "FL FR FC LFE SL SR BC", 126: "FL FR FC LFE SL SR FLC FRC",
    127: "FC FLC FRC FL FR SL SR LFE", 128: "FL FR FC LFE SL SR BL BR", 129: "FL FR SL SR FC LFE FLC FRC",
    131: "FL FR BC", 132: "FL FR SL SR", 133: "FL FR LFE", 134: "FL FR LFE BC", 135: "FL FR LFE SL SR",
    136: "FL FR FC LFE", 137: "FL FR FC LFE BC", 138: "FL FR SL SR LFE", 139: "FL FR SL SR FC BC",
    140: "FL FR SL SR FC BL BR", 141: "FC FL FR SL SR BC", 142: "FC FL FR SL SR BC LFE", 143: "FC FL FR SL SR BL BR",
    144: "FC FL FR SL SR BL BR BC", 148: "FL FR SL SR FC FLC FRC", 183: "FC FL FR SL SR BL BR LFE",
    185: "FL FR BL BR", 186: "FL FR FC BL BR", 187: "FL FR FC LFE BL BR", 188: "FL FR FC LFE BC SL SR",
    189: "FL FR FC LFE BL BR SL SR",
}  # fmt: skip
"""By the upper half of kAudioChannelLayoutTag_...; the lower half is the number of channels."""


def read_layout(data: bytes, channels: int) -> Layout:
    """Read the layout of ``channels`` channels from the ``data`` of a channel layout chunk; empty if it has none."""
    if len(data) < 12:
        return ()
    tag, bitmap, count = struct.unpack(">III", data[:12])
    if tag >> 16 == _DESCRIPTIONS:
        places = range(12, 12 + 20 * min(count, channels), 20)
        names = [_LABELS.get(struct.unpack(">I", data[at : at + 4])[0], "") for at in places if at + 20 <= len(data)]
        return tuple(names) if len(names) == channels and all(names) else ()
    if tag >> 16 == _BITMAP:
        return from_mask(bitmap, channels)
    layout = tuple(_TAGS.get(tag >> 16, "").split())
    return layout if len(layout) == channels else ()
