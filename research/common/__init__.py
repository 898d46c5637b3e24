"""What the research of all engines shares."""
