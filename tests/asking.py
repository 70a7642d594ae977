"""How each route is asked when its scope is tried, and what its answers may and must hold."""

from dataclasses import dataclass, field
from typing import Any

from browsing import Door
from calling import HOME, Program
from chaupal.kit.ids import new_id
from scoping import Built, mark

NO = {401, 403, 404, 410}
DAY = "2026-11-24"
NAMES = {"name_hi": "नया", "name_en": "New"}
GIVEN = {"since": DAY, "person_id": "{person}"}
SAID = {"act": "withdrawn", "lines": [{"purpose": "messages", "channel": "sandbox"}],
        "basis": "paper", "proof": "form 7"}  # fmt: skip


def api(method: str, *paths: str) -> list[tuple[str, str]]:
    return [(method, f"{HOME}/{path}") for path in paths]


# Lists of which the oracle says what stands on all their pages together.
LISTED = api("GET", "people", "groups", "offices", "imports", "coverage/booths")
# What is read with nothing but the key: no mark of anything outside may stand in it.
READ = api("GET", "me", "levels", "categories", "units", "coverage", "filters", "record",
           "broadcasts", "polls", "freezes", "clusters", "senders")  # fmt: skip
# What is read of one thing: asked of everything, inside and outside.
READ_ONE = api(
    "GET", "units/{id:uuid}", "units/{id:uuid}/children", "units/{id:uuid}/history",
    "units/{id:uuid}/then", "people/{id:uuid}", "people/{id:uuid}/export", "groups/{id:uuid}",
    "offices/{id:uuid}", "offices/{id:uuid}/hand-over/preview", "coverage/{id:uuid}",
    "imports/{id:uuid}", "imports/{id:uuid}/preview", "imports/{id:uuid}/report",
    "broadcasts/{id:uuid}", "broadcasts/{id:uuid}/report", "broadcasts/{id:uuid}/report.csv",
    "broadcasts/{id:uuid}/deliveries", "broadcasts/{id:uuid}/deliveries.csv",
)  # fmt: skip
# What is looked for: with answers that the oracle knows.
LOOKED_FOR = api("POST", "search", "people/find", "people/bulk/preview", "groups/bulk/preview",
                 "exports")  # fmt: skip
# What changes something of one thing: asked of what is outside, with a body that is right.
ACTS: dict[str, Any] = {
    "units/{id:uuid}/found": {"level": "booth", "code": "new", "on_day": DAY, **NAMES},
    "units/{id:uuid}/rename": {"on_day": DAY, **NAMES},
    "units/{id:uuid}/move": {"to": "{unit}", "on_day": DAY},
    "units/{id:uuid}/move/preview": {"to": "{unit}", "on_day": DAY},
    "units/{id:uuid}/take-back": None,
    "units/{id:uuid}/merge": {"to": "{unit}", "on_day": DAY},
    "units/{id:uuid}/merge/preview": {"to": "{unit}", "on_day": DAY},
    "units/{id:uuid}/split": {"parts": [{"code": "new", "people": True, **NAMES}], "on_day": DAY},
    "units/{id:uuid}/split/preview": {"parts": [{"code": "new"}], "on_day": DAY},
    "units/{id:uuid}/end": {"on_day": DAY},
    "units/{id:uuid}/end/preview": None,
    "people/{id:uuid}/consent": SAID,
    "people/{id:uuid}/suppress": None,
    "people/{id:uuid}/lift": None,
    "people/{id:uuid}/unmask": {"contact": 1, "need": "task"},
    "people/{id:uuid}/link": None,
    "people/{id:uuid}/erase": {"reference": "{reference}"},
    "groups/{id:uuid}": {"name": "New", "language": "hi", "carries_notice": True},
    "groups/{id:uuid}/move": {"unit_id": "{unit}"},
    "groups/{id:uuid}/categories": {"categories": []},
    "groups/{id:uuid}/admins": {"people": ["{person}"]},
    "groups/{id:uuid}/admins/{person:uuid}/left": None,
    "groups/{id:uuid}/admins/{person:uuid}/first": None,
    "groups/{id:uuid}/archive": None,
    "groups/{id:uuid}/restore": None,
    "offices/{id:uuid}/appoint": GIVEN,
    "offices/{id:uuid}/hand-over": GIVEN,
    "offices/{id:uuid}/terms/{term:uuid}/end": {"vacant_from": DAY},
    "offices/{id:uuid}/terms/{term:uuid}/extend": {"until": DAY},
    "offices/{id:uuid}/terms/{term:uuid}/take-back": None,
    "offices/{id:uuid}/title": {"title_hi": "नया", "title_en": "New"},
    "offices/{id:uuid}/abolish": None,
    "offices/{id:uuid}/reinstate": None,
    "imports/{id:uuid}/columns": {"columns": {}},
    "imports/{id:uuid}/order": None,
    "imports/{id:uuid}/cancel": None,
    "filters/{id:uuid}/forget": None,
    "polls/{id:uuid}": {
        "election": "Lok Sabha", "opens_at": "2027-11-28T02:00:00Z", "units": ["state"],
        "closes_at": "2027-11-28T12:00:00Z", "source": "order 7", "reason": "order 8",
    },
    "polls/{id:uuid}/doubt": {"reason": "order 7"},
    "polls/{id:uuid}/keep": None,
    "polls/{id:uuid}/withdraw": None,
    "freezes/{id:uuid}/lift": None,
    "clusters/{id:uuid}/seen": {"groups": ["{id}"], "seen_at": f"{DAY}T06:00:00Z"},
    "clusters/{id:uuid}/close": {"verdict": "false"},
    "senders/{id:uuid}/limits": {"rate_per_s": 7},
    "senders/{id:uuid}/go-on": None,
    "broadcasts/{id:uuid}": {
        "title": "New", "texts": {"hi": "नया"}, "purpose": "public", "audience": {"op": "everyone"},
        "expires_at": f"{DAY}T18:00:00Z",
    },
    "broadcasts/{id:uuid}/certificate": {"number": "1", "committee": "State", "certified_on": DAY},
    "broadcasts/{id:uuid}/approve": {"seen": "00" * 32},
    "broadcasts/{id:uuid}/again": {"unknown": 1},
    **{f"broadcasts/{{id:uuid}}/{verb}": None
       for verb in ("submit", "send-back", "pause", "resume", "cancel", "recall")},
}  # fmt: skip
# What adds something at a unit: asked of a unit outside.
ADDED: dict[str, Any] = {
    "groups": {"unit_id": "{id}", "name": "New", "purpose": "public", "channel": "whatsapp"},
    "offices": {"unit_id": "{id}", "role": "desk", "title_hi": "अ", "title_en": "A", "since": DAY},
    "polls": {"election": "Lok Sabha", "opens_at": "2027-11-28T02:00:00Z", "units": ["{code}"],
              "closes_at": "2027-11-28T12:00:00Z", "source": "order 7"},
    "freezes": {"unit": "{code}", "reason": "order 7"},
    "people/bulk": {"whom": {"unit": "{code}"}, "what": {"deed": "speak", "language": "en"},
                    "seen": 1},
    "groups/bulk": {"which": {"unit": "{code}"}, "what": {"deed": "archive"}, "seen": 1},
}  # fmt: skip
OWN = api("POST", "filters", "imports/{kind:str}")
API = {*LISTED, *READ, *READ_ONE, *LOOKED_FOR, *OWN, *api("POST", *ACTS, *ADDED)}

PAGE_READ = {
    ("GET", path)
    for path in (
        "/", "/access", "/accounts", "/accounts/new", "/audiences",
        "/breach", "/broadcasts", "/broadcasts/new", "/clusters",
        "/coverage", "/coverage/booths", "/exports", "/groups", "/groups/bulk", "/groups/new",
        "/imports", "/imports/new", "/law", "/notices", "/offices", "/offices/new", "/people",
        "/people/bulk", "/record", "/search", "/senders", "/sms/texts",
        "/templates", "/tree",
    )
}  # fmt: skip
PAGE_READ_ONE = {
    ("GET", path)
    for path in (
        "/tree/{id:uuid}", "/units/{id:uuid}", "/units/{id:uuid}/found", "/units/{id:uuid}/history",
        "/units/{id:uuid}/merge", "/units/{id:uuid}/move", "/units/{id:uuid}/split",
        "/people/{id:uuid}", "/groups/{id:uuid}", "/groups/{id:uuid}/change",
        "/groups/{id:uuid}/place", "/offices/{id:uuid}", "/offices/{id:uuid}/give",
        "/offices/{id:uuid}/give/{kind:str}/{holder:uuid}", "/imports/{id:uuid}",
        "/imports/{id:uuid}/edit", "/imports/{id:uuid}/live", "/imports/{id:uuid}/report",
        "/broadcasts/{id:uuid}", "/broadcasts/{id:uuid}/edit", "/broadcasts/{id:uuid}/live",
        "/broadcasts/{id:uuid}/report", "/broadcasts/{id:uuid}/deliveries",
        "/broadcasts/{id:uuid}/deliveries.csv", "/senders/{id:uuid}", "/law/polls/{id:uuid}",
        "/clusters/{id:uuid}",
    )
}  # fmt: skip
UNIT_FORM = {"day": DAY, "to": "{unit}", "level": "booth", "code": "new", "people": "yes",
             "seen": "yes", **NAMES}  # fmt: skip
PERSON_FORM = {"act": "withdrawn", "line": "messages:sandbox", "basis": "paper", "proof": "form 7",
               "contact": "1", "need": "task", "reference": "{reference}"}  # fmt: skip
GROUP_FORM = {"name": "New", "language": "hi", "unit": "{unit}", "executive": "{person}"}
OFFICE_FORM = {"title_hi": "नया", "title_en": "New", "vacant_from": DAY, "until": DAY,
               "term": "{id}", "who": "Invented"}  # fmt: skip
PAGE_ACTS: dict[str, dict[str, str]] = {
    **{f"/units/{{id:uuid}}/{verb}": UNIT_FORM
       for verb in ("rename", "move", "take-back", "merge", "split", "found", "end")},
    **{f"/people/{{id:uuid}}/{verb}": PERSON_FORM
       for verb in ("consent", "erase", "lift", "link", "suppress", "unmask")},
    **{f"/groups/{{id:uuid}}{verb}": GROUP_FORM
       for verb in ("", "/admins", "/archive", "/categories", "/move", "/restore",
                    "/admins/{person:uuid}/{verb:str}")},
    "/offices/{id:uuid}/{verb:str}": OFFICE_FORM,
    "/offices/{id:uuid}/give/found": OFFICE_FORM,
    "/offices/{id:uuid}/give/{kind:str}/{holder:uuid}/done": OFFICE_FORM,
    "/imports/{id:uuid}": {},
    "/imports/{id:uuid}/{verb:str}": {},
    "/accounts/{id:uuid}": {"verb": "disable"},
    "/filters/{id:uuid}/forget": {"page": "people"},
    "/law/polls/{id:uuid}": {
        "election": "Lok Sabha", "day": "2027-12-01", "opens": "07:00", "closes": "18:00",
        "silence_h": "48", "source": "order 7", "units": "{code}", "reason": "order 8",
    },
    "/law/polls/{id:uuid}/{verb:str}": {"reason": "order 7"},
    "/clusters/{id:uuid}/seen": {"groups": "{id}"},
    "/clusters/{id:uuid}/close": {"verdict": "false"},
    "/law/freezes/{id:uuid}/lift": {},
    "/senders/{id:uuid}/go_on": {},
    "/senders/{id:uuid}/limits": {"rate_per_s": "7"},
    **{f"/broadcasts/{{id:uuid}}{verb}": {}
       for verb in ("", "/approve", "/certificate", "/submit", "/why", "/counters/acknowledge",
                    "/counters/recount", "/{verb:str}")},
    "/broadcasts/{id:uuid}/again": {"seen": "1"},
    "/broadcasts/{id:uuid}/attend": {},
}  # fmt: skip
PAGE_ADDED: dict[str, dict[str, str]] = {
    "/groups": {"unit": "{id}", "name": "New", "purpose": "public", "via": "whatsapp"},
    "/offices/new": {"unit": "{code}", "role": "desk", "title_hi": "अ", "title_en": "A"},
    "/people/bulk": {"unit": "{code}", "deed": "speak", "to": "en", "seen": "1"},
    "/groups/bulk": {"unit": "{code}", "deed": "archive", "seen": "1"},
    "/exports": {"kind": "people", "unit": "{code}"},
    "/law/freezes": {"unit": "{code}", "reason": "order 7", "what": "everything"},
    "/law/polls": {
        "election": "Lok Sabha",
        "day": "2026-12-01",
        "opens": "07:00",
        "closes": "18:00",
        "silence_h": "48",
        "source": "order 7",
        "units": "{code}",
    },
    "/accounts/new": {"unit": "{code}", "login": "new.login", "name": "New", "language": "hi"},
}
PAGES = {*PAGE_READ, *PAGE_READ_ONE, ("POST", "/search"), ("GET", "/live"),
         *(("POST", path) for path in (*PAGE_ACTS, *PAGE_ADDED))}  # fmt: skip
# Not about what somebody may see of the directory, each with its own tests: the doors, one's own
# settings, personal links, what is asked of the whole organisation, and what tests of audiences
# hold against an oracle of theirs.
OPEN = {
    *(("GET", path) for path in (
        HOME, f"{HOME}/openapi.json", f"{HOME}/{{path:str}}", "/static/{name:str}", "/sign-in",
        "/enter/{token:str}", "/p/{token:str}", "/p/{token:str}/all",
        "/p/{token:str}/export.json", "/p/{token:str}/unsubscribe/{channel:str}",
        "/r/{token:str}", "/r/{token:str}/picture", "/keys", "/pictures/{id:str}",
        "/pictures/{id:str}/light", f"{HOME}/pictures/{{id:str}}",
        f"{HOME}/broadcasts/{{id:uuid}}/why/{{group:uuid}}", f"{HOME}/audiences/saved",
        "/broadcasts/groups")),
    *(("POST", path) for path in (
        "/sign-in", "/sign-out", "/preferences", "/enter/{token:str}/password",
        "/r/{token:str}/posted", "/r/{token:str}/deleted",
        "/filters", "/imports", "/broadcasts", "/broadcasts/count", "/clusters",
        f"{HOME}/clusters",
        "/broadcasts/why", "/broadcasts/audience", "/broadcasts/template", "/templates/fetch",
        "/broadcasts/picture", f"{HOME}/pictures", "/audiences", "/audiences/{id:uuid}/rename",
        "/audiences/{id:uuid}/forget", f"{HOME}/audiences/saved",
        f"{HOME}/audiences/saved/{{id:uuid}}/rename",
        f"{HOME}/audiences/saved/{{id:uuid}}/forget", f"{HOME}/audiences/count",
        f"{HOME}/audiences/why", f"{HOME}/broadcasts", f"{HOME}/broadcasts/preview",
        "/breach", "/keys", "/keys/{id:uuid}/revoke", "/notices", "/notices/hold",
        "/notices/suppress", "/sms/texts", "/sms/texts/{number:str}/withdraw",
        *(f"/p/{{token:str}}/{verb}" for verb in (
            "consent", "erase", "language", "stay", "stop", "unsubscribe/{channel:str}")),
    )),
}  # fmt: skip


def path_of(route: str, id: object, person: object) -> str:
    """The address of a route, of one thing and, where it names somebody else, of them."""
    verbs = {"/groups/": "left", "/offices/": "title", "/imports/": "cancel",
             "/law/": "keep"}  # fmt: skip
    verb = next((verb for home, verb in verbs.items() if route.startswith(home)), "cancel")
    return (
        route.replace("{id:uuid}", str(id))
        .replace("{person:uuid}", str(person))
        .replace("{holder:uuid}", str(person))
        .replace("{term:uuid}", str(id))
        .replace("{kind:str}", "person")
        .replace("{verb:str}", verb)
    )


@dataclass
class Asking:
    """Somebody's questions to every route, and the answers held against the oracle."""

    door: Door
    built: Built
    files: dict[int, str] = field(default_factory=dict)

    async def bring_files(self) -> None:
        """Let everybody who may import bring a file, so that there are imports to see."""
        for login in range(len(self.built.world.logins)):
            if self.reach(login, "import"):
                program = Program(self.door, self.built.keys[login])
                told = await program.send("imports/units", b"code\n", File_Name=mark("f", login))
                assert told.status == 201, told.text
                self.files[login] = told.json["id"]

    def reach(self, login: int, right: str, *, by_key: bool = True) -> set[int]:
        return self.built.world.reach(self.built.world.logins[login], right, by_key=by_key)

    def imports_of(self, login: int, *, by_key: bool = True) -> set[int]:
        """Whose imports somebody sees: of those whose whole area lies in theirs."""
        own = self.reach(login, "import", by_key=by_key)
        return {author for author in self.files if self.reach(author, "import") <= own}

    def hidden(self, login: int, *, by_key: bool = True) -> set[str]:
        """The marks that no answer to somebody may hold."""
        seen = self.reach(login, "view", by_key=by_key) | self.reach(login, "export", by_key=by_key)
        files = self.files.keys() - self.imports_of(login, by_key=by_key)
        told = self.built.world.above_of(seen)
        return self.built.secrets_for(seen, told) | {mark("f", n) for n in files}

    def told_of(self, kind: str) -> set[str]:
        """What is told by name beside one thing although it may lie outside.

        Beside a group, who somebody is at the top of the organisation: everybody may ask them to
        help to run it.
        """
        world = self.built.world
        if kind != "groups":
            return set()
        return {
            mark("o", o) for o, (unit, _) in enumerate(world.seats) if world.above[unit] is None
        }

    def things(self, kind: str, seen: set[int], login: int, *, by_key: bool) -> tuple[list, list]:
        """The ids of one kind inside and outside, the place of each beside it."""
        built, world = self.built, self.built.world
        if kind == "imports":
            own = self.imports_of(login, by_key=by_key)
            at = {n: n in own for n in self.files}
            ids: dict[int, object] = dict(self.files)
        elif kind in {"units", "tree", "coverage"}:
            at, ids = {n: n in seen for n in range(len(world.above))}, dict(enumerate(built.units))
        elif kind == "people":
            at = {n: n != 0 and unit in seen for n, unit in enumerate(world.people)}
            ids = dict(enumerate(built.people))
        elif kind == "groups":
            at = {n: circle.unit in seen for n, circle in enumerate(world.circles)}
            ids = dict(enumerate(built.circles))
        elif kind == "offices":
            at = {n: unit in seen for n, (_, unit) in enumerate(built.seats)}
            ids = {n: id for n, (id, _) in enumerate(built.seats)}
        else:
            return [], [(0, new_id())]
        return ([(n, ids[n]) for n in ids if at[n]], [(n, ids[n]) for n in ids if not at[n]])

    async def entries(self) -> int:
        """How many deeds are in the record: one that was refused left none."""
        async with self.built.place.transaction() as conn:
            cursor = await conn.execute("SELECT count(*) FROM record")
            return (await cursor.fetchone())[0]

    def filled(self, body: Any, id: object, n: int) -> Any:
        """A body with what it names: the one thing outside, and others beside it."""
        built = self.built
        words = {
            "{id}": str(id), "{unit}": str(built.units[0]), "{person}": str(built.people[-1]),
            "{reference}": mark("p", n), "{code}": mark("u", n),
        }  # fmt: skip
        if isinstance(body, dict):
            return {name: self.filled(value, id, n) for name, value in body.items()}
        if isinstance(body, list):
            return [self.filled(value, id, n) for value in body]
        return words.get(body, body) if isinstance(body, str) else body
