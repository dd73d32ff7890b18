from __future__ import annotations

import pytest

from pipelines.errors import Cancelled
from ui.work import Stops


def test_a_visitor_stops_their_own_work_and_nobody_elses() -> None:
    stops = Stops()
    stops.stop("nobody")
    with stops.running("one") as check_one, stops.running("two") as check_two:
        stops.stop("one")
        with pytest.raises(Cancelled):
            check_one()
        check_two()
    with stops.running("one") as check_again:
        check_again()
