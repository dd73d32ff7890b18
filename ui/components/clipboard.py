"""A script that copies a link to the clipboard."""

from __future__ import annotations

# Pages without HTTPS have no clipboard API, only the deprecated command that copies.
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


def copy_script(link: str, after: str = "") -> str:
    """A script for the `js` of an event that copies a link.

    Args:
        link: A JavaScript expression for the link.
        after: Statements that follow, such as the return of values for the event's outputs.
    """
    return _COPY.replace("LINK", link).replace("AFTER", after)
