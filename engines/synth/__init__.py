"""General MIDI synthesizers: FluidSynth with a sound font, and a plain synth that needs neither."""
