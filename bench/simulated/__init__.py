"""Simulated work on files, for tests and measurements of batches; nothing of it ships."""
