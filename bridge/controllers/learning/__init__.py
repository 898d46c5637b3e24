"""MIDI learn: which input of which device was moved, what it is bound to, and the file that keeps it."""
