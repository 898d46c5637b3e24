"""Rendering of songs, stems and MIDI through chains: loudness, dither, files."""
