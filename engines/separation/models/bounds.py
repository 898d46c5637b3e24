"""Upper bounds for a model's demands: far above those of useful models, far below those that stop a machine."""

LARGEST_FILE = (1 << 31) - 1
"""Bytes of an ONNX file; the limit of protobuf."""
MOST_FRAMES = 1 << 25
"""Frames of a piece: 12 minutes at 44.1 kHz."""
MOST_HOP = 1 << 20
"""Frames of a streaming model's hop: 24 s at 44.1 kHz."""
MOST_NUMBERS = 1 << 26
"""Numbers in a tensor whose shape is declared: MOST_FRAMES in stereo, a quarter of a GiB."""
MOST_IN_SPECTRUM = 1 << 27
"""Numbers in the overlapping windows of a piece; Open-Unmix's 24 s have a sixteenth of it."""
