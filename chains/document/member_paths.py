"""Member paths: every member of a chain with the key at which it stands, such as ``member[1].branch[0].member[2]``."""

from __future__ import annotations

from collections.abc import Iterator

from chains.document.chain import Chain, Member


def walk_members(chain: Chain) -> Iterator[tuple[str, Member]]:
    """Yield key and member: in the order of the signal, those in branches behind their parent, those of buses last."""
    yield from _walk(chain.members, "")
    for number, bus in enumerate(chain.buses):
        yield from _walk(bus.members, f"bus[{number}].")


def walk_active_members(chain: Chain) -> Iterator[tuple[str, Member]]:
    """As `walk_members`, without members that are bypassed, and what is in branches that are."""
    bypassed: tuple[str, ...] = ()
    for key, member in walk_members(chain):
        if member.bypass:
            bypassed += (f"{key}.",)
        elif not key.startswith(bypassed):
            yield key, member


def _walk(members: tuple[Member, ...], prefix: str) -> Iterator[tuple[str, Member]]:
    for number, member in enumerate(members):
        key = f"{prefix}member[{number}]"
        yield key, member
        for which, branch in enumerate(member.branches):
            yield from _walk(branch.members, f"{key}.branch[{which}].")
