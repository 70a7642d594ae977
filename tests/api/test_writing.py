"""What a program changes: once for each key of its own, over the pages' own actions."""

import asyncio

from chaupal.organisations import Right

DAY = "2026-11-20"


async def test_every_write_needs_a_key_of_its_own(program, place):
    described = (await program.get("openapi.json")).json["paths"]
    looks = ("preview", "find", "search", "count", "why")
    unkeyed = [
        path
        for path, operations in described.items()
        if "post" in operations
        and not any(
            p["name"] == "Idempotency-Key" for p in operations["post"].get("parameters", ())
        )
        and not path.endswith(looks)
    ]
    assert unkeyed == []
    async with program.http.post(f"{program.url}/api/v1/groups", json={}) as answer:
        assert answer.status == 422


async def test_a_group_is_registered_once_however_often_it_is_sent(program, place):
    new = {"unit_id": str(place.units["east-one"]), "name": "किसान", "purpose": "public",
           "channel": "whatsapp", "categories": ["farmers"]}  # fmt: skip
    told = await asyncio.gather(*(program.post("groups", new, key="group-of-today") for _ in "ab"))
    assert {answer.status for answer in told} == {201}
    [id] = {answer.json["id"] for answer in told}
    other = await program.post("groups", {**new, "name": "और"}, key="group-of-today")
    assert (other.status, other.json["code"]) == (409, "idempotency.other_request")
    for path, body in (
        (f"groups/{id}", {"name": "खेती", "language": "hi", "carries_notice": True, "size": 40}),
        (f"groups/{id}/move", {"unit_id": str(place.units["west-one"])}),
        (f"groups/{id}/categories", {"categories": []}),
        (f"groups/{id}/archive", None),
        (f"groups/{id}/restore", None),
    ):
        assert (await program.post(path, body)).status == 204, path
    shown = (await program.get(f"groups/{id}")).json
    assert (shown["group"]["name"], shown["group"]["size"]) == ("खेती", 40)
    assert shown["group"]["unit_id"] == str(place.units["west-one"])
    assert [b["category"] for b in shown["belongings"]] == ["farmers"]


async def test_admins_come_go_and_are_asked_first(program, place):
    group = await place.group("east-one")
    asha, bina = await place.person("east-one"), await place.person("east-one")
    body = {"people": [str(asha), str(bina)]}
    assert (await program.post(f"groups/{group}/admins", body)).status == 204
    assert (await program.post(f"groups/{group}/admins/{bina}/first")).status == 204
    assert (await program.post(f"groups/{group}/admins/{asha}/left")).status == 204
    admins = (await program.get(f"groups/{group}")).json["admins"]
    assert [a["person_id"] for a in admins if a["left_at"] is None] == [str(bina)]


async def test_a_unit_is_looked_at_moved_and_taken_back(program, place):
    await place.person("east-one")
    east, west = place.units["east-one"], place.units["west"]
    body = {"to": str(west), "on_day": (await today(program))}
    look = await program.post(f"units/{east}/move/preview", body)
    assert (look.status, look.json["people"]) == (200, 1)
    assert (await program.get(f"units/{east}")).json["parent_id"] == str(place.units["east"])
    moved = await program.post(f"units/{east}/move", body)
    assert (moved.status, moved.json) == (200, look.json)
    assert (await program.post(f"units/{east}/take-back")).status == 204
    assert (await program.get(f"units/{east}")).json["parent_id"] == str(place.units["east"])
    made = await program.post(
        f"units/{west}/found",
        {"level": "district", "code": "new", "name_hi": "नया", "name_en": "New", "on_day": DAY},
    )
    assert made.status == 201
    assert (await program.post(f"units/{made.json['id']}/end", {"on_day": DAY})).status == 204
    assert (await program.get(f"units/{made.json['id']}")).status == 404
    assert (await program.get(f"units/{made.json['id']}/history")).json["ended_on"] == DAY


async def today(program) -> str:
    from datetime import UTC, datetime

    from chaupal.organisations.scope import INDIA

    return datetime.now(UTC).astimezone(INDIA).date().isoformat()


async def test_an_office_is_made_given_and_handed_over(program, place):
    asha, bina = await place.person("east-one"), await place.person("east-one")
    day = await today(program)
    made = await program.post(
        "offices",
        {"unit_id": str(place.units["east-one"]), "role": "desk", "title_hi": "डेस्क",
         "title_en": "Desk", "since": "2026-01-01"},
    )  # fmt: skip
    id = made.json["id"]
    assert [o["id"] for o in await program.every("offices", show="vacant")] == [id]
    given = {"since": "2026-02-01", "person_id": str(asha)}
    assert (await program.post(f"offices/{id}/appoint", given)).status == 201
    assert (await program.get(f"offices/{id}/hand-over/preview")).json == {"open_tasks": 0}
    handed = await program.post(f"offices/{id}/hand-over", {"since": day, "person_id": str(bina)})
    assert handed.status == 201
    shown = (await program.get(f"offices/{id}")).json
    assert [term["holder"]["person_id"] for term in shown["terms"]] == [str(bina), str(asha)]
    both = {"since": day, "person_id": str(asha), "account_id": str(asha)}
    assert (await program.post(f"offices/{id}/appoint", both)).status == 422


async def test_a_no_is_written_down_once_and_a_number_is_seen_whole_with_a_reason(program, place):
    asha = await place.person("east-one", chat="p:very-secret-chat")
    said = {"act": "withdrawn", "lines": [{"purpose": "coordination", "channel": "sandbox"}],
            "basis": "paper", "proof": "form 7"}  # fmt: skip
    for _ in range(2):
        told = await program.post(f"people/{asha}/consent", said, key="no-of-today")
        assert told.status == 204
    shown = (await program.get(f"people/{asha}")).json
    assert {c["act"] for c in shown["consents"] if c["purpose"] == "coordination"} == {"withdrawn"}
    contact = shown["contacts"][0]["id"]
    whole = await program.post(f"people/{asha}/unmask", {"contact": contact, "need": "task"})
    assert whole.json == {"channel": "sandbox", "address": "p:very-secret-chat"}
    for _ in range(2):
        assert (await program.post(f"people/{asha}/suppress", key="quiet-now")).status == 204
    for _ in range(2):
        assert (await program.post(f"people/{asha}/lift", key="loud-again")).status == 204
    assert (await program.post(f"people/{asha}/erase", {"reference": "x"})).status == 422
    assert (await program.post(f"people/{asha}/erase", {"reference": str(asha)})).status == 204
    assert (await program.get(f"people/{asha}")).status == 404


async def test_a_change_to_many_is_counted_first(program, place):
    for _ in range(3):
        await place.person("east-one")
    whom = {"unit": "east"}
    look = await program.post("people/bulk/preview", {"whom": whom, "deed": "speak"})
    assert look.json == {"people": 3}
    change = {"whom": whom, "what": {"deed": "speak", "language": "en"}, "seen": 2}
    assert (await program.post("people/bulk", change)).status == 409
    assert (await program.post("people/bulk", {**change, "seen": 3})).json == {"people": 3}
    assert len(await program.every("people", language="en")) == 3


async def test_a_change_to_many_groups_is_counted_first(program, place):
    groups = {str(await place.group("east-one", name=f"Sabha {n}")) for n in range(3)}
    await place.group("west-one", name="Sabha")
    which = {"unit": "east", "name_contains": "sabha"}
    look = await program.post("groups/bulk/preview", {"which": which, "deed": "join"})
    assert look.json == {"groups": 3}
    change = {"which": which, "what": {"deed": "join", "category": "farmers"}, "seen": 2}
    told = await program.post("groups/bulk", change)
    assert (told.status, told.json["code"]) == (409, "groups.count_changed")
    assert (await program.post("groups/bulk", {**change, "seen": 3})).json == {"groups": 3}
    assert {group["id"] for group in await program.every("groups", category="farmers")} == groups
    for verb, what in (("leave", {"category": "farmers"}), ("archive", {})):
        change = {"which": which, "what": {"deed": verb, **what}, "seen": 3}
        assert (await program.post("groups/bulk", change)).json == {"groups": 3}
    assert await program.every("groups", category="farmers", archived="true") == []
    assert {group["id"] for group in await program.every("groups", archived="true")} == groups
    for wrong in ({"deed": "erase"}, {"deed": "join"}, {"deed": "join", "category": "moon"}):
        change = {"which": {}, "what": wrong, "seen": 1}
        assert (await program.post("groups/bulk", change)).status == 422, wrong


async def test_filters_are_kept_and_forgotten(program):
    new = {"page": "people", "name": "East", "query": "unit=east"}
    assert (await program.post("filters", new)).status == 204
    [kept] = (await program.get("filters", page="people")).json
    assert (kept["name"], kept["query"]) == ("East", "unit=east")
    assert (await program.post(f"filters/{kept['id']}/forget")).status == 204
    assert (await program.get("filters", page="people")).json == []


async def test_a_limited_key_does_nothing_more_than_it_says(keyed, place, admin):
    program = await keyed(admin, Right.VIEW)
    group = await place.group("east-one")
    person = await place.person("east-one", chat="s:1")
    assert (await program.get(f"groups/{group}")).status == 200
    for path, body in (
        (f"groups/{group}/archive", None),
        (f"units/{place.units['east']}/end", {"on_day": DAY}),
        (f"people/{person}/unmask", {"contact": 1, "need": "task"}),
        ("exports", {"kind": "people"}),
    ):
        told = await program.post(path, body)
        assert (told.status, told.json["code"]) == (403, "access.not_allowed"), path
    assert (await program.send("imports/people", b"reference\n")).status == 403


async def test_too_much_at_once_is_413_and_what_is_unknown_422(program, place):
    large = await program.post("search", {"q": "x" * 300_000})
    assert large.status == 413
    for body in ({"q": ""}, {"q": "x", "more": 1}, [], {"q": 7}):
        assert (await program.post("search", body)).status == 422, body


async def test_a_file_comes_in_whole_and_says_its_headings(door, program, keyed, place):
    rows = "code,parent_code,level,name_hi,name_en\nnew,east,district,नया,New\n".encode()
    told = await program.send("imports/units", rows, File_Name="units.csv")
    id = told.json["id"]
    preview = (await program.get(f"imports/{id}/preview")).json
    assert [h["column"] for h in preview["headings"]][:3] == ["code", "parent_code", "level"]
    assert preview["missing"] == []
    assert (await program.post(f"imports/{id}/columns", {"columns": {}})).status == 204
    assert (await program.get(f"imports/{id}")).json["stage"] == "mapped"
    early = await program.get(f"imports/{id}/report")
    assert (early.status, early.json["code"]) == (409, "import.report_not_yet")
    assert (await program.post(f"imports/{id}/order")).status == 409
    bina = await keyed(await place.account("bina", at="east"))
    assert (await bina.get(f"imports/{id}")).status == 404
    assert (await program.post(f"imports/{id}/cancel")).status == 204
    assert (await program.send("imports/units", b"")).status == 422
    assert (await program.send("imports/moon", b"x")).status in {404, 422}
