"""Store published comparisons: publish, find, vote, delete, expire.

Pictures are written before the database record, so a process killed at any point leaves either the
whole comparison or a folder without a record. The sweep removes such folders once they are older
than the longest time that publishing may take, so it does not interfere with other replicas.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pipelines.runtime.messages import Message
from sharing.blobs import Blobs, creation_time, new_folder
from sharing.database import Database
from sharing.errors import (
    AlreadyVoted,
    Full,
    Gone,
    NotFound,
    Refused,
    SharingError,
    TooMany,
    Unavailable,
    WrongSecret,
)
from sharing.publication import ComparisonDocument, Publication, clean, pack
from sharing.records import DELETED, EXPIRED, GONE, LIVE, ComparisonRow, SecretRow, UseRow, VoteRow
from sharing.settings import Settings
from sharing.translations import _, translate
from sharing.visitors import address_hash, digest, equal, is_token, new_token
from sharing.votes import LONGEST_COMMENT, UNSURE, Ballot, questions_of

DAY, HOUR = 86_400, 3_600
LONGEST_PUBLISHING = 600
"""Seconds after which publishing is aborted before the record is written."""
LEFTOVER_AGE = 3_600
"""Seconds after which a folder without a record is a leftover; much longer than
`LONGEST_PUBLISHING`."""
TOMBSTONES_KEPT = 90 * DAY
"""Seconds for which an expired id raises `Gone`, not `NotFound`."""

_FORM_KEY = "forms"
_log = logging.getLogger("presence.sharing")


@dataclass(frozen=True)
class Published:
    """The links of a new comparison, returned to the publisher.

    Attributes:
        id: Id in the link of the comparison.
        secret: Secret in the link of the private page, where it can be deleted. Only its hash is
            stored.
        expires_at: Seconds since 1970.
    """

    id: str
    secret: str
    expires_at: int


@dataclass(frozen=True)
class SharedComparison:
    """A published comparison as found in the store.

    Attributes:
        id: Id in its link.
        title: Free text.
        document: Pictures and report.
        asks_vote: Whether visitors are asked for a blind vote.
        created_at: Seconds since 1970.
        expires_at: Seconds since 1970.
        folder: Folder of its files in the blob storage.
    """

    id: str
    title: str
    document: ComparisonDocument
    asks_vote: bool
    created_at: int
    expires_at: int
    folder: str


class Store:
    """The published comparisons of a deployment; several replicas can share a store."""

    def __init__(self, settings: Settings, clock: Callable[[], float] | None = None) -> None:
        """Open the database and the blob storage.

        Args:
            settings: Where they are.
            clock: Seconds since 1970; None for the database's, which all replicas share.

        Raises:
            Unavailable: One of them cannot be opened.
        """
        self.settings = settings
        self._clock = clock
        self._database = Database(settings.database_url, settings.patience)
        self._blobs = Blobs(settings.blob_url)
        self._form_key: bytes | None = None

    def works(self) -> bool:
        """Whether the database can be read."""
        try:
            with self._database.reading() as session:
                session.execute(select(1))
        except Unavailable:
            return False
        return True

    # -- publishing --

    def publish(self, publication: Publication, address: str = "") -> Published:
        """Store a comparison; if this fails, nothing of it can be found.

        Args:
            publication: The comparison.
            address: IP address of the publisher, for the quota.

        Raises:
            Refused: The title is too long, or something is missing.
            TooLarge: The comparison exceeds the quota of one comparison.
            TooMany: The address exceeded its quota per hour.
            Full: The quota of all comparisons, or the disk, is full.
            Unavailable: The database or the pictures cannot be written.
        """
        with self._database.writing() as session:
            started = self._now(session)
            self._check_quota(session, "publish", address)
        packed = pack(publication, self.settings.most_bytes)
        self._make_room(packed.bytes)
        published = Published(new_token(), new_token(), started + publication.days * DAY)
        folder = new_folder(started)
        row = ComparisonRow(
            id=published.id,
            secret_hash=digest(published.secret),
            folder=folder,
            state=LIVE,
            title=packed.title,
            document=packed.document.text(),
            asks_vote=publication.asks_vote,
            bytes=packed.bytes,
            created_at=started,
            expires_at=published.expires_at,
        )
        try:
            self._blobs.put(folder, packed.files)
        except SharingError:
            self._try_to_remove(folder)
            raise
        # If the connection breaks during the commit, the record may exist despite the error, so
        # the folder is not removed then; the sweep removes it if there is no record.
        try:
            with self._database.writing() as session:
                if self._now(session) - started > LONGEST_PUBLISHING:
                    raise Unavailable
                if self._used_bytes(session) + packed.bytes > self.settings.total_bytes:
                    raise Full
                # Others may have published from there meanwhile.
                self._check_quota(session, "publish", address)
                self._record_use(session, "publish", address)
                session.add(row)
        except (Full, TooMany):
            self._try_to_remove(folder)
            raise
        _log.info("published one comparison, %d bytes", packed.bytes)
        return published

    # -- finding --

    def find(self, id_: str) -> SharedComparison:
        """Find the comparison of a link.

        Raises:
            NotFound: There is no such comparison, or it was deleted.
            Gone: It has expired.
            Unavailable: The database cannot be reached.
        """
        return _shared_comparison(self._live_row(id_))

    def owned(self, id_: str, secret: str) -> SharedComparison:
        """Find the comparison of a private link.

        Raises:
            WrongSecret: The secret is not that of this comparison.
            SharingError: As `find`.
        """
        row = self._live_row(id_)
        if not is_token(secret) or not equal(digest(secret), row.secret_hash):
            raise WrongSecret
        return _shared_comparison(row)

    def file(self, shared: SharedComparison, name: str) -> bytes:
        """Read one file of a comparison.

        Raises:
            NotFound: There is no such file.
            Unavailable: The pictures cannot be reached.
        """
        names = {name for one in shared.document.pictures for name in one.files.values()}
        if name not in {*names, "preview.jpg"}:
            raise NotFound
        return self._blobs.get(shared.folder, name)

    # -- deleting --

    def delete(self, id_: str, secret: str) -> None:
        """Delete a comparison: first its title, document and votes, then its files.

        Raises:
            WrongSecret: The secret is not that of this comparison.
            SharingError: As `find`.
        """
        self.owned(id_, secret)
        self._erase(id_, DELETED)
        _log.info("took one comparison back")

    # -- votes --

    def vote(
        self, shared: SharedComparison, visitor: str, ballot: Ballot, address: str = ""
    ) -> None:
        """Store a visitor's vote.

        Args:
            shared: The comparison.
            visitor: The token in the visitor's cookie.
            ballot: The answers.
            address: IP address of the visitor, for the quota.

        Raises:
            Refused: The comparison asks for no vote, an answer is missing, or the comment is too
                long.
            AlreadyVoted: This visitor has voted.
            TooMany: The address exceeded its quota per hour.
            NotFound: The comparison was deleted meanwhile.
            Gone: The comparison expired meanwhile.
            Unavailable: The database cannot be written.
        """
        ballot = _checked(ballot, shared)
        try:
            with self._database.writing() as session:
                self._require_live(session, shared.id)
                if self._ballot(session, shared.id, visitor) is not None:
                    raise AlreadyVoted
                self._check_quota(session, "vote", address)
                self._record_use(session, "vote", address)
                session.add(
                    VoteRow(
                        comparison_id=shared.id,
                        visitor=_visitor_hash(visitor, shared.id),
                        likeness=ballot.likeness,
                        trust=ballot.trust,
                        purpose=ballot.purpose,
                        comment=ballot.comment,
                        created_at=self._now(session),
                    )
                )
                session.flush()
        except Unavailable as error:
            if isinstance(error.__cause__, IntegrityError):
                raise AlreadyVoted from error
            raise

    def ballot_of(self, shared: SharedComparison, visitor: str) -> Ballot | None:
        """The visitor's vote, or None."""
        if not is_token(visitor):
            return None
        with self._database.reading() as session:
            return self._ballot(session, shared.id, visitor)

    def ballots(self, shared: SharedComparison) -> list[Ballot]:
        """All votes, oldest first."""
        with self._database.reading() as session:
            rows = session.scalars(
                select(VoteRow).where(VoteRow.comparison_id == shared.id).order_by(VoteRow.id)
            )
            return [_ballot(row) for row in rows]

    def form_key(self) -> bytes:
        """The key for the tokens in forms; all replicas use the same."""
        if self._form_key is None:
            with self._database.writing() as session:
                self._form_key = self._secret(session, _FORM_KEY)
        return self._form_key

    # -- sweeping --

    def sweep(self) -> None:
        """Remove expired comparisons, leftover folders, old hashes of addresses and old salts.

        Raises:
            Unavailable: The database or the pictures cannot be reached; the sweep is incomplete.
        """
        self._database.keep_room()
        with self._database.reading() as session:
            now = self._now(session)
            expired = self._expired(session, now)
            unfinished = session.execute(
                select(ComparisonRow.id, ComparisonRow.state).where(
                    ComparisonRow.state.in_((EXPIRED, DELETED))
                )
            ).all()
        for id_ in expired:
            self._erase(id_, EXPIRED)
        for id_, state in unfinished:
            self._erase(id_, state)
        self._sweep_folders(now)
        with self._database.writing() as session:
            session.execute(delete(UseRow).where(UseRow.at < now - HOUR))
            session.execute(
                delete(SecretRow).where(
                    SecretRow.name != _FORM_KEY, SecretRow.created_at < now - 2 * DAY
                )
            )
            session.execute(
                delete(ComparisonRow).where(
                    ComparisonRow.state == GONE, ComparisonRow.expires_at < now - TOMBSTONES_KEPT
                )
            )

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def _sweep_folders(self, now: int) -> None:
        old = []
        for folder in self._blobs.folders():
            created_at = creation_time(folder)
            if created_at is not None and now - created_at > LEFTOVER_AGE:
                old.append(folder)
        with self._database.reading() as session:
            known = set(session.scalars(select(ComparisonRow.folder)))
        for folder in old:
            if folder not in known:
                self._blobs.remove(folder)

    def _erase(self, id_: str, state: str) -> None:
        """Erase a comparison: first the contents of its record, then its files, then the record.

        It can be called again if it was interrupted.

        Args:
            id_: The comparison.
            state: `EXPIRED` or `DELETED`.
        """
        with self._database.writing() as session:
            row = session.get(ComparisonRow, id_)
            if row is None or row.state == GONE:
                return
            if row.state == LIVE:
                row.state = state
            row.title, row.document = "", "{}"
            session.execute(delete(VoteRow).where(VoteRow.comparison_id == id_))
            folder = row.folder
        self._blobs.remove(folder)
        with self._database.writing() as session:
            row = session.get(ComparisonRow, id_)
            if row is not None and row.state == DELETED:
                session.delete(row)
            elif row is not None:
                row.state, row.bytes = GONE, 0

    def _try_to_remove(self, folder: str) -> None:
        try:
            self._blobs.remove(folder)
        except SharingError:
            _log.warning("a folder without a record is left to the sweep")

    # -- rows --

    def _live_row(self, id_: str) -> ComparisonRow:
        if not is_token(id_):
            raise NotFound
        with self._database.reading() as session:
            row, now = session.get(ComparisonRow, id_), self._now(session)
        if row is None or row.state == DELETED:
            raise NotFound
        if row.state == LIVE and row.expires_at <= now:
            self._try_to_erase_expired(id_)
            raise Gone
        if row.state != LIVE:
            raise Gone
        return row

    def _try_to_erase_expired(self, id_: str) -> None:
        try:
            self._erase(id_, EXPIRED)
        except SharingError:
            _log.warning("an expired comparison is left to the sweep")

    def _require_live(self, session: Session, id_: str) -> None:
        row = session.get(ComparisonRow, id_)
        if row is None or row.state == DELETED:
            raise NotFound
        if row.state != LIVE or row.expires_at <= self._now(session):
            raise Gone

    def _ballot(self, session: Session, id_: str, visitor: str) -> Ballot | None:
        row = session.scalar(
            select(VoteRow).where(
                VoteRow.comparison_id == id_, VoteRow.visitor == _visitor_hash(visitor, id_)
            )
        )
        return None if row is None else _ballot(row)

    def _expired(self, session: Session, now: int) -> Sequence[str]:
        return session.scalars(
            select(ComparisonRow.id)
            .where(ComparisonRow.state == LIVE, ComparisonRow.expires_at <= now)
            .order_by(ComparisonRow.expires_at)
        ).all()

    # -- quotas --

    def _make_room(self, wanted: int) -> None:
        """Erase expired comparisons, oldest first, until `wanted` bytes fit; else raise `Full`."""
        with self._database.reading() as session:
            used, expired = self._used_bytes(session), self._expired(session, self._now(session))
        for id_ in expired:
            if used + wanted <= self.settings.total_bytes:
                return
            self._erase(id_, EXPIRED)
            with self._database.reading() as session:
                used = self._used_bytes(session)
        if used + wanted > self.settings.total_bytes:
            raise Full

    def _used_bytes(self, session: Session) -> int:
        return int(session.scalar(select(func.coalesce(func.sum(ComparisonRow.bytes), 0))) or 0)

    def _check_quota(self, session: Session, kind: str, address: str) -> None:
        most = {
            "publish": self.settings.publications_an_hour,
            "vote": self.settings.votes_an_hour,
        }[kind]
        uses = session.scalar(
            select(func.count())
            .select_from(UseRow)
            .where(
                UseRow.kind == kind,
                UseRow.address == self._hash_address(session, address),
                UseRow.at > self._now(session) - HOUR,
            )
        )
        if (uses or 0) >= most:
            sentence = {
                "publish": _(
                    "{most} comparisons were published from your address within an hour, which is "
                    "as many as we take. Nothing was lost; try again later."
                ),
                "vote": _(
                    "{most} votes were given from your address within an hour, which is as many "
                    "as we take. Nothing was lost; try again later."
                ),
            }[kind]
            raise TooMany("too-many", Message(sentence, most=most))

    def _record_use(self, session: Session, kind: str, address: str) -> None:
        hashed = self._hash_address(session, address)
        session.add(UseRow(kind=kind, address=hashed, at=self._now(session)))

    def _hash_address(self, session: Session, address: str) -> str:
        # The salt changes every day and is deleted later, so that old hashes can neither be linked
        # nor reversed by trying all addresses.
        return address_hash(self._secret(session, f"salt-{self._now(session) // DAY}"), address)

    def _secret(self, session: Session, name: str) -> bytes:
        """A shared secret by name; created on first use."""
        row = session.get(SecretRow, name)
        if row is None:
            row = SecretRow(name=name, value=secrets.token_bytes(32), created_at=self._now(session))
            session.add(row)
            session.flush()
        return row.value

    def _now(self, session: Session) -> int:
        return int(self._database.now(session) if self._clock is None else self._clock())


def _shared_comparison(row: ComparisonRow) -> SharedComparison:
    return SharedComparison(
        id=row.id,
        title=row.title,
        document=ComparisonDocument.parse(row.document),
        asks_vote=row.asks_vote,
        created_at=row.created_at,
        expires_at=row.expires_at,
        folder=row.folder,
    )


def _visitor_hash(token: str, id_: str) -> str:
    # Includes the id, so that a visitor's votes on different comparisons cannot be linked.
    return digest(f"{token}:{id_}")


def _ballot(row: VoteRow) -> Ballot:
    return Ballot(row.likeness, row.trust, row.purpose, row.comment, row.created_at)


def _checked(ballot: Ballot, shared: SharedComparison) -> Ballot:
    questions = questions_of(shared.asks_vote)
    keys = {picture.key for picture in shared.document.pictures}
    if shared.asks_vote:
        keys.add(UNSURE)
    missing = [words for name, words in questions.items() if ballot.answer(name) not in keys]
    if missing:
        raise Refused(
            "missing-answer",
            Message(
                _("Choose a picture for each question; still open: {missing}."),
                missing=", ".join(translate(shared.document.language, one) for one in missing),
            ),
        )
    comment = clean(ballot.comment, lines=True)
    if len(comment) > LONGEST_COMMENT:
        raise Refused(
            "comment-too-long",
            Message(
                _(
                    "The comment has {length:,} characters; there is room for {most:,}. "
                    "Shorten it and vote again; your answers are kept below."
                ),
                length=len(comment),
                most=LONGEST_COMMENT,
            ),
        )
    if not shared.asks_vote:
        ballot = Ballot("", "", ballot.purpose, at=ballot.at)
    return replace(ballot, comment=comment)
