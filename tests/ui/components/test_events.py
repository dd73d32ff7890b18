from __future__ import annotations

from collections import Counter

from ui import launching


def test_no_event_has_two_handlers_that_both_wait_for_their_turn() -> None:
    """Gradio starts all handlers of an event with the last one that waited, for ever with two."""
    config = launching.build().get_config_file()
    waiting = [
        (part, event)
        for one in config["dependencies"]
        if one["trigger_mode"] == "always_last" and one["backend_fn"]
        for part, event in one["targets"]
        if part is not None
    ]
    assert waiting
    assert {target: many for target, many in Counter(waiting).items() if many > 1} == {}
