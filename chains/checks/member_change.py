"""Change of members: a chain with fields of its members replaced, wherever they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from chains.document.chain import Chain, Member

MemberChange = Callable[[Member], Mapping[str, object]]
"""The fields to replace by name; none: the member stays."""


def change_members(chain: Chain, change: MemberChange) -> Chain:
    """``chain`` with ``change`` applied to every member, in branches and buses too."""
    return replace(
        chain,
        members=tuple(_change(member, change) for member in chain.members),
        buses=tuple(
            replace(bus, members=tuple(_change(member, change) for member in bus.members)) for bus in chain.buses
        ),
    )


def _change(member: Member, change: MemberChange) -> Member:
    branches = tuple(
        replace(branch, members=tuple(_change(inner, change) for inner in branch.members)) for branch in member.branches
    )
    return replace(member, branches=branches, **change(member))
