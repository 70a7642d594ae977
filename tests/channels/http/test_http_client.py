"""The client that sends, against a server that says exactly these bytes."""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from certificates import self_signed
from chaupal.channels import http
from chaupal.channels.http import AnswerLost, HttpClient, NotReached, Reply

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
OK = HEAD % 2 + b"{}"


@dataclass
class Server:
    """What it says to each request in turn, over how many lines it was asked, and what it read.

    `None` cuts the line; of what it says, the last is said again. `closes`: it does so after each.
    """

    port: int
    says: list[bytes | None] = field(default_factory=lambda: [OK])
    closes: bool = False
    read: list[bytes] = field(default_factory=list)
    lines: list[asyncio.StreamWriter] = field(default_factory=list)
    holds: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    echoes: bool = False
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/bot/send?now=1"

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines.append(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                body = await reader.readexactly(length(head))
                self.read.append(head + body)
                self.asked.release()
                await self.holds.wait()
                if self.echoes:
                    await asyncio.sleep(int(body) % 7 / 1000)
                    writer.write(HEAD % len(body) + body)
                    continue
                said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
                if said is None:
                    writer.transport.abort()
                    return
                writer.write(said)
                if self.closes:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return sum(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))


@asynccontextmanager
async def a_server(context: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    told = Server(0, scheme="https" if context else "http")
    told.holds.set()
    served = await asyncio.start_server(told.speak, "127.0.0.1", 0, ssl=context)
    told.port = served.sockets[0].getsockname()[1]
    yield told
    served.close()
    for line in told.lines:
        line.transport.abort()
    await asyncio.sleep(0)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with a_server() as told:
        yield told


@pytest.fixture
def ask(client, server) -> Callable[..., Awaitable[http.End]]:
    def asked(body: bytes = b'{"a":1}', timeout_s: float = 10) -> Awaitable[http.End]:
        return client.request("POST", server.url, body=body, timeout_s=timeout_s)

    return asked


async def test_a_request_says_what_it_has_to_and_no_more(client, server):
    ended = await client.request(
        "POST", server.url, body="क".encode(), token="t0k", content_type="text/x", timeout_s=10
    )
    assert ended == Reply(200, b"{}")
    head, body = server.read[0].split(b"\r\n\r\n")
    assert body == "क".encode()
    assert sorted(head.decode().split("\r\n")) == sorted(
        [
            "POST /bot/send?now=1 HTTP/1.1",
            f"Host: 127.0.0.1:{server.port}",
            f"User-Agent: {http.AGENT}",
            "Accept: */*",
            "Accept-Encoding: identity",
            "Authorization: Bearer t0k",
            "Content-Type: text/x",
            "Content-Length: 3",
        ]
    )


async def test_a_line_is_used_again_and_again(ask, server):
    for _ in range(20):
        assert await ask() == Reply(200, b"{}")
    assert len(server.lines) == 1


async def test_who_asks_side_by_side_gets_the_answer_to_what_they_asked(ask, server):
    server.echoes = True

    async def one(number: int) -> bool:
        body = str(number).encode()
        try:  # some lose patience, and their answers must reach nobody else
            async with asyncio.timeout(0.002 if number % 5 == 0 else 10):
                return await ask(body) == Reply(200, body)
        except TimeoutError:
            return True

    for _ in range(5):
        assert all(await asyncio.gather(*(one(number) for number in range(100))))


async def test_no_more_are_under_way_at_once_than_there_are_lines(server):
    server.holds.clear()
    async with HttpClient(lines=3) as client, asyncio.TaskGroup() as all_of_it:
        asked = [
            all_of_it.create_task(client.request("POST", server.url, body=b"", timeout_s=10))
            for _ in range(7)
        ]
        for _ in range(3):
            await server.asked.acquire()
        await asyncio.sleep(0.05)
        assert len(server.read) == 3
        server.holds.set()
    assert [task.result() for task in asked] == [Reply(200, b"{}")] * 7


async def test_a_turn_is_passed_on_by_whoever_gives_up_waiting(server):
    server.holds.clear()
    async with HttpClient(lines=1) as client:

        def ask(timeout_s: float = 10) -> asyncio.Task[http.End]:
            request = client.request("POST", server.url, body=b"", timeout_s=timeout_s)
            return asyncio.create_task(request)

        first = ask()
        await server.asked.acquire()
        called_off, late, last = ask(), ask(0.05), ask()
        await asyncio.sleep(0)
        called_off.cancel()
        assert await late == NotReached("TimeoutError")
        server.holds.set()
        assert [await first, await last] == [Reply(200, b"{}")] * 2
        assert await ask() == Reply(200, b"{}")
        assert called_off.cancelled()
    assert len(server.read) == 3


async def test_one_that_gets_no_turn_in_time_was_not_sent(server):
    server.holds.clear()
    async with HttpClient(lines=1) as client:
        first = asyncio.create_task(client.request("POST", server.url, body=b"1", timeout_s=10))
        await server.asked.acquire()
        waited = await client.request("POST", server.url, body=b"2", timeout_s=0.05)
        assert waited == NotReached("TimeoutError")
        server.holds.set()
        assert await first == Reply(200, b"{}")
    assert [raw[-1:] for raw in server.read] == [b"1"]


@pytest.mark.parametrize(
    ("said", "ended"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
            b"{}",
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"{}"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK, b"{}"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    ],
)
async def test_an_answer_is_read_however_it_is_framed_and_its_line_kept(ask, server, said, ended):
    server.says = [said]
    for _ in range(2):
        reply = await ask()
        assert isinstance(reply, Reply)
        assert reply.body == ended
    assert len(server.lines) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n\r\n{}",
    ],
)
async def test_an_answer_that_ends_its_line_is_whole_and_the_next_has_another(ask, server, said):
    server.says, server.closes = [said], True
    for _ in range(2):
        assert await ask() == Reply(200, b"{}")
    assert len(server.lines) == 2


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (None, "answer_cut"),
        (HEAD % 9 + b"{}", "answer_cut"),
        (CHUNKED + b"1\r\n{\r\n", "answer_cut"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "answer_cut"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n{}", "answer_cut"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n{}", "answer_cut"),
        (b"", "answer_cut"),
        (b"SSH-2.0-OpenSSH\r\n", "answer_unreadable"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
            "answer_unreadable",
        ),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "answer_too_large"),
    ],
)
async def test_an_answer_that_does_not_end_as_one_is_lost(ask, server, said, why):
    server.says, server.closes = [said, OK], True
    ended = await ask()
    assert isinstance(ended, AnswerLost)
    assert ended.why in (why, "ConnectionResetError")
    assert await ask() == Reply(200, b"{}")


@pytest.mark.parametrize("size", [65_536, 65_537, 1_000_000])
async def test_a_body_is_read_up_to_its_bound_and_not_beyond(ask, server, size):
    whole = b"HTTP/1.1 500 Oh\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    server.says = [whole, OK]
    assert await ask() == Reply(500, b"x" * size if size <= 65_536 else None)
    assert await ask() == Reply(200, b"{}")


async def test_a_body_that_ends_with_its_line_is_bounded_as_well(ask, server):
    server.says, server.closes = [b"HTTP/1.0 500 Oh\r\n\r\n" + b"x" * 65_537], True
    assert await ask() == Reply(500, None)


async def test_a_second_answer_to_one_question_is_nobodys(ask, server):
    lie = HEAD % 10 + b'{"of":"x"}'
    for extra in (lie, lie[:10], b"x"):
        server.says = [OK + extra, OK]
        assert await ask() in (Reply(200, b"{}"), AnswerLost("answer_unreadable"))
        assert await ask() == Reply(200, b"{}")
    assert len(server.lines) >= 3


async def test_a_line_that_was_closed_over_there_meanwhile_is_not_used(ask, server):
    assert await ask() == Reply(200, b"{}")
    server.lines[0].close()
    await asyncio.sleep(0.05)
    assert await ask() == Reply(200, b"{}")
    assert len(server.lines) == 2


async def test_what_is_said_unasked_spoils_the_line(ask, server):
    assert await ask() == Reply(200, b"{}")
    server.lines[0].write(b"HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n")
    await asyncio.sleep(0.05)
    assert await ask() == Reply(200, b"{}")
    assert len(server.lines) == 2


@pytest.mark.parametrize("said", [HEAD % 10 + b'{"of":"x"}', None])
async def test_what_came_while_the_loop_was_busy_is_nobodys_answer(ask, server, said):
    assert await ask() == Reply(200, b"{}")
    sock = server.lines[0].get_extra_info("socket")
    with socket.socket(fileno=os.dup(sock.fileno())) as twin:  # past both loops, at once
        if said is None:
            twin.shutdown(socket.SHUT_RDWR)
        else:
            twin.send(said)
    assert await ask() == Reply(200, b"{}")
    assert len(server.lines) == 2


async def test_a_line_with_an_unsent_rest_is_not_used_again(client):
    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        lines.append(writer)
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}")

    lines: list[asyncio.StreamWriter] = []
    served = await asyncio.start_server(early, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{served.sockets[0].getsockname()[1]}/"
    for _ in range(2):
        ended = await client.request("POST", url, body=b"x" * 20_000_000, timeout_s=10)
        assert ended in (Reply(413, b"{}"), AnswerLost("ConnectionResetError"))
    assert len(lines) == 2
    served.close()
    for line in lines:
        line.transport.abort()
    await asyncio.sleep(0)


async def test_silence_is_waited_for_so_long_and_its_line_left(ask, server):
    server.holds.clear()
    assert await ask(timeout_s=0.05) == AnswerLost("TimeoutError")
    server.holds.set()
    assert await ask() == Reply(200, b"{}")
    assert len(server.lines) == 2


async def test_an_answer_in_time_ends_the_wait_for_it(ask, server):
    assert await ask(timeout_s=0.2) == Reply(200, b"{}")
    await asyncio.sleep(0.3)
    assert await ask() == Reply(200, b"{}")
    assert len(server.lines) == 1


async def test_who_is_called_off_leaves_no_answer_to_the_next(ask, server):
    server.holds.clear()
    server.says = [HEAD % 10 + b'{"of":"x"}', OK]
    asked = asyncio.create_task(ask())
    await server.asked.acquire()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    server.holds.set()
    await asyncio.sleep(0.02)
    assert await ask() == Reply(200, b"{}")
    assert len(server.lines) == 2


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "ftp://127.0.0.1/", "http://", "http:///x", "http://127.0.0.1:99999/",
        "http://u:p@127.0.0.1/", "http://127.0.0.1/a b", "http://127.0.0.1/a\r\nX: y",
        "http://127.0.0.1/क", "http://[::1/", "http://a..b/", "http://.example.com/",
        f"http://{'x' * 64}.invalid/é",
    ],
)  # fmt: skip
async def test_a_url_that_cannot_be_asked_is_not(client, url):
    ended = await client.request("POST", url, body=b"", timeout_s=1)
    assert ended == NotReached("bad_endpoint")


@pytest.mark.parametrize("token", ["a\r\nX: y", "रहस्य", "a\x00"])
async def test_a_token_that_is_no_header_goes_nowhere(client, server, token):
    ended = await client.request("POST", server.url, body=b"", token=token, timeout_s=1)
    assert ended == NotReached("bad_token")
    assert server.read == []


def test_a_name_in_any_script_is_asked_under_its_own():
    found = http.place("https://मंडी.example/a?b=c#d")
    assert found is not None
    assert (found.host, found.port, found.path) == ("xn--i1b6dsb9d.example", 443, "/a?b=c")
    assert http.place("http://[::1]:81") == http.Place(False, "::1", 81, "/", "[::1]:81")


async def test_nobody_there_was_sent_nothing(client):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        ended = await client.request("POST", url, body=b"", timeout_s=1)
    assert ended == NotReached("ConnectionRefusedError")


async def test_a_host_is_found_by_its_name(client, server):
    url = f"http://localhost:{server.port}/"
    for _ in range(2):
        ended = await client.request("POST", url, body=b"", timeout_s=10)
        assert ended == Reply(200, b"{}")
    assert len(server.lines) == 1


async def test_over_tls_only_with_a_certificate_that_somebody_signed(client, tmp_path):
    key, cert = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    async with a_server(context) as server:
        ended = await client.request("POST", server.url, body=b"{}", timeout_s=10)
        assert ended == NotReached("SSLCertVerificationError")
        assert server.read == []
        known = ssl.create_default_context(cafile=cert)
        async with HttpClient(trust=known) as trusting:
            for _ in range(2):
                ended = await trusting.request("POST", server.url, body=b"{}", timeout_s=10)
                assert ended == Reply(200, b"{}")
        assert len(server.lines) == 1


async def test_lines_that_nobody_uses_are_closed(server):
    async with HttpClient(kept_s=0.05) as client:
        assert await client.request("POST", server.url, body=b"", timeout_s=10) == Reply(200, b"{}")
        async with asyncio.timeout(10):
            await server.lines[0].wait_closed()
        assert await client.request("POST", server.url, body=b"", timeout_s=10) == Reply(200, b"{}")
