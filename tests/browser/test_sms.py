"""What a text costs by SMS, told while it is typed."""

from playwright.async_api import expect

from smscentre import ENTITY


async def test_sms_are_counted_while_one_types(town):
    endpoint = f"smpp://127.0.0.1:9/CHAUPL-S?entity={ENTITY}&paise=18.5"
    await town.place.sender("sms", channel="sms", endpoint=endpoint)
    page = await town.signed_in("ravi")
    await page.goto(f"{town.door.url}/broadcasts/new")
    meter = page.locator('[data-sms="text_hi"] output')
    await expect(meter).to_have_text(["1", "18.5"])
    await page.fill("#text_hi", "अ" * 135)
    await expect(meter).to_have_text(["3", "55.5"])
    await page.fill("#text_hi", "a" * 150)
    await expect(meter).to_have_text(["1", "18.5"])
    await page.check("[name=synthetic]")  # its label is Hindi, so all of it is counted as Hindi
    await expect(meter).to_have_text(["3", "55.5"])
    await page.fill("#text_hi", "अ" * 700)
    await expect(meter.first).to_have_class("over")
    assert town.complaints == []
