"""Controllers: MIDI control surfaces whose faders, buttons and pads are bound to controls, and their lights."""
