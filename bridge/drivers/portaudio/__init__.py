"""PortAudio as the audio system: CoreAudio, WASAPI, ASIO and others, for who has no JACK server."""
