"""The engine mir.chroma: beats, chords and key by rule, without a network."""
