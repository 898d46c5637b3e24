"""MIDI ports: of the machine's MIDI systems and of JACK, found by their names, and the session on an open pair."""
