"""Lights of a device: what its LEDs, displays, meters and motors are sent."""
