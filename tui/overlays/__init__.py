"""Overlays: what is shown in place of a screen, or above it, until it is left."""
