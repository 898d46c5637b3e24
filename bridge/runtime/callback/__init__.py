"""The compiled callback, whole but for JACK: take what came, give what is due. Knows no device and no Python."""
