"""What the processes share: memory without a name, where all lies in it, and who writes what."""
