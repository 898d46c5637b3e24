"""The demo: a song to play, the files and pictures that it leaves, and the report of what was measured."""
