"""Core types: audio, events, controls, time, latency and the engine contract. Imports no package of ours but errors."""
