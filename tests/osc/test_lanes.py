"""Lanes: queues of their own for peers that exceed their share."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import pytest

from bridge.osc.lanes import (
    AT_ONCE_S,
    MAX_LANES,
    MAX_OF_PEER,
    MAX_SHARED,
    MAX_WAITING,
    QUIET_S,
    SHARE,
    Lanes,
    open_beside,
)
from bridge.osc.wire import Peer
from tests.waiting import HANG_S

ANN: Peer = ("127.0.0.1", 5001)
BOB: Peer = ("127.0.0.1", 5002)

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux gives a peer a socket of its own")


@pytest.fixture
def lanes() -> Lanes:
    return Lanes(lambda _: None)


def pop_all(lanes: Lanes, now_s: float = 0.0) -> list[tuple[bytes, Peer]]:
    found = []
    while (one := lanes.pop(now_s)) is not None:
        found.append(one)
    return found


def test_datagrams_are_processed_in_order_of_arrival(lanes: Lanes) -> None:
    sent = [(bytes([number]), (ANN, BOB)[number % 3 % 2]) for number in range(20)]
    for datagram, peer in sent:
        lanes.put(datagram, peer, 0.0)
    assert pop_all(lanes) == sent
    assert (len(lanes), lanes.dropped) == (0, 0)


def test_a_peer_that_delays_others_for_too_long_gets_a_lane(lanes: Lanes) -> None:
    for number in range(4):
        lanes.put(bytes([number]), ANN, 0.0)
    lanes.put(b"b", BOB, 0.0)
    assert lanes.pop(0.0) == (b"\0", ANN)
    lanes.charge(ANN, AT_ONCE_S + 0.001, 0.0)
    assert pop_all(lanes) == [(b"b", BOB)]
    (lane,) = lanes
    assert lane.peer == ANN
    assert [lane.pop() for _ in range(3)] == [(bytes([number]), ANN) for number in (1, 2, 3)]


def test_a_peer_that_only_waited_keeps_its_place(lanes: Lanes) -> None:
    for number in range(4):
        lanes.put(bytes([number]), (ANN, BOB)[number % 2], 0.0)
    lanes.pop(0.0)
    lanes.charge(ANN, AT_ONCE_S, 0.0)
    assert lanes.pop(0.0) == (b"\1", BOB)
    lanes.charge(BOB, 0.001, 0.0)
    assert pop_all(lanes) == [(b"\3", BOB)]
    assert [lane.peer for lane in lanes] == [ANN]


def test_work_that_delays_nobody_moves_no_peer(lanes: Lanes) -> None:
    for _ in range(10):
        lanes.put(b"a", ANN, 0.0)
        assert pop_all(lanes) == [(b"a", ANN)]
        lanes.charge(ANN, AT_ONCE_S, 0.0)


def test_a_peer_that_waits_for_answers_keeps_its_place_however_long_it_goes_on(lanes: Lanes) -> None:
    for _ in range(100):
        for _ in range(50):
            lanes.put(b"a", ANN, 0.0)
        for _ in range(49):  # the next ones are there before the last one is taken
            assert lanes.pop(0.0) == (b"a", ANN)
            lanes.charge(ANN, AT_ONCE_S / 100, 0.0)
        lanes.put(b"b", BOB, 0.0)
        assert lanes.pop(0.0) == (b"a", ANN)
        assert lanes.pop(0.0) == (b"b", BOB)
    assert len(lanes) == 0


def test_a_peer_that_sends_faster_than_it_is_read_gets_a_lane_and_the_others_keep_their_place(lanes: Lanes) -> None:
    for _ in range(MAX_OF_PEER + 10):
        lanes.put(b"a", ANN, 0.0)
    lanes.put(b"b", BOB, 0.0)
    assert pop_all(lanes) == [(b"b", BOB)]
    (lane,) = lanes
    assert (lane.peer, len(lane.waiting), lanes.dropped) == (ANN, MAX_OF_PEER + 10, 0)


def test_a_lane_in_debt_is_not_served_before_it_is_paid(lanes: Lanes) -> None:
    lane = lanes.open(ANN, 0.0)
    lanes.put(b"a", ANN, 0.0)
    assert list(lanes.find_ready(0.0)) == [lane]
    lanes.charge(ANN, AT_ONCE_S + SHARE, 0.0)
    assert lanes.compute_wait_s(0.0) == pytest.approx(1.0)
    assert list(lanes.find_ready(0.9)) == []
    assert list(lanes.find_ready(1.01)) == [lane]


def test_a_lane_whose_action_runs_is_not_served(lanes: Lanes) -> None:
    lane = lanes.open(ANN, 0.0)
    lanes.put(b"a", ANN, 0.0)
    lane.busy = True
    assert list(lanes.find_ready(100.0)) == []
    assert lanes.compute_wait_s(100.0) is None
    lanes.close_quiet(100.0)
    assert len(lanes) == 1


def test_lanes_are_served_one_after_another(lanes: Lanes) -> None:
    ann, bob = lanes.open(ANN, 0.0), lanes.open(BOB, 0.0)
    lanes.mark_served(ann, 0.0)
    assert list(lanes.find_ready(0.0)) == [bob, ann]


def test_what_waits_is_bounded_and_what_is_dropped_is_counted(lanes: Lanes) -> None:
    lanes.open(ANN, 0.0)
    for _ in range(MAX_WAITING + 7):
        lanes.put(b"a", ANN, 0.0)
    assert lanes.dropped == 7
    for port in range(MAX_SHARED + 5):
        lanes.put(b"a", ("127.0.0.1", 10_000 + port), 0.0)
    assert lanes.dropped == 12
    assert len(pop_all(lanes)) == MAX_SHARED


def test_bytes_that_wait_are_bounded_too(lanes: Lanes) -> None:
    for _ in range(1000):
        lanes.put(b"a" * 9216, ANN, 0.0)
    (lane,) = lanes
    assert pop_all(lanes) == []
    assert sum(map(len, lane.waiting)) <= 2**18 + 9216
    assert lanes.dropped == 1000 - len(lane.waiting)


def test_lanes_are_bounded(lanes: Lanes) -> None:
    for port in range(MAX_LANES):
        assert lanes.has_room(("127.0.0.1", port))
        lanes.open(("127.0.0.1", port), 0.0)
    assert not lanes.has_room(ANN)
    for _ in range(MAX_OF_PEER + 10):
        lanes.put(b"a", ANN, 0.0)
    assert (len(lanes), lanes.dropped) == (MAX_LANES, 10)


def test_with_more_peers_than_lanes_known_peers_are_served(lanes: Lanes) -> None:
    lanes.put(b"b", BOB, 0.0)
    assert pop_all(lanes) == [(b"b", BOB)]
    crowd: list[Peer] = [("127.0.0.1", 10_000 + number) for number in range(2000)]
    answered, now_s = 0, 10.0
    for number, peer in enumerate(crowd):
        now_s += 0.001
        for _ in range(3):
            lanes.put(b"a", peer, now_s)
        if number % 50 == 49:
            lanes.put(b"b", BOB, now_s)
        while (one := lanes.pop(now_s)) is not None:
            if one[1] == BOB:
                answered += 1
                break
            lanes.charge(one[1], AT_ONCE_S, now_s)
    assert answered == len(crowd) // 50
    assert lanes.dropped > len(crowd)
    lanes.put(b"n", ANN, now_s + 10.0)
    assert (b"n", ANN) in pop_all(lanes, now_s + 10.0)


def test_a_quiet_lane_is_closed_and_one_without_a_socket_as_soon_as_it_is_empty() -> None:
    ends = socket.socketpair()
    lanes = Lanes(lambda _: ends[0])
    lanes.open(BOB, 0.0)
    lanes.move_aside(ANN, 0.0)
    lanes.close_quiet(QUIET_S / 2)
    assert [lane.peer for lane in lanes] == [ANN]
    lanes.close_quiet(QUIET_S + 0.1)
    assert (len(lanes), ends[0].fileno()) == (0, -1)
    ends[1].close()


@pytest.fixture(params=["127.0.0.1", "::1"])
def shared(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    with udp(request.param) as bound:
        yield bound


def udp(host: str) -> socket.socket:
    """A socket on a free port of ``host``."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.bind((host, 0))
    except OSError as error:
        made.close()
        pytest.skip(f"no {host} here: {error}")
    made.settimeout(HANG_S)
    return made


@linux
def test_a_socket_beside_gets_what_its_peer_sends_and_nothing_else(shared: socket.socket) -> None:
    host, here = shared.getsockname()[0], shared.getsockname()
    with udp(host) as ann, udp(host) as bob:
        beside = open_beside(shared, ann.getsockname())
        assert beside is not None
        with beside:
            bob.sendto(b"bob", here)
            ann.sendto(b"ann", here)
            assert shared.recv(16) == b"bob"
            beside.settimeout(HANG_S)
            assert beside.recvfrom(16) == (b"ann", ann.getsockname())
            shared.sendto(b"reply", ann.getsockname())
            assert ann.recvfrom(16) == (b"reply", here)
        ann.sendto(b"again", here)
        assert shared.recv(16) == b"again"


@linux
def test_a_port_with_a_socket_beside_is_still_taken(shared: socket.socket) -> None:
    beside = open_beside(shared, (shared.getsockname()[0], 5001))
    assert beside is not None
    with beside, socket.socket(shared.family, socket.SOCK_DGRAM) as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            thief.bind(shared.getsockname())
