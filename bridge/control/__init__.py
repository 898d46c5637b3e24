"""What can be turned, triggered and read, and the one door through which it happens."""
