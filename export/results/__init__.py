"""Results of separating, analysing and accompanying a song: what a session is made of."""
