"""What a program reads: the same rows as the pages, page by page, and nothing without a key."""

from datetime import timedelta

from calling import HOME, Program
from chaupal.kit.ids import new_id
from chaupal.organisations import Right, tokens


async def test_nobody_comes_in_without_a_key_that_opens_something(rt, door, place, admin, clock):
    issued = await tokens.issue(
        rt, "a program", frozenset({Right.VIEW}), days=1, key=str(new_id()), actor=admin
    )
    good, revoked = Program(door, issued.secret), issued.id
    assert (await good.get("me")).status == 200
    for wrong in ("", "nonsense", issued.secret + "x", f"chaupal_99_{issued.secret[-20:]}"):
        told = await Program(door, wrong).get("units")
        assert (told.status, told.json["code"].split(".")[0]) == (401, "token")
    clock.at = rt.now() + timedelta(days=2)
    assert (await good.get("me")).status == 401
    clock.at = None
    assert (await good.get("me")).status == 200
    await tokens.revoke(rt, revoked, actor=admin)
    assert (await good.get("me")).status == 401


async def test_a_session_of_a_browser_opens_nothing_here(door, place, admin):
    browser = await door.signed_in(place, admin)
    assert (await browser.get(f"{HOME}/units")).status == 401


async def test_a_key_says_whose_it_is_and_what_it_opens(keyed, place):
    asha = await place.account("coordinator", at="east", role="coordinator")
    told = (await (await keyed(asha, Right.VIEW, Right.EXPORT)).get("me")).json
    assert told["login"] == "coordinator"
    assert told["rights"] == ["view", "export"]
    assert told["units"] == [str(place.units["east"])]


async def test_a_refusal_is_one_shape_in_the_language_asked_for_else_the_owners(door, keyed, place):
    hindi = await place.account("hema", language="hi")
    program = await keyed(hindi)
    missing = f"units/{new_id()}"
    told = await program.get(missing)
    assert told.status == 404
    assert told.json.keys() == {"code", "title", "what", "mend"}
    assert any("ऀ" <= letter <= "ॿ" for letter in told.json["title"])
    english = Program(door, program.key, **{"Accept-Language": "en-IN,en;q=0.8"})
    assert (await english.get(missing)).json["title"].isascii()


async def test_what_cannot_be_read_is_422_and_what_is_not_there_404(program, place):
    for wrong in ("people?limit=0", "people?limit=201", "people?after=x", "groups?purpose=x",
                  "people?consent=given", "offices?level=moon", "units/{u}/then?on=never",
                  "people?unit=nowhere"):  # fmt: skip
        told = await program.get(wrong.format(u=place.units["east"]))
        assert (told.status, sorted(told.json)) == (422, ["code", "mend", "title", "what"]), wrong
    for missing in ("units/x", "nothing", f"people/{new_id()}", f"groups/{new_id()}",
                    f"offices/{new_id()}", f"imports/{new_id()}"):  # fmt: skip
        assert (await program.get(missing)).status == 404, missing


async def test_the_tree_is_read_downwards(program, place):
    [root] = (await program.get("units")).json
    assert (root["code"], root["level"], root["parent_id"]) == ("state", "state", None)
    below = (await program.get(f"units/{root['id']}/children")).json
    assert [unit["code"] for unit in below] == ["east", "west"]
    assert (await program.get(f"units/{below[0]['id']}")).json == below[0]
    history = (await program.get(f"units/{below[0]['id']}/history")).json
    assert history["spells"][0]["since"] is None
    then = (await program.get(f"units/{root['id']}/then", on="2020-02-29")).json
    assert [unit["code"] for unit in then["children"]] == ["east", "west"]
    assert [level["key"] for level in (await program.get("levels")).json][:2] == [
        "state", "division",
    ]  # fmt: skip
    assert [c["key"] for c in (await program.get("categories")).json] == ["farmers"]


async def test_people_come_page_by_page_each_once_and_no_cursor_says_who(program, place):
    ids = {str(await place.person("east-one")) for _ in range(7)}
    first = (await program.get("people", limit=3)).json
    assert (first["total"], first["more_than"], len(first["items"])) == (7, False, 3)
    assert "Invented" not in first["next"]
    seen = [person["id"] for person in await program.every("people", limit=3)]
    assert len(seen) == 7
    assert set(seen) == ids


async def test_a_cursor_belongs_to_one_list_of_one_account(program, keyed, place):
    for _ in range(2):
        await place.person("east-one")
    following = (await program.get("people", limit=1)).json["next"]
    other = await keyed(await place.account("bina"))
    assert (await program.get("people", after=following)).status == 200
    assert (await program.get("groups", after=following)).status == 422
    assert (await other.get("people", after=following)).status == 422


async def test_lists_are_narrowed_as_the_pages_narrow_them(program, place):
    east = await place.person("east-one", language="en", chat="s:1")
    await place.person("west-one")
    farmers = await place.group("east-one", categories=("farmers",))
    await place.group("west-one", purpose="internal")
    assert [p["id"] for p in await program.every("people", unit="east")] == [str(east)]
    assert [p["id"] for p in await program.every("people", language="en")] == [str(east)]
    given = {"consent": "given", "purpose": "coordination", "channel": "sandbox"}
    assert [p["id"] for p in await program.every("people", **given)] == [str(east)]
    assert [g["id"] for g in await program.every("groups", category="farmers")] == [str(farmers)]
    assert len(await program.every("groups", purpose="internal")) == 1
    assert len(await program.every("groups", admins="none")) == 2
    assert await program.every("offices", show="vacant") == []
    assert [o["role"] for o in await program.every("offices")] == ["administrator"]


async def test_somebody_is_found_by_an_address_that_stands_in_no_url(program, place):
    asha = await place.person("east-one", chat="s:7")
    found = await program.post("people/find", {"channel": "sandbox", "address": "s:7"})
    assert found.json["id"] == str(asha)
    nobody = await program.post("people/find", {"channel": "phone", "address": "+91 00000 00001"})
    assert nobody.status in {404, 422}
    found = (await program.post("search", {"q": "Invented"})).json
    assert [hit["id"] for hit in found["people"]["hits"]] == [str(asha)]


async def test_a_person_is_shown_masked_and_may_be_taken_along(program, place):
    asha = await place.person("east-one", chat="p:very-secret-chat")
    await place.admin(await place.group("east-one"), asha)
    told = await program.get(f"people/{asha}")
    assert "very-secret" not in told.text
    assert told.json["contacts"][0]["masked"].startswith("p")
    assert told.json["consents"][-1]["act"] in {"given", None}
    assert len(told.json["groups"]) == 1
    taken = await program.get(f"people/{asha}/export")
    assert taken.status == 200
    assert "very-secret" not in taken.text


async def test_what_somebody_holds_elsewhere_is_only_counted(program, keyed, place):
    asha = await place.person("east-one")
    await place.post("west", person=asha)
    await place.admin(await place.group("west-one"), asha)
    part = await keyed(await place.account("part", at="east"))
    told = (await part.get(f"people/{asha}")).json
    assert (told["posts"], told["groups"]) == ([], [])
    assert told["elsewhere"] == {"posts": 1, "groups": 1}
    taken = (await part.get(f"people/{asha}/export")).json
    assert taken["outside_the_readers_part"] == {"posts": 1, "groups": 1, "tasks": 0}
    whole = (await program.get(f"people/{asha}/export")).json
    assert (len(whole["posts"]), len(whole["groups"])) == (1, 1)
    assert "outside_the_readers_part" not in whole


async def test_the_record_is_for_administrators_of_everything(program, keyed, place):
    entries = await program.every("record", limit=2)
    numbers = [entry["number"] for entry in entries]
    assert numbers == sorted(numbers, reverse=True)
    assert "token.issued" in {entry["kind"] for entry in entries}
    east = await keyed(await place.account("bina", at="east"))
    assert (await east.get("record")).status == 403
    fewer = await keyed(await place.account("chand"), Right.VIEW)
    assert (await fewer.get("record")).status == 403


async def test_the_description_names_every_route_and_how_it_refuses(door, program):
    async with program.http.get(f"{door.url}{HOME}/openapi.json") as answer:
        described = await answer.json(content_type=None)
    assert described["openapi"].startswith("3.1")
    assert all(path.startswith(HOME) for path in described["paths"])
    operations = [op for path in described["paths"].values() for op in path.values()]
    assert len(operations) > 60
    for operation in operations:
        assert operation["security"] == [{"key": []}]
        assert operation["description"]
        assert {"401", "422", "503"} <= operation["responses"].keys()
        assert "400" not in operation["responses"]
    assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
