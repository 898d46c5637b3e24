"""Standard MIDI files (SMF): a tolerant reader, and a writer whose bars every DAW accepts.

`reading.read_smf` reads, `writing.write_smf` writes. `containers` finds the tracks in the bytes, `events` parses a
track, `metas` parses meta events; `bars` makes ordinary bars and tempi for any time before the first beat.
"""
