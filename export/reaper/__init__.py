"""Reaper: a project file with tempo map, markers and tracks."""
