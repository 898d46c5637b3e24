"""Shared parts of the commands that process files: songs in, files out."""
