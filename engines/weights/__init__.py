"""Weights that ship, their card and the attribution of what they were trained on."""
