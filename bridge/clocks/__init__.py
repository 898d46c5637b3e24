"""Clock sources: what the engines' time comes from, the choice among them, and a transport of our own."""
