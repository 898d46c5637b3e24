"""What turns General MIDI into sound: by FluidSynth and a sound font, or, where they are missing, by itself."""
