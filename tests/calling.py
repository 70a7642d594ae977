"""A program that comes to the API with a key, as one of somebody else would."""

import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from browsing import Door
from chaupal.kit.ids import new_id

HOME = "/api/v1"


@dataclass(frozen=True)
class Told:
    """What came back."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Program:
    """Sends its key with every request, and a new idempotency key with every write."""

    def __init__(self, door: Door, key: str, **headers: str) -> None:
        self.http = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {key}", **headers},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self.url = door.url
        self.key = key
        door.open_browsers.append(self.http)

    async def get(self, path: str, **query: object) -> Told:
        return await self._told("GET", path, query, None, {})

    async def post(self, path: str, body: object = None, *, key: str | None = None) -> Told:
        sent = {"Content-Type": "application/json"} if body is not None else {}
        written = None if body is None else json.dumps(body).encode()
        return await self._told(
            "POST", path, {}, written, sent | {"Idempotency-Key": key or str(new_id())}
        )

    async def send(self, path: str, body: bytes, **headers: str) -> Told:
        kept = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._told("POST", path, {}, body, {"Idempotency-Key": str(new_id()), **kept})

    async def every(self, path: str, **query: object) -> list[Any]:
        """Return what stands on all pages of a list."""
        items, after = [], {}
        while True:
            page = (await self.get(path, **query, **after)).json
            items += page["items"]
            if page["next"] is None:
                return items
            after = {"after": page["next"]}

    async def _told(self, method, path, query, body, headers) -> Told:
        address = path if path.startswith("/") else f"{HOME}/{path}"
        async with self.http.request(
            method, self.url + address, params=query, data=body, headers=headers
        ) as answer:
            return Told(answer.status, await answer.text(), dict(answer.headers))
