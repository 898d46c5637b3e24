"""NSM: Sideman as a client of a session manager (New Session Manager, RaySession), by their API 1.1."""
