"""Ableton Live through AbletonOSC: client, hub for several clients, clips, launching and routing."""
