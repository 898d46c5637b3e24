"""Session export: one song, its stems, its band and its chords, as a session of the producer's DAW."""
