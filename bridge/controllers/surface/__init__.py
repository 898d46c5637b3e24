"""Surface of a device: what its faders, knobs, buttons and pads make of the controls."""
