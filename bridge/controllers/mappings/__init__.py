"""Mappings: the files of the controllers, found, read, checked, and what their messages and values mean."""
