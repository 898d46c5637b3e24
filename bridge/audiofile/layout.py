"""Channel layouts: the loudspeaker of each channel of a file, and the downmix to stereo.

Names are those of FFmpeg, in the order of the file. The downmix follows ITU-R BS.775-3, table 2: centre and surrounds
at -3 dB, a single rear surround at -6 dB on both sides, low-frequency effects left out. Other loudspeakers are treated
as the nearest one: those between front and centre as front, height channels as surrounds.
"""

from __future__ import annotations

import numpy as np

from bridge.core.audio import CHANNELS, Audio

Layout = tuple[str, ...]
"""Empty where a file does not give one."""

MASK = (
    "FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR", "TC", "TFL", "TFC", "TFR", "TBL", "TBC", "TBR",
)  # fmt: skip
"""The loudspeakers of a channel mask, lowest bit first: WAVEFORMATEXTENSIBLE, CAF's bitmap, FLAC's comment."""
SURROUND: Layout = ("FL", "FR", "FC", "LFE", "BL", "BR")
"""5.1, the default for six channels without a layout."""
FLAC: dict[int, Layout] = {
    1: ("FC",),
    2: ("FL", "FR"),
    3: ("FL", "FR", "FC"),
    4: ("FL", "FR", "BL", "BR"),
    5: ("FL", "FR", "FC", "BL", "BR"),
    6: SURROUND,
    7: ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}
"""RFC 9639, section 9.1.3: by the number of channels."""
NAMES = {
    ("FC", "FL", "FR"): "3.0",
    ("BC", "FL", "FR"): "3.0 (back)",
    ("BL", "BR", "FL", "FR"): "quadraphonic",
    ("FL", "FR", "SL", "SR"): "quadraphonic",
    ("BC", "FC", "FL", "FR"): "4.0",
    ("BL", "BR", "FC", "FL", "FR"): "5.0",
    ("FC", "FL", "FR", "SL", "SR"): "5.0",
    ("BL", "BR", "FC", "FL", "FR", "LFE"): "5.1",
    ("FC", "FL", "FR", "LFE", "SL", "SR"): "5.1",
    ("BC", "FC", "FL", "FR", "LFE", "SL", "SR"): "6.1",
    ("BC", "BL", "BR", "FC", "FL", "FR", "LFE"): "6.1",
    ("BL", "BR", "FC", "FL", "FR", "LFE", "SL", "SR"): "7.1",
}
SIDE, MIDDLE = 0.5**0.5, 0.5
_LEFT = {"FL": 1.0, "FLC": 1.0, "DL": 1.0, "FC": SIDE, "BL": SIDE, "SL": SIDE, "WL": SIDE, "TFL": SIDE, "TBL": SIDE,
         "TSL": SIDE, "BC": MIDDLE, "TC": MIDDLE, "TFC": MIDDLE, "TBC": MIDDLE}  # fmt: skip
_RIGHT = {"FR": 1.0, "FRC": 1.0, "DR": 1.0, "FC": SIDE, "BR": SIDE, "SR": SIDE, "WR": SIDE, "TFR": SIDE, "TBR": SIDE,
          "TSR": SIDE, "BC": MIDDLE, "TC": MIDDLE, "TFC": MIDDLE, "TBC": MIDDLE}  # fmt: skip
_SILENT = ("LFE", "LFE2")


def from_mask(mask: int, channels: int) -> Layout:
    """The layout of ``channels`` channels from a channel mask; empty where the mask has fewer."""
    names = tuple(name for bit, name in enumerate(MASK) if mask >> bit & 1)
    return names[:channels] if len(names) >= channels else ()


def choose_downmix_layout(layout: Layout, channels: int) -> Layout:
    """``layout`` where it can be mixed down to stereo; else the default for so many channels, or empty."""
    known = len(layout) == channels and all(name in _LEFT or name in _RIGHT or name in _SILENT for name in layout)
    if known and "FL" in layout and "FR" in layout:
        return layout
    return SURROUND if channels == len(SURROUND) else ()


def describe_downmix(layout: Layout, channels: int) -> str:
    """Describe how ``channels`` channels become two, for the user; empty for mono and stereo."""
    if channels <= CHANNELS:
        return ""
    taken = choose_downmix_layout(layout, channels)
    if not taken:
        return f"has {channels} channels; the first two were used"
    count = "six" if channels == len(SURROUND) else str(channels)
    name = NAMES.get(tuple(sorted(taken)), " ".join(taken))
    return f"has {count} channels, taken as {name} and folded to stereo"


def downmix_to_stereo(samples: Audio, layout: Layout) -> Audio:
    """Mix (frames, channels) to (frames, 2), float32. Mono goes to both sides; two channels are left and right."""
    channels = samples.shape[1]
    if channels == 1:
        return np.repeat(samples, CHANNELS, axis=1)
    taken = choose_downmix_layout(layout, channels) if channels > CHANNELS else ()
    if not taken:
        return samples[:, :CHANNELS]
    return np.stack([_mix_side(samples, taken, _LEFT), _mix_side(samples, taken, _RIGHT)], axis=1)


def _mix_side(samples: Audio, layout: Layout, gains: dict[str, float]) -> Audio:
    out = np.zeros(len(samples), np.float32)
    for gain in (1.0, SIDE, MIDDLE):
        of_group = [samples[:, i] for i, name in enumerate(layout) if gains.get(name) == gain]
        if of_group:
            whole = of_group[0]
            for more in of_group[1:]:
                whole = whole + more
            out = out + np.float32(gain) * whole
    return out
