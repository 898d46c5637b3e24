"""Chord prediction: the chord history, and the forecast for the next beats."""
