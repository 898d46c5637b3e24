"""Shared by the research on all engines."""
