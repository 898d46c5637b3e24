"""Layouts for touch screens: pages of faders and buttons for TouchOSC and Open Stage Control, from the registry."""
