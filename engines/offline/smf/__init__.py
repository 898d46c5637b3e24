"""Standard MIDI files (SMF), in and out: a tolerant reader, and a writer whose bars every DAW takes.

`reading.read_smf` reads, `writing.write_smf` writes. `containers` finds the tracks in the bytes, `events` what is in a
track, `metas` what meta events mean; `bars` makes ordinary bars and tempi of any time before the first beat.
"""
