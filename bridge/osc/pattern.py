"""OSC address patterns: ``?``, ``*``, ``[a-c]``, ``[!x]`` and ``{drums,bass}`` within a part, ``//`` over any parts.

Patterns come from the network, so the cost of a match must be known in advance. Matching is bit-parallel: all addresses
are concatenated, and the positions that a pattern can have reached are the bits of one integer. Each character of a
pattern takes a few operations on such integers, for any addresses and any number of matches. There is no backtracking.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from bridge.errors import ControlError

MAX_CHARACTERS = 256
MAX_KNOWN = 256
"""Patterns whose matches an `Index` caches; the least recently used is evicted first."""
LINE_CHARACTERS = 4096
"""Characters of addresses per step: one operation on an integer of so many bits counts as one step."""


def is_pattern(address: str) -> bool:
    """Whether ``address`` has a pattern character."""
    return any(character in address for character in "?*[{") or "//" in address


class AddressPattern:
    """A compiled OSC address pattern. A malformed one is a `ControlError`.

    ``steps``: operations for a lookup in an `Index`, the same for matching and covering.
    """

    def __init__(self, text: str) -> None:
        if not text.startswith("/") or len(text) > MAX_CHARACTERS:
            raise ControlError(f"{text[:32]!r} is no pattern", f"begin with /, at most {MAX_CHARACTERS} characters")
        self.text = text.rstrip("/") or "/"
        self.tokens = tuple(_merge_stars(_parse_tokens(self.text)))
        self.steps = sum(token.steps for token in self.tokens)

    def matches(self, address: str) -> bool:
        """Whether the pattern matches the whole ``address``."""
        return bool(Index([address]).find_matching(self))

    def covers(self, address: str) -> bool:
        """Whether the pattern matches ``address`` or a parent: /stems covers /stems/vocals/mute, / covers all."""
        return bool(Index([address]).find_covered(self))


class _Token:
    """One unit of a pattern. ``steps``: operations for matching it."""

    steps = 4

    def advance(self, line: _AddressBits, at: int) -> int:
        """Advance the positions in ``at`` past what this token matches there."""
        raise NotImplementedError


class _Word(_Token):
    """Any of several literal words."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(dict.fromkeys(words))
        self.steps = len(self.words) + 2 * sum(map(len, self.words))

    def advance(self, line: _AddressBits, at: int) -> int:
        behind = 0
        for word in self.words:
            reached = at
            for character in word:
                reached = (reached & line.places.get(character, 0)) << 1
            behind |= reached
        return behind


class _CharacterClass(_Token):
    """One character of a set, or not of it; never a slash."""

    def __init__(self, letters: frozenset[str], wanted: bool) -> None:
        self.letters, self.wanted = letters, wanted
        self.steps = 4 + len(letters)

    def advance(self, line: _AddressBits, at: int) -> int:
        held = 0
        for letter in self.letters:
            held |= line.places.get(letter, 0)
        return (at & line.inside & (held if self.wanted else ~held)) << 1


class _Run(_Token):
    """Any number of characters except slashes."""

    def advance(self, line: _AddressBits, at: int) -> int:
        return _spread(at, line.inside)


class _Levels(_Token):
    """A slash, and any number of whole parts after it."""

    steps = 9

    def advance(self, line: _AddressBits, at: int) -> int:
        behind = (at & line.places["/"]) << 1
        return behind | _spread(behind, line.all) & line.places["/"] << 1


def _spread(at: int, through: int) -> int:
    """Extend ``at`` by all positions that can be reached through positions in ``through`` only.

    The carry of the sum runs through each run of ones to its end (Myers, "A fast bit-vector algorithm for approximate
    string matching based on dynamic programming", 1999).
    """
    return ((at & through) + through) ^ through | at


class _AddressBits:
    """All addresses concatenated, each followed by one position for its end, as bit sets of positions.

    ``places``: positions of each character. ``inside``: of characters other than slashes. ``all``: of all characters.
    ``starts`` and ``ends``: of the addresses.
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        self.places: defaultdict[str, int] = defaultdict(int, {"/": 0})
        self.starts = self.ends = 0
        self.address_at: dict[int, int] = {}
        at = 0
        for number, address in enumerate(addresses):
            self.starts |= 1 << at
            for character in address:
                self.places[character] |= 1 << at
                at += 1
            self.ends |= 1 << at
            self.address_at[at] = number
            at += 1
        self.length = at
        self.all = (1 << at) - 1 ^ self.ends
        self.inside = self.all & ~self.places["/"]

    def find_ends(self, pattern: AddressPattern) -> int:
        """Find the positions where ``pattern`` can end."""
        at = self.starts
        for token in pattern.tokens:
            if not at:
                break
            at = token.advance(self, at)
        return at

    def find_addresses(self, at: int) -> Iterator[int]:
        """Yield the numbers of the addresses that end at a position in ``at``, in order."""
        at &= self.ends
        while at:
            lowest = at & -at
            yield self.address_at[lowest.bit_length() - 1]
            at ^= lowest


class Index:
    """Address index: finds the addresses that a pattern matches or covers, and caches the result."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self.addresses = tuple(addresses)
        self._line = _AddressBits(self.addresses)
        self._known: OrderedDict[str, tuple[tuple[int, ...], tuple[int, ...]]] = OrderedDict()

    def find_matching(self, pattern: AddressPattern) -> tuple[int, ...]:
        """The numbers of the addresses that ``pattern`` matches."""
        return self._look_up(pattern)[0]

    def find_covered(self, pattern: AddressPattern) -> tuple[int, ...]:
        """The numbers of the addresses that ``pattern`` matches, or a parent of which it matches."""
        return self._look_up(pattern)[1]

    def count_steps(self, pattern: AddressPattern) -> int:
        """Cost of looking up ``pattern`` in steps: 1 where it is cached, else bounded by its length."""
        if pattern.text in self._known:
            return 1
        return pattern.steps * -(-self._line.length // LINE_CHARACTERS)

    def _look_up(self, pattern: AddressPattern) -> tuple[tuple[int, ...], tuple[int, ...]]:
        found = self._known.get(pattern.text)
        if found is None:
            line = self._line
            at = line.find_ends(pattern)
            above = line.starts if pattern.text == "/" else at & (line.places["/"] | line.ends)
            found = tuple(line.find_addresses(at)), tuple(line.find_addresses(_spread(above, line.all)))
            self._known[pattern.text] = found
            while len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        self._known.move_to_end(pattern.text)
        return found


def _parse_tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        character = text[at]
        closing = {"[": "]", "{": "}"}.get(character)
        if closing is not None:
            end = text.find(closing, at)
            if end < 0:
                raise ControlError(f"{text}: {character} is not closed", f"add {closing}")
            inside = text[at + 1 : end]
            yield _parse_class(inside) if character == "[" else _Word(inside.split(","))
            at = end + 1
        elif text.startswith("//", at):
            yield _Levels()
            at += 2
            while text.startswith("/", at):
                at += 1
        else:
            wildcards: dict[str, Callable[[], _Token]] = {"*": _Run, "?": lambda: _CharacterClass(frozenset(), False)}
            yield wildcards[character]() if character in wildcards else _Word([character])
            at += 1


def _merge_stars(tokens: Iterable[_Token]) -> Iterator[_Token]:
    """``tokens``, with runs of ``*`` merged into one."""
    last: _Token | None = None
    for token in tokens:
        if not (isinstance(token, _Run) and isinstance(last, _Run)):
            yield token
        last = token


def _parse_class(inside: str) -> _CharacterClass:
    rest = inside.removeprefix("!")
    letters: set[str] = set()
    at = 0
    while at < len(rest):
        if rest[at + 1 : at + 2] == "-" and at + 2 < len(rest):
            letters.update(map(chr, range(ord(rest[at]), min(ord(rest[at + 2]), 127) + 1)))
            at += 3
        else:
            letters.add(rest[at])
            at += 1
    return _CharacterClass(frozenset(letters), not inside.startswith("!"))
