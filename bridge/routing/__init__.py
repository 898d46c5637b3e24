"""Routing: the ports and connections of all clients of the audio system, scenes of them, and undo. Knows no JACK."""
