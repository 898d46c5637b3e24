"""DAW setup: the latency card."""
