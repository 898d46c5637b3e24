"""Models of the screens: what is drawn, made of the session, without rows and keys."""
