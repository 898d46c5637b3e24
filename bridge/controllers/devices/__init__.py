"""Devices: all that are there, from the moment they are plugged in, and the readings about them on the Bus."""
