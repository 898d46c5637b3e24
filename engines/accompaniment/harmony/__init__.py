"""Which chord will sound: what is known of the harmony up to now, and what that says of the next beats."""
