"""Chain documents: what a chain file says, without loading any plugin."""
