"""The audio and MIDI files of a session, the same in every format."""
