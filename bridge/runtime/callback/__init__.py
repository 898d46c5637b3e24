"""The compiled audio callback without its JACK part: reads input, writes what is due. Knows no device, no Python."""
