"""Examples: short programs that use Sideman as a library. Each runs from the repository's root."""
