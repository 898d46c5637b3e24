"""Backing: the band for songs and MIDI files, on top of separation and analysis."""
