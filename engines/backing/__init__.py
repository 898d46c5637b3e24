"""Where separation, analysis and the band meet: songs and MIDI files that the band plays to."""
