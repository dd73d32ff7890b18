from __future__ import annotations

import pytest

from ui.text.language import preferred_language


@pytest.mark.parametrize(
    ("query", "remembered", "accepted", "expected"),
    [
        (None, None, None, "en"),
        (None, None, "ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        (None, None, "ja,en;q=0.9", "ja"),
        (None, None, "de-AT,de;q=0.9", "de"),
        (None, None, "fr,es-MX;q=0.7", "es"),
        (None, None, "en-GB,en;q=0.9,ko;q=0.8", "en"),
        (None, None, "fr,ko;q=0.5", "ko"),
        (None, None, "ko;q=0,fr", "en"),
        (None, None, "ko;q=much,*", "en"),
        (None, "ko", "en", "ko"),
        ("en", "ko", "ko", "en"),
        ("klingon", "../ko", "ko", "ko"),
    ],
)
def test_the_address_counts_before_the_choice_before_the_browser(
    query: str | None, remembered: str | None, accepted: str | None, expected: str
) -> None:
    assert preferred_language(query, remembered, accepted) == expected
