"""Copying by script, for buttons whose `js` gives a link."""

from __future__ import annotations

# Pages served without HTTPS have no clipboard of their own, but an old command that copies.
_COPY = """async () => {
  const link = LINK;
  try {
    await navigator.clipboard.writeText(link);
  } catch {
    const box = document.createElement('textarea');
    box.value = link;
    document.body.append(box);
    box.select();
    document.execCommand('copy');
    box.remove();
  }
  AFTER
}"""


def copying(link: str, after: str = "") -> str:
    """A script for an event's `js` that copies a link.

    Args:
        link: An expression of JavaScript that gives it.
        after: Statements that follow, such as what is returned to the event's outputs.
    """
    return _COPY.replace("LINK", link).replace("AFTER", after)
