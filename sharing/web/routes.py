"""The pages of links, ``/s/{id}`` and below. They are served next to Gradio and do not use it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pipelines.runtime.messages import Message
from presets import translated
from sharing.download import bundle
from sharing.errors import (
    AlreadyVoted,
    HiddenUntilVote,
    InvalidForm,
    NotFound,
    Refused,
    SharingError,
    TooLarge,
    Unavailable,
)
from sharing.link_service import LinkService
from sharing.publication import PublishedPicture
from sharing.report_table import table, votes_csv
from sharing.store import SharedComparison
from sharing.templates import STATIC, render
from sharing.translations import _, preferred, translate, translate_sentence
from sharing.visitors import equal, is_token, keyed_hash, new_token
from sharing.votes import LONGEST_COMMENT, QUESTIONS, UNSURE, Ballot, questions_of, shuffled, tally
from sharing.web.jpeg_metadata import strip_metadata

LARGEST_FORM = 64_000
VISITOR, SEEN = "presence_visitor", "presence_seen"
COOKIE_SECONDS = 30 * 86_400

# Allows no inline script or style, no content of other sites, and no embedding in frames.
POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PROVENANCE = _(
    "Every picture made here says so in its metadata (IPTC digital source type, software, look), "
    "and the gaze or the skin of all but the original may have been edited. Made with Presence."
)
_TYPES = {"css": "text/css", "js": "text/javascript", "jpg": "image/jpeg", "png": "image/png"}

_log = logging.getLogger("presence.sharing")

Form = Mapping[str, str]
Handler = Callable[[Request, Form], Response]


def routes(link_service: LinkService) -> list[BaseRoute]:
    """Build all routes, for Gradio's ``app_kwargs``."""
    pages = Pages(link_service)
    get_routes = (
        ("/s/-/{name}", pages.asset),
        ("/s/{id}", pages.comparison),
        ("/s/{id}/p/{name}", pages.picture),
        ("/s/{id}/preview.jpg", pages.preview),
        ("/s/{id}/download.zip", pages.download),
        ("/s/{id}/own/{secret}", pages.own),
        ("/s/{id}/own/{secret}/votes.csv", pages.votes),
    )
    post_routes = (
        ("/s/{id}/vote", pages.vote),
        ("/s/{id}/labels", pages.labels),
        ("/s/{id}/own/{secret}/delete", pages.delete),
    )
    return [
        *(
            Route(path, _endpoint(link_service, handler), methods=["GET"])
            for path, handler in get_routes
        ),
        *(
            Route(path, _endpoint(link_service, handler), methods=["POST"])
            for path, handler in post_routes
        ),
        Route("/s/{rest:path}", _endpoint(link_service, _not_found), methods=["GET", "POST"]),
    ]


class Pages:
    """The handlers of the routes. ``form`` is the parsed body of a POST, else empty."""

    def __init__(self, link_service: LinkService) -> None:
        self._link_service = link_service

    def asset(self, request: Request, form: Form) -> Response:
        """The style sheet or the script."""
        del form
        name = request.path_params["name"]
        if name not in ("share.css", "share.js"):
            raise NotFound
        kind = _TYPES[name.rpartition(".")[2]]
        return Response(
            (STATIC / name).read_bytes(),
            media_type=kind,
            headers={"Cache-Control": "public, max-age=600"},
        )

    def comparison(self, request: Request, form: Form) -> Response:
        """The comparison, without labels for visitors who are still asked for a blind vote."""
        del form
        shared = self._find(request)
        visitor = _visitor(request)
        ballot = self._link_service.store().ballot_of(shared, visitor)
        if _is_blind(request, shared, ballot):
            return self._blind_page(request, shared, visitor)
        return self._labelled_page(request, shared, visitor, ballot=ballot)

    def picture(self, request: Request, form: Form) -> Response:
        """A picture; before a blind vote neither at full size nor framed, and without metadata."""
        del form
        shared, name = self._find(request), request.path_params["name"]
        blind = self._still_blind(request, shared)
        pictures = shared.document.pictures
        telling = {one.files.get(size) for one in pictures for size in ("full", "framed")}
        if blind and name in telling:
            raise HiddenUntilVote
        # Browsers must revalidate, so that a deleted picture is not shown from a cache.
        etag = f'"{name}-plain"' if blind else f'"{name}"'
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        if shared.asks_vote:
            headers["Vary"] = "Cookie"
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        data = self._link_service.store().file(shared, name)
        if blind:
            data = strip_metadata(data)
        return Response(data, media_type=_TYPES[name.rpartition(".")[2]], headers=headers)

    def preview(self, request: Request, form: Form) -> Response:
        """The preview image for chat tools."""
        del form
        data = self._link_service.store().file(self._find(request), "preview.jpg")
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": "max-age=300"})

    def download(self, request: Request, form: Form) -> Response:
        """The comparison as a ZIP file; not before a blind vote."""
        del form
        shared, store = self._find(request), self._link_service.store()
        if self._still_blind(request, shared):
            raise HiddenUntilVote
        data = bundle(shared.title, shared.document, lambda name: store.file(shared, name))
        return _attachment(data, "application/zip", "presence-comparison.zip")

    def vote(self, request: Request, form: Form) -> Response:
        """Store a vote, then redirect to the page with labels."""
        shared, visitor = self._find(request), _visitor(request)
        self._check_form(request, shared, visitor, form)
        store = self._link_service.store()
        # The blind page may still be open in a tab or in the browser's history after a vote.
        if store.ballot_of(shared, visitor) is not None or (
            shared.asks_vote and _has_seen_labels(request)
        ):
            raise AlreadyVoted
        answers = {question: form.get(question, "") for question in QUESTIONS}
        ballot = Ballot(
            answers["likeness"], answers["trust"], answers["purpose"], form.get("comment", "")
        )
        try:
            store.vote(shared, visitor, ballot, _address(request))
        except (Refused, Unavailable) as error:
            show = self._blind_page if shared.asks_vote else self._labelled_page
            page = show(request, shared, visitor, form, error.sentence)
            page.status_code = error.status
            return page
        return RedirectResponse(f"{self._base(shared)}?voted", status_code=303)

    def labels(self, request: Request, form: Form) -> Response:
        """Show the labels without a vote; the visitor cannot vote afterwards."""
        shared, visitor = self._find(request), _visitor(request)
        self._check_form(request, shared, visitor, form)
        response = RedirectResponse(self._base(shared), status_code=303)
        self._set_cookie(request, response, SEEN, "1", self._base(shared))
        return response

    def own(self, request: Request, form: Form) -> Response:
        """The publisher's private page: votes, comments, and a button to delete."""
        del form
        shared = self._owned(request)
        ballots = self._link_service.store().ballots(shared)
        questions, language = questions_of(shared.asks_vote), shared.document.language
        return _html(
            "owner.html",
            language,
            root=self._link_service.root,
            base=self._base(shared),
            own=f"{self._base(shared)}/own/{request.path_params['secret']}",
            url=self._url(request, shared),
            heading=_heading(shared),
            shared=shared,
            questions=_translated(questions, language),
            numbers=self._numbers(shared) if shared.asks_vote else {},
            counts=tally(shared.document.pictures, ballots, questions),
            total=len(ballots),
            comments=[
                (ballot.comment, _answers_text(shared, ballot))
                for ballot in ballots
                if ballot.comment
            ],
        )

    def votes(self, request: Request, form: Form) -> Response:
        """All votes as CSV."""
        del form
        shared = self._owned(request)
        text = votes_csv(shared.document, self._link_service.store().ballots(shared))
        return _attachment(text.encode(), "text/csv; charset=utf-8", "presence-votes.csv")

    def delete(self, request: Request, form: Form) -> Response:
        """Delete the comparison."""
        del form
        shared = self._owned(request)
        self._link_service.store().delete(shared.id, request.path_params["secret"])
        language = shared.document.language
        sentence = _(
            "The comparison is deleted, with its pictures, votes and comments. Its link leads "
            "nowhere now."
        )
        return _html(
            "message.html",
            language,
            root=self._link_service.root,
            heading=translate(language, _("Taken back")),
            sentence=translate(language, sentence),
            kept="",
        )

    def _numbers(self, shared: SharedComparison) -> dict[str, int]:
        """Numbers of the pictures of a blind vote by key: for comments, the same for everybody."""
        seed = keyed_hash(self._link_service.store().form_key(), "numbers", shared.id)
        order = shuffled(shared.document.pictures, seed)
        return {picture.key: number for number, picture in enumerate(order, start=1)}

    def _blind_page(
        self,
        request: Request,
        shared: SharedComparison,
        visitor: str,
        form: Form | None = None,
        problem: str = "",
    ) -> HTMLResponse:
        """The page of a blind vote; `form` and `problem` are those of a vote that was refused."""
        visitor = visitor or new_token()
        key = self._link_service.store().form_key()
        page = _html(
            "blind.html",
            **self._common(request, shared),
            **self._form(shared, visitor, form, problem),
            pictures=shuffled(
                shared.document.pictures, keyed_hash(key, "order", visitor, shared.id)
            ),
            numbers=self._numbers(shared),
            purpose=_purpose(shared.document.pictures, shared.document.language),
        )
        self._set_cookie(request, page, VISITOR, visitor, f"{self._link_service.root}/s/")
        return page

    def _labelled_page(
        self,
        request: Request,
        shared: SharedComparison,
        visitor: str,
        form: Form | None = None,
        problem: str = "",
        ballot: Ballot | None = None,
    ) -> HTMLResponse:
        """The page with labels; it asks for a choice, unless it was given or asked for blind."""
        pictures, language = shared.document.pictures, shared.document.language
        asks = ballot is None and not shared.asks_vote
        visitor = visitor or (new_token() if asks else "")
        votes: dict[str, Any] = {"counts": None, "total": 0, "mine": ""}
        if ballot is not None:
            ballots = self._link_service.store().ballots(shared)
            votes = {
                "counts": tally(pictures, ballots, questions_of(shared.asks_vote)),
                "total": len(ballots),
                "mine": _answers_text(shared, ballot),
            }
        looks = [picture.look for picture in pictures if picture.look]
        thanks = _("Thank you, your answer counts.") if "voted" in request.query_params else ""
        page = _html(
            "shared.html",
            **self._common(request, shared),
            **self._form(shared, visitor, form, problem),
            **votes,
            asks=asks,
            pictures=pictures,
            audience=_audience(pictures, language),
            peeked=shared.asks_vote and ballot is None,
            rows=table(shared.document),
            thanks=translate(language, thanks) if ballot is not None else "",
            settings=f"{self._link_service.root}/?"
            f"{urlencode([*(('look', look) for look in looks), ('sent', 1)])}",
        )
        if asks:
            self._set_cookie(request, page, VISITOR, visitor, f"{self._link_service.root}/s/")
        return page

    def _form(
        self, shared: SharedComparison, visitor: str, form: Form | None, problem: str
    ) -> dict[str, Any]:
        """Values of the form for a vote."""
        key, language = self._link_service.store().form_key(), shared.document.language
        return {
            "questions": _translated(questions_of(shared.asks_vote), language),
            "token": keyed_hash(key, "form", visitor, shared.id).hex(),
            "given": {name: (form or {}).get(name, "") for name in (*QUESTIONS, "comment")},
            "problem": translate_sentence(language, problem),
            "longest": LONGEST_COMMENT,
        }

    def _common(self, request: Request, shared: SharedComparison) -> dict[str, Any]:
        url, language = self._url(request, shared), shared.document.language
        looks = len(shared.document.pictures) - 1
        return {
            "language": language,
            "root": self._link_service.root,
            "base": self._base(shared),
            "url": url,
            "image": f"{url}/preview.jpg",
            "heading": _heading(shared),
            "description": translate(
                language,
                _("Which one is really them? A blind vote on portraits of one person.")
                if shared.asks_vote
                else _("One portrait in {count} versions, side by side: which would you choose?"),
                count=looks + 1,
            ),
            "shared": shared,
            "provenance": translate(language, PROVENANCE),
        }

    def _find(self, request: Request) -> SharedComparison:
        return self._link_service.store().find(request.path_params["id"])

    def _still_blind(self, request: Request, shared: SharedComparison) -> bool:
        # Saves reading the votes of comparisons without a vote.
        if not shared.asks_vote:
            return False
        ballot = self._link_service.store().ballot_of(shared, _visitor(request))
        return _is_blind(request, shared, ballot)

    def _owned(self, request: Request) -> SharedComparison:
        return self._link_service.store().owned(
            request.path_params["id"], request.path_params["secret"]
        )

    def _check_form(
        self, request: Request, shared: SharedComparison, visitor: str, form: Form
    ) -> None:
        token = keyed_hash(self._link_service.store().form_key(), "form", visitor, shared.id).hex()
        foreign = request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
        if not visitor or foreign or not equal(form.get("token", ""), token):
            raise InvalidForm

    def _base(self, shared: SharedComparison) -> str:
        return f"{self._link_service.root}/s/{shared.id}"

    def _url(self, request: Request, shared: SharedComparison) -> str:
        return self._link_service.address(f"/s/{shared.id}", request.url.scheme, request.headers)

    def _set_cookie(
        self, request: Request, response: Response, name: str, value: str, path: str
    ) -> None:
        public_url = self._link_service.address("", request.url.scheme, request.headers)
        response.set_cookie(
            name,
            value,
            max_age=COOKIE_SECONDS,
            path=path,
            secure=public_url.startswith("https:"),
            httponly=True,
            samesite="lax",
        )


def _endpoint(
    link_service: LinkService, handler: Handler
) -> Callable[[Request], Awaitable[Response]]:
    """Wrap a handler: parse the form, run it in a thread, turn errors into pages, add headers."""

    async def endpoint(request: Request) -> Response:
        form: dict[str, str] = {}
        try:
            if request.method == "POST":
                form = await _read_form(request)
            response = await run_in_threadpool(handler, request, form)
        except SharingError as error:
            response = await run_in_threadpool(_error_page, link_service, error, request, form)
        except Exception as error:
            # Only the type is logged, because the text could contain a path or a title.
            _log.error("a shared page failed: %s", type(error).__name__)
            failure = _InternalError()
            response = await run_in_threadpool(_error_page, link_service, failure, request, form)
        return _add_headers(response)

    return endpoint


class _InternalError(SharingError):
    """An unexpected exception in a handler."""

    status = 500

    def __init__(self) -> None:
        super().__init__(
            "failed", _("Something went wrong on our side. Nothing was changed; try again.")
        )


def _not_found(request: Request, form: Form) -> Response:
    del request, form
    raise NotFound


_HEADINGS = {
    404: _("Nothing here"),
    409: _("Already voted"),
    410: _("This comparison has expired"),
}


def _error_page(
    link_service: LinkService, error: SharingError, request: Request, form: Form
) -> Response:
    """The page of an error, in the language of the visitor's browser."""
    language = preferred(request.headers.get("accept-language", ""))
    page = _html(
        "message.html",
        language,
        root=link_service.root,
        heading=translate(language, _HEADINGS.get(error.status, _("That did not work"))),
        sentence=translate_sentence(language, error.sentence),
        kept=form.get("comment", "")[:20_000],
    )
    page.status_code = error.status
    if error.retry_after is not None:
        page.headers["Retry-After"] = str(error.retry_after)
    return page


def _add_headers(response: Response) -> Response:
    defaults = {
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
        "Cache-Control": "no-store",
    }
    for name, value in defaults.items():
        response.headers.setdefault(name, value)
    return response


async def _read_form(request: Request) -> dict[str, str]:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > LARGEST_FORM:
            raise TooLarge(
                "form-too-large",
                Message(
                    _(
                        "That is far more text than a comment holds ({most:,} characters). "
                        "Nothing was stored; go back and shorten it."
                    ),
                    most=LONGEST_COMMENT,
                ),
            )
    return dict(parse_qsl(data.decode("utf-8", "replace"), keep_blank_values=True))


def _html(template: str, language: str = "en", **values: Any) -> HTMLResponse:
    return HTMLResponse(render(template, language, **values))


def _attachment(data: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=kind, headers=headers)


def _visitor(request: Request) -> str:
    token = request.cookies.get(VISITOR, "")
    return token if is_token(token) else ""


def _has_seen_labels(request: Request) -> bool:
    # The cookie's path is the comparison's, so browsers do not send it to other comparisons.
    return request.cookies.get(SEEN) == "1"


def _is_blind(request: Request, shared: SharedComparison, ballot: Ballot | None) -> bool:
    """Whether this visitor is still asked for a blind vote, so that labels must stay hidden."""
    return shared.asks_vote and ballot is None and not _has_seen_labels(request)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _heading(shared: SharedComparison) -> str:
    if shared.title:
        return shared.title
    heading = (
        _("Which one is really them?") if shared.asks_vote else _("Which one would you choose?")
    )
    return translate(shared.document.language, heading)


def _purpose(pictures: tuple[PublishedPicture, ...], language: str) -> str:
    """Label of the context if all looks have the same, else ""."""
    contexts = translated(language).contexts
    ids = _common_ids(pictures, "context")
    return contexts[ids[0]].label if len(ids) == 1 and ids[0] in contexts else ""


def _audience(pictures: tuple[PublishedPicture, ...], language: str) -> str:
    """Who will see the portrait and what it is for, where that is the same for all looks."""
    presets = translated(language)
    regions = [presets.regions[id_] for id_ in _common_ids(pictures, "region")]
    contexts = [presets.contexts[id_] for id_ in _common_ids(pictures, "context")]
    parts = (
        (_("For: {names}."), [one.label for one in contexts]),
        (_("Will be seen by: {names}."), [one.audience.rstrip(".") for one in regions]),
    )
    return " ".join(
        translate(language, text, names=names[0]) for text, names in parts if len(names) == 1
    )


def _common_ids(pictures: tuple[PublishedPicture, ...], key: str) -> list[str]:
    """Ids of the regions or contexts of the looks that are still known, each once."""
    known = getattr(translated("en"), f"{key}s")
    looks = [parse_qs(picture.look).get(key, [""])[0] for picture in pictures if picture.look]
    return [id_ for id_ in dict.fromkeys(looks) if id_ in known]


def _translated(questions: Mapping[str, str], language: str) -> dict[str, str]:
    return {name: translate(language, words) for name, words in questions.items()}


def _answers_text(shared: SharedComparison, ballot: Ballot) -> str:
    names = {picture.key: picture.name for picture in shared.document.pictures}
    names[UNSURE] = translate(shared.document.language, _("can’t tell"))
    questions = questions_of(shared.asks_vote)
    if len(questions) == 1:
        return names[ballot.purpose]
    return ", ".join(
        f"{names[ballot.answer(name)]} ({words})"
        for name, words in _translated(questions, shared.document.language).items()
    )
