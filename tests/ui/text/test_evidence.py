from __future__ import annotations

import pytest

from presets import load
from tests.ui.reports import text
from ui.text.templating import render


def region_note(region: object) -> str:
    return render("evidence", "region", "en", region)


def context_note(context: object) -> str:
    return render("evidence", "context", "en", context)


def test_a_region_says_how_sure_it_is_and_opens_its_sources() -> None:
    japan = region_note(load().regions["japan"])
    assert "confidence low" in japan
    assert "https://doi.org/10.1371/journal.pone.0059312" in japan
    assert "An analogy, a thin or a contradicted source, or none." in japan
    assert "0° to 6° off the lens" in japan
    assert "Your audience may differ: ask them." in japan


def test_a_preference_claims_nothing() -> None:
    keep = region_note(load().regions["keep"])
    assert "confidence" not in text(keep)
    assert "nothing is claimed about anybody" in keep


@pytest.mark.parametrize("region", load().regions.values(), ids=lambda region: region.id)
def test_every_region_says_what_speaks_against_it(region: object) -> None:
    card = text(region_note(region))
    against = getattr(region, "against", "")
    assert (against[:40] or "Nothing that we know of.") in card.replace("&#x27;", "'").replace(
        "&quot;", '"'
    )


def test_every_source_has_its_status() -> None:
    for context in load().contexts.values():
        card = context_note(context)
        assert card.count('class="p-status"') == len(context.sources)
    passport = text(context_note(load().contexts["id-passport"]))
    assert "reported by others" in passport
    assert "at least 100 % of the skin’s fine detail stays" in passport


def test_a_context_says_what_to_wear_and_what_has_to_be_told() -> None:
    bot = text(context_note(load().contexts["service-bot"]))
    assert "Wear " in bot
    assert "people are talking to an AI" in bot
