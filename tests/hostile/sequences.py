"""Hostile sequences: nothing that is sent is wrong, but when it is sent is.

Each is played by visitors that speak to the real server over HTTP (`visitor.Visitor`). Gates hold
the work at a step for as long as a sequence needs it there, so nothing here depends on how fast a
machine is.
"""

from __future__ import annotations

import io
import itertools
import json
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from html import escape
from typing import Any, Literal

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from pipelines import studio
from pipelines.runtime.errors import Cancelled
from pipelines.studio import comparison, persona
from pipelines.studio.grid import cells
from pipelines.studio.samples import samples
from sharing.store import Store
from tests.hostile.cases import RESULT, Trial, Trials
from tests.hostile.site import Site, launched
from tests.hostile.visitor import PATIENCE_S, WORK_S, Page, Visitor
from ui.server.answers import GONE
from ui.text import messages
from ui.text.catalogue import translate

NOTHING = "nothing"
"""The page is left as it is: nobody waits for this any more, or something newer is shown."""
ENDED = "ended"
"""There is nobody who could be told; the work is over all the same."""

STOPPED = "cancelled"
SENTENCES = {
    STOPPED: Cancelled().sentence,
    "grid-stopped": translate("en", "grid.stopped"),
    "busy": translate("en", "queue.busy"),
    "no-portrait": messages.NO_PORTRAIT,
    "nothing-to-share": messages.NOTHING_TO_SHARE,
    "our-fault": messages.OUR_FAULT,
    "gone": GONE,
    "weights-missing": "of files that are not here",
}
_CHEAP = "region=international&context=id-passport"

Step = Literal["analysis", "first look", "second look", "first cell", "persona", "published"]


class Gate:
    """Holds work at a step until it is opened, or until the work is ended."""

    def __init__(self, at: int) -> None:
        self._at, self._calls = at, itertools.count(1)
        self._lock = threading.Lock()
        self.reached, self._open = threading.Event(), threading.Event()
        # What the step was about, if that matters.
        self.seen = ""

    def hold(self, check: Callable[[], object] = lambda: None) -> None:
        """Called where the step begins."""
        with self._lock:
            call = next(self._calls)
        if call != self._at:
            return
        self.reached.set()
        while not self._open.wait(0.01):
            check()

    def open(self) -> None:
        """Let everything through from now on."""
        self._open.set()

    def wait(self) -> None:
        """Until work is held."""
        assert self.reached.wait(WORK_S), "the step was never reached"


@dataclass
class Scene:
    """A server, and what may happen to it.

    Attributes:
        site: The server.
        page: What it serves.
    """

    site: Site
    page: Page
    _photos: Iterator[int] = field(init=False, default_factory=lambda: itertools.count(1))
    _visitors: list[Visitor] = field(init=False, default_factory=list)

    def visitor(self, photo: bytes | None = None, quick: bool = True) -> Visitor:
        """Somebody who has opened the page, chosen a portrait, and compares two looks.

        Args:
            photo: Their own; a sample, which is analysed once for everybody, if None.
            quick: Whether their two looks are made in no time.
        """
        visitor = self.stranger()
        visitor.choose(visitor.upload(photo or samples()[1].path.read_bytes()))
        for card, audience in (("on_move", "international"), ("on_move_1", "japan")):
            region, context, *_, engine, _ = self.page.targets(self.page.named(card), "dropdown")
            visitor.set_to |= {region: audience, engine: "geometry"}
            if quick:
                visitor.set_to[context] = "id-passport"
        visitor.do(self.page.named("_add"))
        return visitor

    def stranger(self, stays: bool = True) -> Visitor:
        """Somebody who has just opened the page."""
        visitor = Visitor(self.site.address, self.page, stays)
        self._visitors.append(visitor)
        return visitor

    def photo(self) -> bytes:
        """A photo that nobody else in this scene has: each is a little brighter."""
        with Image.open(samples()[1].path) as image:
            pixels = np.asarray(image.convert("RGB").resize((256, 300)), np.int16)
        buffer = io.BytesIO()
        brighter = np.clip(pixels + 2 * next(self._photos), 0, 255).astype(np.uint8)
        Image.fromarray(brighter).save(buffer, "PNG")
        return buffer.getvalue()

    def leave(self) -> None:
        """Everybody closes their page."""
        for visitor in self._visitors:
            visitor.close()
        self._visitors.clear()

    @contextmanager
    def held(self, step: Step) -> Iterator[Gate]:
        """Hold the first work that comes to a step."""
        gate = Gate(2 if step == "second look" else 1)
        with pytest.MonkeyPatch.context() as patch:
            _PLACES[step](patch, gate)
            try:
                yield gate
            finally:
                gate.open()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Both places are taken, each by a comparison that is held at its first look."""
        gates = [Gate(1), Gate(2)]

        def hold(check: Callable[[], object]) -> None:
            for gate in gates:
                gate.hold(check)

        with pytest.MonkeyPatch.context() as patch:
            _before_looks(patch, hold)
            others = [self.visitor() for _ in gates]
            event = self.page.event("settle", "click")
            try:
                with _all_listening(others, event):
                    for gate in gates:
                        gate.wait()
                    yield
            finally:
                for gate in gates:
                    gate.open()


def _before_looks(patch: pytest.MonkeyPatch, hold: Callable[..., None]) -> None:
    real = studio.render

    def render(analysis: Any, look: Any, tell: Any, *more: Any) -> Any:
        hold(lambda: tell(0.0, ""))
        return real(analysis, look, tell, *more)

    for module in (studio, comparison):
        patch.setattr(module, "render", render)


def _before_analysis(patch: pytest.MonkeyPatch, gate: Gate) -> None:
    real = studio.analyse

    def analyse(*given: Any) -> Any:
        gate.hold()
        return real(*given)

    patch.setattr(studio, "analyse", analyse)


def _after_cell(patch: pytest.MonkeyPatch, gate: Gate) -> None:
    real = cells.render

    def render(*given: Any, check: Callable[[], None]) -> Iterator[Any]:
        for outcome in real(*given, check=check):
            yield outcome
            gate.hold(check)

    patch.setattr(cells, "render", render)


def _before_faces(patch: pytest.MonkeyPatch, gate: Gate) -> None:
    real = persona.invent

    def invent(pose: Any, look: Any, count: int, progress: Any) -> Any:
        gate.hold(lambda: progress(0.0, ""))
        return real(pose, look, count, progress)

    patch.setattr(persona, "invent", invent)


def _after_publishing(patch: pytest.MonkeyPatch, gate: Gate) -> None:
    real = Store.publish

    def publish(*given: Any) -> Any:
        published = real(*given)
        gate.seen = published.id
        gate.hold()
        return published

    patch.setattr(Store, "publish", publish)


_PLACES: dict[Step, Callable[[pytest.MonkeyPatch, Gate], None]] = {
    "analysis": _before_analysis,
    "first look": lambda patch, gate: _before_looks(patch, gate.hold),
    "second look": lambda patch, gate: _before_looks(patch, gate.hold),
    "first cell": _after_cell,
    "persona": _before_faces,
    "published": _after_publishing,
}


@contextmanager
def _all_listening(visitors: list[Visitor], event: dict[str, Any]) -> Iterator[None]:
    """Each has asked for something and waits for it."""
    for visitor in visitors:
        visitor.join(event)
    streams = [visitor.listening() for visitor in visitors]
    for stream in streams:
        stream.__enter__()
    try:
        yield
    finally:
        for stream in streams:
            stream.__exit__(None, None, None)


def outcome(message: dict[str, Any] | str) -> str:
    """What an answer comes to: a result, the code of what is said, or nothing."""
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    for code, sentence in SENTENCES.items():
        if any(one in text for one in (sentence, escape(sentence, quote=False), escape(sentence))):
            return code
    pictures = (
        "p-public",
        "presence-international",
        "presence-japan",
        "presence-as-photographed",
        "presence-1-",
        "presence-grid.png",
    )
    return RESULT if any(one in text for one in pictures) else NOTHING


@dataclass(frozen=True)
class Sequence:
    """What somebody does, one thing after another, and what has to come of it.

    Attributes:
        name: In a few words.
        play: Does it; gives an outcome for each thing that has one.
        expected: These outcomes.
    """

    name: str
    play: Callable[[Scene], tuple[str, ...]]
    expected: tuple[str, ...]


_ALL: list[Sequence] = []
Play = Callable[[Scene], tuple[str, ...]]


def _case(name: str, *expected: str) -> Callable[[Play], Play]:
    def add(play: Play) -> Play:
        _ALL.append(Sequence(name, play, expected))
        return play

    return add


def sequences() -> list[Sequence]:
    """All of them."""
    return list(_ALL)


# -- a comparison is stopped, cancelled or left at each step --


@_case("an upload that breaks off half-way", ENDED)
def _half_an_upload(scene: Scene) -> tuple[str, ...]:
    url = httpx.URL(scene.site.address)
    head = (
        "POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="files"; filename="me.jpg"\r\n\r\n'
    )
    with socket.create_connection((url.host, url.port or 80), timeout=PATIENCE_S) as line:
        line.sendall(head.encode() + scene.photo()[:20_000])
    return (ENDED,)


@_case("stop while the photo is looked at", STOPPED)
def _stop_in_analysis(scene: Scene) -> tuple[str, ...]:
    one, page = scene.visitor(scene.photo()), scene.page
    examine = page.event("arrived", "change")
    with scene.held("analysis") as gate:
        id_ = one.join(examine)
        gate.wait()
        one.do(page.event("stop", "click", queue=False))
        gate.open()
        stopped = one.outcome(id_)[id_]
    return (outcome(stopped),)


def _stop_in(step: Step) -> Play:
    def play(scene: Scene) -> tuple[str, ...]:
        one, compare = scene.visitor(), scene.page.event("settle", "click")
        with scene.held(step) as gate:
            id_ = one.join(compare)
            gate.wait()
            one.do(scene.page.event("stop", "click", queue=False))
            stopped = one.outcome(id_)[id_]
        return outcome(stopped), outcome(one.work(compare))

    return play


_case("stop in the first look, then ask again", STOPPED, RESULT)(_stop_in("first look"))
_case("stop in the second look, then ask again", STOPPED, RESULT)(_stop_in("second look"))


@_case("stop while others are before one in line", STOPPED, NOTHING)
def _stop_in_line(scene: Scene) -> tuple[str, ...]:
    with scene.busy():
        one = scene.visitor()
        id_ = one.join(scene.page.event("settle", "click"))
        said = one.do(scene.page.event("stop", "click", queue=False))
        # It does not take its turn first: those before it are still held.
        return outcome(json.dumps(said)), outcome(one.outcome(id_)[id_])


@_case("stop pressed ten times", STOPPED)
def _stop_often(scene: Scene) -> tuple[str, ...]:
    one = scene.visitor()
    with scene.held("first look") as gate:
        id_ = one.join(scene.page.event("settle", "click"))
        gate.wait()
        for _ in range(10):
            one.do(scene.page.event("stop", "click", queue=False))
        return (outcome(one.outcome(id_)[id_]),)


@_case("stop with nothing to stop, then ask for results", NOTHING, RESULT)
def _stop_nothing(scene: Scene) -> tuple[str, ...]:
    one = scene.visitor()
    said = one.do(scene.page.event("stop", "click", queue=False))
    return outcome(json.dumps(said)), outcome(one.work(scene.page.event("settle", "click")))


@_case("stop somebody else's", NOTHING, RESULT)
def _stop_others(scene: Scene) -> tuple[str, ...]:
    one, other = scene.visitor(), scene.stranger()
    compare = scene.page.event("settle", "click")
    with scene.held("first look") as gate:
        id_ = one.join(compare)
        gate.wait()
        said = other.do(scene.page.event("stop", "click", queue=False))
        other.cancel(compare, "made-up")
        gate.open()
        return outcome(json.dumps(said)), outcome(one.outcome(id_)[id_])


def _cancel_in(step: Step) -> Play:
    def play(scene: Scene) -> tuple[str, ...]:
        one, compare = scene.visitor(), scene.page.event("settle", "click")
        with scene.held(step) as gate:
            id_ = one.join(compare)
            gate.wait()
            one.cancel(compare, id_)
            ended = one.outcome(id_)[id_]
            _until_idle(scene)
        return (outcome(ended),)

    return play


_case("cancel as Gradio's clients do, in the first look", NOTHING)(_cancel_in("first look"))
_case("cancel as Gradio's clients do, in the second look", NOTHING)(_cancel_in("second look"))


@_case("cancel as Gradio's clients do, in line", NOTHING)
def _cancel_in_line(scene: Scene) -> tuple[str, ...]:
    compare = scene.page.event("settle", "click")
    with scene.busy():
        one = scene.visitor()
        id_ = one.join(compare)
        one.cancel(compare, id_)
        return (outcome(one.outcome(id_)[id_]),)


@_case("ask and cancel ten times, then once more", RESULT)
def _ask_and_cancel(scene: Scene) -> tuple[str, ...]:
    one, compare = scene.visitor(), scene.page.event("settle", "click")
    for _ in range(10):
        one.cancel(compare, one.join(compare))
    return (outcome(one.work(compare)),)


# -- the connection, the tab, the page --


def _dropped_in(step: Step, name: str, kind: str) -> Play:
    def play(scene: Scene) -> tuple[str, ...]:
        one = scene.visitor()
        with scene.held(step) as gate:
            one.join(scene.page.event(name, kind))
            with one.listening():
                gate.wait()
            _until_idle(scene)
        return (ENDED,)

    return play


_case("the connection is lost in the first look", ENDED)(
    _dropped_in("first look", "settle", "click")
)
_case("the connection is lost in the second look", ENDED)(
    _dropped_in("second look", "settle", "click")
)
_case("the connection is lost while a persona is made", ENDED)(
    _dropped_in("persona", "invent", "click")
)


@_case("the connection is lost in line", ENDED)
def _dropped_in_line(scene: Scene) -> tuple[str, ...]:
    with scene.busy():
        one = scene.visitor()
        one.join(scene.page.event("settle", "click"))
        with one.listening():
            assert _waiting(scene) == 1
        _until(lambda: _waiting(scene) == 0)
    return (ENDED,)


@_case("the tab is closed in mid-run", ENDED)
def _tab_closed(scene: Scene) -> tuple[str, ...]:
    one = scene.visitor()
    with scene.held("first look") as gate:
        one.join(scene.page.event("settle", "click"))
        gate.wait()
        one.close()
        _until_idle(scene)
    return (ENDED,)


@_case("the page is reloaded in mid-run, with the same photo", RESULT)
def _reloaded(scene: Scene) -> tuple[str, ...]:
    photo = scene.photo()
    before = scene.visitor(photo)
    with scene.held("first look") as gate:
        before.join(scene.page.event("settle", "click"))
        gate.wait()
        before.close()
        after = scene.visitor(photo)
        return (outcome(after.work(scene.page.event("settle", "click"))),)


@_case("two tabs compare the same photo at once", RESULT, RESULT)
def _two_tabs(scene: Scene) -> tuple[str, ...]:
    photo, compare = scene.photo(), scene.page.event("settle", "click")
    tabs = [scene.visitor(photo) for _ in range(2)]
    ids = [tab.join(compare) for tab in tabs]
    both = [tab.outcome(id_)[id_] for tab, id_ in zip(tabs, ids, strict=True)]
    return tuple(outcome(one) for one in both)


# -- twice, and too late --


@_case("results are asked for twice, quickly", NOTHING, RESULT)
def _double_click(scene: Scene) -> tuple[str, ...]:
    one, compare = scene.visitor(), scene.page.event("settle", "click")
    with scene.held("first look") as gate:
        first = one.join(compare)
        gate.wait()
        second = one.join(compare)
        ended = one.outcome(first, second)
    return outcome(ended[first]), outcome(ended[second])


@_case("results are asked for ten times, quickly: one is left", RESULT)
def _ten_clicks(scene: Scene) -> tuple[str, ...]:
    one, compare = scene.visitor(), scene.page.event("settle", "click")
    with scene.held("first look") as gate:
        ids = [one.join(compare)]
        gate.wait()
        ids += [one.join(compare) for _ in range(9)]
        ended = one.outcome(*ids)
    assert outcome(ended[ids[0]]) == NOTHING
    return (outcome(ended[ids[-1]]),)


@_case("another portrait in mid-run", NOTHING, RESULT)
def _another_portrait(scene: Scene) -> tuple[str, ...]:
    one, examine = scene.visitor(), scene.page.event("arrived", "change")
    with scene.held("first look") as gate:
        old = one.join(scene.page.event("settle", "click"))
        gate.wait()
        one.choose(one.upload(scene.photo()))
        looked = one.join(examine)
        ended = one.outcome(old, looked)
    return outcome(ended[old]), outcome(ended[looked])


@_case("another portrait, and the comparison of the one before ends only then", RESULT)
def _late_comparison(scene: Scene) -> tuple[str, ...]:
    one, examine = scene.visitor(), scene.page.event("arrived", "change")
    before = one.set_to["portrait"]
    one.choose(one.upload(scene.photo()))
    now = one.set_to["portrait"]
    one.set_to["portrait"] = before
    assert outcome(one.work(scene.page.event("settle", "click"))) == RESULT
    one.set_to["portrait"] = now
    one.do(scene.page.named("_follow_up"))
    return (outcome(one.work(examine)),)


@_case("stop in line, and another portrait at once", STOPPED, RESULT)
def _stop_then_another(scene: Scene) -> tuple[str, ...]:
    examine = scene.page.event("arrived", "change")
    with scene.busy():
        one = scene.visitor(scene.photo())
        stopped = one.join(examine)
        said = one.do(scene.page.event("stop", "click", queue=False))
        one.outcome(stopped)
        one.choose(one.upload(scene.photo()))
        looked = one.join(examine)
    return outcome(json.dumps(said)), outcome(one.outcome(looked)[looked])


@_case("the portrait is taken away in mid-run, then a control rests", NOTHING, NOTHING)
def _no_portrait(scene: Scene) -> tuple[str, ...]:
    one, compare = scene.visitor(), scene.page.event("settle", "click")
    with scene.held("first look") as gate:
        old = one.join(compare)
        gate.wait()
        one.choose(None)
        looked = one.join(scene.page.event("arrived", "change"))
        ended = one.outcome(old, looked)
    return outcome(ended[old]), outcome(one.work(compare))


@_case("back in the history in mid-run", NOTHING, RESULT)
def _history_in_mid_run(scene: Scene) -> tuple[str, ...]:
    one, compare = scene.visitor(), scene.page.event("settle", "click")
    one.work(compare)
    one.work(scene.page.event("strip", "change"))
    one.choose(one.upload(scene.photo()))
    with scene.held("first look") as gate:
        id_ = one.join(compare)
        gate.wait()
        back = one.join(scene.page.event("history", "click"), {"frame": 1})
        ended = one.outcome(id_, back)
    return outcome(ended[id_]), outcome(ended[back])


# -- live previews --


@_case("two moves of a slider at once: the newer counts", NOTHING)
def _two_moves(scene: Scene) -> tuple[str, ...]:
    one = _settled(scene)
    moved = scene.page.named("on_move")
    first, second = (json.loads(one.do(moved)[0]) for _ in range(2))
    assert first["serial"] < second["serial"]
    assert first["source"].startswith("data:image/jpeg")
    return (NOTHING,)


@_case("a control is left as it was, then moved, then moved back", NOTHING)
def _moved_back(scene: Scene) -> tuple[str, ...]:
    one = scene.visitor(quick=False)
    one.work(scene.page.event("settle", "click"))
    moved = scene.page.named("on_move")
    slider = scene.page.targets(moved, "slider")[0]
    # Gradio's lists tell of a move whenever the keyboard leaves them.
    left_alone = one.do(moved)[0]
    assert not isinstance(left_alone, str), "a preview"
    for position in (0.5, 1.0):
        one.set_to[slider] = position
        assert json.loads(one.do(moved)[0])["source"].startswith("data:image/jpeg")
    return (NOTHING,)


@_case("a slider moves on while its result is made", NOTHING)
def _moved_on(scene: Scene) -> tuple[str, ...]:
    one = _settled(scene)
    with scene.held("first look") as gate:
        id_ = one.join(scene.page.event("settle", "click"))
        gate.wait()
        one.do(scene.page.named("on_move"))
        return (outcome(one.outcome(id_)[id_]),)


@_case("a look is added while a slider's result is made", NOTHING, RESULT)
def _added_while_settling(scene: Scene) -> tuple[str, ...]:
    one = _settled(scene)
    with scene.held("first look") as gate:
        settling = one.join(scene.page.event("settle", "click"))
        gate.wait()
        one.do(scene.page.named("_add"))
        added = one.join(scene.page.event("settle", "click"))
        ended = one.outcome(settling, added)
    return outcome(ended[settling]), outcome(ended[added])


@_case("the tab is closed while a slider's result is made", ENDED)
def _closed_while_settling(scene: Scene) -> tuple[str, ...]:
    one = _settled(scene)
    with scene.held("first look") as gate:
        one.join(scene.page.event("settle", "click"))
        gate.wait()
        one.close()
        _until_idle(scene)
    return (ENDED,)


@_case("a slider moves where nothing was compared: its results follow", NOTHING, RESULT)
def _moved_first(scene: Scene) -> tuple[str, ...]:
    one = scene.visitor()
    moved = one.do(scene.page.named("on_move"))
    return outcome(json.dumps(moved)), outcome(one.work(scene.page.event("settle", "click")))


def _settled(scene: Scene) -> Visitor:
    """Somebody whose comparison is there, and who has just moved a slider to somewhere new."""
    one = scene.visitor(quick=False)
    one.work(scene.page.event("settle", "click"))
    moved = scene.page.named("on_move")
    one.set_to[scene.page.targets(moved, "slider")[0]] = 50
    one.do(moved)
    return one


# -- the explore grid --


@_case("stop in a grid", "grid-stopped")
def _stop_grid(scene: Scene) -> tuple[str, ...]:
    one, make = _before_grid(scene)
    with scene.held("first cell") as gate:
        id_ = one.join(make)
        gate.wait()
        one.do(scene.page.event("grid-stop", "click", queue=False))
        return (outcome(one.outcome(id_)[id_]),)


@_case("stop a grid that waits for another's", "grid-stopped", NOTHING)
def _stop_grid_in_line(scene: Scene) -> tuple[str, ...]:
    other, make = _before_grid(scene)
    one, _ = _before_grid(scene)
    with scene.held("first cell") as gate:
        other.join(make)
        gate.wait()
        id_ = one.join(make)
        said = one.do(scene.page.event("grid-stop", "click", queue=False))
        waited = outcome(json.dumps(said)), outcome(one.outcome(id_)[id_])
        other.do(scene.page.event("grid-stop", "click", queue=False))
        return waited


@_case("stop a grid, then start it again", "grid-stopped", RESULT)
def _grid_again(scene: Scene) -> tuple[str, ...]:
    one, make = _before_grid(scene)
    with scene.held("first cell") as gate:
        id_ = one.join(make)
        gate.wait()
        one.do(scene.page.event("grid-stop", "click", queue=False))
        stopped = one.outcome(id_)[id_]
    return outcome(stopped), outcome(one.work(make))


@_case("another portrait in the middle of a grid", "grid-stopped")
def _portrait_in_grid(scene: Scene) -> tuple[str, ...]:
    one, make = _before_grid(scene)
    with scene.held("first cell") as gate:
        id_ = one.join(make)
        gate.wait()
        one.choose(one.upload(scene.photo()))
        one.do(scene.page.named("on_portrait"))
        return (outcome(one.outcome(id_)[id_]),)


@_case("the connection is lost in a grid", ENDED)
def _grid_dropped(scene: Scene) -> tuple[str, ...]:
    one, make = _before_grid(scene)
    with scene.held("first cell") as gate:
        one.join(make)
        with one.listening():
            gate.wait()
        _until_idle(scene)
    return (ENDED,)


@_case("the tab is closed in a grid", ENDED)
def _grid_closed(scene: Scene) -> tuple[str, ...]:
    one, make = _before_grid(scene)
    with scene.held("first cell") as gate:
        one.join(make)
        gate.wait()
        one.close()
        _until_idle(scene)
    return (ENDED,)


def _before_grid(scene: Scene) -> tuple[Visitor, dict[str, Any]]:
    one = scene.visitor()
    one.set_to |= {"grid-columns": "polish", "grid-rows": "nothing"}
    one.set_to["grid-columns-typed"] = "0, 1"
    make = scene.page.event("grid-start", "click")
    return one, make


# -- personas --


@_case("a persona asked for twice", "weights-missing", "weights-missing")
def _two_personas(scene: Scene) -> tuple[str, ...]:
    one, invent = scene.visitor(), scene.page.event("invent", "click")
    ids = [one.join(invent) for _ in range(2)]
    ended = one.outcome(*ids)
    return outcome(ended[ids[0]]), outcome(ended[ids[1]])


@_case("stop while a persona is made", STOPPED)
def _stop_persona(scene: Scene) -> tuple[str, ...]:
    one = scene.visitor()
    with scene.held("persona") as gate:
        id_ = one.join(scene.page.event("invent", "click"))
        gate.wait()
        one.do(scene.page.event("stop", "click", queue=False))
        return (outcome(one.outcome(id_)[id_]),)


# -- programs --


@_case("two identical calls at once", RESULT, RESULT)
def _same_calls(scene: Scene) -> tuple[str, ...]:
    photo = samples()[1].path.read_bytes()
    calls = [_Call(scene, photo) for _ in range(2)]
    return tuple(call.answer() for call in calls)


@_case("an answer that is asked for twice", RESULT, "gone")
def _answer_twice(scene: Scene) -> tuple[str, ...]:
    call = _Call(scene, samples()[1].path.read_bytes())
    return call.answer(), call.answer()


@_case("an answer that two ask for at once", "gone", RESULT)
def _answer_to_two(scene: Scene) -> tuple[str, ...]:
    with scene.held("first look") as gate:
        call = _Call(scene, samples()[1].path.read_bytes())
        with call.listening() as first:
            second = call.answer()
            gate.open()
            return second, outcome(first.read().decode())


@_case("a call whose answer nobody fetches", ENDED)
def _never_fetched(scene: Scene) -> tuple[str, ...]:
    _Call(scene, samples()[1].path.read_bytes())
    _until_idle(scene)
    return (ENDED,)


@_case("a call that nobody waits for any longer", ENDED)
def _call_dropped(scene: Scene) -> tuple[str, ...]:
    with scene.held("first look") as gate:
        call = _Call(scene, scene.photo())
        with call.listening():
            gate.wait()
        _until_idle(scene)
    return (ENDED,)


@_case("a job of gradio_client that is cancelled", ENDED)
def _job_cancelled(scene: Scene) -> tuple[str, ...]:
    client = Client(scene.site.address, verbose=False)
    with scene.held("first look") as gate:
        job = client.submit(
            photo=handle_file(str(samples()[1].path)), looks="region=japan", api_name="/compare"
        )
        gate.wait()
        job.cancel()
        _until_idle(scene)
    client.close()
    return (ENDED,)


class _Call:
    """One call of the public endpoint, asked for at once."""

    def __init__(self, scene: Scene, photo: bytes) -> None:
        self.visitor = scene.stranger(stays=False)
        path = self.visitor.upload(photo)
        file = {"path": path, "meta": {"_type": "gradio.FileData"}}
        asked = self.visitor.client.post("/gradio_api/call/compare", json={"data": [file, _CHEAP]})
        self._where = f"/gradio_api/call/compare/{asked.json()['event_id']}"

    def answer(self) -> str:
        """What it comes to."""
        said, until = "", time.monotonic() + WORK_S
        with self.listening() as answer:
            for part in answer.iter_text():
                said += part
                # Heartbeats come for as long as the connection is open.
                assert time.monotonic() < until, "no answer"
        return outcome(said)

    @contextmanager
    def listening(self) -> Iterator[httpx.Response]:
        """Leaving this drops the connection."""
        with self.visitor.client.stream("GET", self._where, timeout=WORK_S) as answer:
            yield answer


# -- published links --


@_case("publish with nothing compared", "nothing-to-share")
def _publish_nothing(scene: Scene) -> tuple[str, ...]:
    one = scene.visitor()
    return (outcome(one.work(scene.page.event("publish", "click"))),)


@_case("publish after the portrait was taken away", "nothing-to-share")
def _publish_late(scene: Scene) -> tuple[str, ...]:
    one = scene.visitor()
    one.work(scene.page.event("settle", "click"))
    one.choose(None)
    return (outcome(one.work(scene.page.event("publish", "click"))),)


@_case("publish twice at once", RESULT, RESULT)
def _publish_twice(scene: Scene) -> tuple[str, ...]:
    one, publish = scene.visitor(), scene.page.event("publish", "click")
    one.work(scene.page.event("settle", "click"))
    ids = [one.join(publish) for _ in range(2)]
    ended = one.outcome(*ids)
    return outcome(ended[ids[0]]), outcome(ended[ids[1]])


@_case("the connection is lost before the private link is seen", RESULT, "404")
def _publish_and_leave(scene: Scene) -> tuple[str, ...]:
    one = scene.visitor()
    made = one.work(scene.page.event("settle", "click"))
    with scene.held("published") as gate:
        id_ = one.join(scene.page.event("publish", "click"))
        event = scene.site.blocks._queue.event_ids_to_events[id_]
        with one.listening():
            gate.wait()
        _until(lambda: not event.alive)
        gate.open()
        _until(lambda: not _busy(scene), WORK_S)
    # Nobody could take it back: it is taken back.
    return outcome(made), str(one.client.get(f"/s/{gate.seen}").status_code)


def played(one: Sequence, scene: Scene) -> tuple[str, ...]:
    """Play a sequence; afterwards nothing goes on, and whoever comes next is answered.

    Raises:
        AssertionError: Something does, or they are not; or nobody answers for too long.
    """
    got = one.play(scene)
    scene.leave()
    _until(lambda: not _busy(scene), WORK_S)
    after = scene.stranger()
    assert outcome(after.work(scene.page.event("settle", "click"))) == RESULT
    return got


@contextmanager
def trials() -> Iterator[Trials]:
    """For the table of the corpus."""
    with launched() as site:
        page = Page(site.address)

        def run(one: Sequence) -> str:
            return ", ".join(played(one, Scene(site, page)))

        yield Trials(
            [Trial(one.name, (", ".join(one.expected),), partial(run, one)) for one in _ALL]
        )


def _until(holds: Callable[[], bool], patience: float = PATIENCE_S) -> None:
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, f"it did not come to an end within {patience:.0f} s"
        time.sleep(0.02)


def _until_idle(scene: Scene) -> None:
    """No work goes on, although the gate is still shut."""
    _until(lambda: not _working() and _waiting(scene) == 0)


def _waiting(scene: Scene) -> int:
    """How many events wait, as the server says."""
    where = f"{scene.site.address}/gradio_api/queue/status"
    return int(httpx.get(where, timeout=PATIENCE_S).json()["queue_size"])


def _busy(scene: Scene) -> bool:
    """Whether anything waits, holds a place, or is worked on."""
    queue = scene.site.blocks._queue
    lines = queue.event_queue_per_concurrency_id.values()
    taken = any(line.queue or line.current_concurrency for line in lines)
    return taken or any(queue.active_jobs) or _working()


def _working() -> bool:
    """Whether a thread is inside an event of the page or of programs."""
    return any(_is_event(frame) for frame in sys._current_frames().values())


def _is_event(frame: Any) -> bool:
    inside = [one.filename for one in traceback.extract_stack(frame)]
    begins = ("compare_events.py", "components/live.py", "grid_panel.py", "persona.py", "api.py")
    return any("gradio" in one for one in inside) and any(one.endswith(begins) for one in inside)
