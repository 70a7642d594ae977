"""A "posted" that was kept without signal is sent even from a page whose time is over."""

from datetime import timedelta

from chaupal.kit.ids import new_id
from chaupal.relay import links


async def test_a_refused_tap_is_kept_and_a_taken_one_is_not(town):
    page, rt = await town.visitor(), town.place.rt
    token = links.personal_token(
        rt.sealer, town.place.organisation, new_id(), rt.now() - timedelta(minutes=1)
    )
    key = f"posted:/r/{token}"
    await page.goto(f"{town.door.url}/r/{token}")
    await page.evaluate("key => localStorage.setItem(key, 'idempotency_key=1')", key)

    async with page.expect_response("**/posted") as refused:
        await page.reload()
    assert (await (await refused.value).request.response()).status == 422, "nobody's task"
    assert await page.evaluate("key => localStorage.getItem(key)", key) is not None

    await page.route("**/posted", lambda route: route.fulfill(status=200))
    async with page.expect_navigation(url=f"**/r/{token}"):
        await page.evaluate("dispatchEvent(new Event('online'))")
    assert await page.evaluate("key => localStorage.getItem(key)", key) is None
