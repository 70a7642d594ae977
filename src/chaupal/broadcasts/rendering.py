"""The text as it leaves: what two people approved, its label, and the group's own link."""

LABELS = {
    "hi": "[यह सामग्री AI की मदद से बनी है]",
    "en": "[Made with the help of AI]",
}


def render(body: str, *, synthetic: bool, language: str, link: str | None = None) -> str:
    """Return the text for one delivery. Only the label and the link are ever added.

    The label stands first, where it can't be missed (India's IT Rules on synthetic content).
    """
    lines = [LABELS[language], body] if synthetic else [body]
    if link is not None:
        lines += ["", link]
    return "\n".join(lines)
