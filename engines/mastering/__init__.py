"""Mastering: loudness meter, true-peak limiter, gain to a target loudness, of renders and of the band's audio."""
