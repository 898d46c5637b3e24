"""Screens of the terminal app, one a file: what each subscribes to, its rows, its keys."""
