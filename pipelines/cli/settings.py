"""``python -m pipelines settings``: every environment variable, its value and its meaning."""

from __future__ import annotations


def run() -> None:
    """Print every environment variable that Presence reads."""
    from pipelines.runtime.errors import PresenceError
    from pipelines.runtime.settings import SettingsError, rows

    try:
        found = list(rows())
    except SettingsError as error:
        raise PresenceError("bad-setting", str(error)) from error
    width = max(len(name) for name, *_ in found)
    for name, value, default, meaning in found:
        state = value or "not set"
        print(f"{name:{width}}  {state}{'' if value == default else ' (changed)'}: {meaning}")
