import gc
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import nats as client
import psutil
import pytest

from chaupal.engine import nats, processes


async def publish(url, count, size_bytes=100):
    async with await client.connect(url, allow_reconnect=False) as conn:
        stream = conn.jetstream()
        await stream.add_stream(name="kept", subjects=["kept"])
        for _ in range(count):
            await stream.publish("kept", b"x" * size_bytes)


async def kept(url):
    async with await client.connect(url, allow_reconnect=False) as conn:
        return (await conn.jetstream().stream_info("kept")).state.messages


def kill(pid):
    process = psutil.Process(pid)
    process.kill()
    assert processes.wait_until(lambda: processes.gone(process), limit_s=30)


async def test_acked_messages_come_back_after_kill_9_at_the_same_address(place):
    first = nats.start(place)
    await publish(first.url, 50)
    kill(first.pid)

    second = nats.start(place)

    assert second.pid != first.pid
    assert second.url == first.url
    assert await kept(second.url) == 50


def test_one_that_dies_in_its_first_breath_comes_back_at_the_same_address(place):
    first = nats.start(place, durable=False)
    kill(first.pid)
    with ThreadPoolExecutor() as threads:
        starting = threads.submit(nats.start, place, durable=False)
        assert processes.wait_until(lambda: nats.running(place) is not None, limit_s=30)
        with suppress(psutil.NoSuchProcess):
            kill(nats.running(place).pid)
        assert starting.result().url == first.url


async def test_a_port_taken_meanwhile_is_left_to_its_taker(place):
    first = nats.start(place, durable=False)
    await publish(first.url, 3)
    nats.stop(place)
    port = int(first.url.rpartition(":")[2])
    with socket.socket() as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taker.bind(("127.0.0.1", port))
        taker.listen()

        second = nats.start(place, durable=False)

        assert not second.url.endswith(f":{port}")
        assert await kept(second.url) == 3


@pytest.mark.parametrize("left", ["", '{"port": 1', "[]"])
async def test_a_server_whose_address_was_lost_is_replaced(place, left):
    first = nats.start(place, durable=False)
    await publish(first.url, 3)
    (place / "nats" / "address.json").write_text(left)

    second = nats.start(place, durable=False)

    assert second.pid != first.pid
    assert await kept(second.url) == 3


def test_starting_a_running_server_finds_it(place):
    first = nats.start(place, durable=False)
    assert nats.start(place, durable=False) == first
    assert nats.running(place) == first


def test_stopping_leaves_a_server_of_another_folder_alone(place):
    theirs = nats.start(place / "theirs", durable=False)
    ours = place / "ours" / "nats"
    ours.mkdir(parents=True)
    (ours / "address.json").write_text((place / "theirs" / "nats" / "address.json").read_text())

    assert nats.running(place / "ours") is None
    nats.stop(place / "ours")

    assert nats.running(place / "theirs") == theirs
    nats.stop(place / "theirs")
    assert nats.running(place / "theirs") is None


async def test_a_webhook_of_a_megabyte_fits(place):
    found = nats.start(place, durable=False)
    await publish(found.url, 1, size_bytes=2_000_000)
    assert await kept(found.url) == 1


async def test_without_the_token_nobody_gets_in(place):
    address = nats.start(place, durable=False).url.rpartition("@")[2]

    async def quiet(_):
        pass

    stranger = client.NATS()
    with pytest.raises(client.errors.Error):
        await stranger.connect(f"nats://guess@{address}", allow_reconnect=False, error_cb=quiet)
    await stranger.close()
    gc.collect()  # a socket left open would be a warning here


def test_only_this_machine_can_reach_it(place):
    found = nats.start(place, durable=False)
    listening = psutil.Process(found.pid).net_connections("inet")
    assert {line.laddr.ip for line in listening} == {"127.0.0.1"}


def test_the_token_is_private_and_not_in_repr(place):
    found = nats.start(place, durable=False)
    assert found.url.partition("@")[0].rpartition("/")[2] not in repr(found)
    for name in ("nats.conf", "address.json"):
        assert (place / "nats" / name).stat().st_mode & 0o077 == 0


def test_every_write_is_synced_before_its_ack(place):
    nats.start(place)
    assert "sync_interval: always" in (place / "nats" / "nats.conf").read_text()


def test_the_server_is_in_a_session_of_its_own(place):
    found = nats.start(place, durable=False)
    assert os.getsid(found.pid) != os.getsid(0)
