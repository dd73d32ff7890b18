"""Database tables: comparisons, votes, uses (for hourly quotas), and secrets of all replicas."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

LIVE, EXPIRED, DELETED, GONE = "live", "expired", "deleted", "gone"


class Base(DeclarativeBase):
    """Base class of all tables."""


class ComparisonRow(Base):
    """A published comparison. Times are seconds since 1970, UTC.

    `state` goes live -> expired -> gone, or live -> deleted -> (no row). In the states expired and
    deleted the pictures are being removed; if that is interrupted, the next sweep continues it.
    """

    __tablename__ = "comparisons"
    __table_args__ = (Index("comparisons_by_expiry", "state", "expires_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    folder: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    asks_vote: Mapped[bool]
    bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)


class VoteRow(Base):
    """A visitor's vote; the answers are keys of pictures."""

    __tablename__ = "votes"
    __table_args__ = (UniqueConstraint("comparison_id", "visitor", name="one_vote_a_visitor"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    comparison_id: Mapped[str] = mapped_column(
        String(32), ForeignKey("comparisons.id", ondelete="CASCADE")
    )
    visitor: Mapped[str] = mapped_column(String(64))
    likeness: Mapped[str] = mapped_column(String(16))
    trust: Mapped[str] = mapped_column(String(16))
    purpose: Mapped[str] = mapped_column(String(16))
    comment: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger)


class UseRow(Base):
    """A use that counts towards an hourly quota; the IP address is stored as a salted hash."""

    __tablename__ = "uses"
    __table_args__ = (Index("uses_by_address", "kind", "address", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[int] = mapped_column(BigInteger)


class SecretRow(Base):
    """Random bytes shared by all replicas: the key for forms, and a salt for each day."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[int] = mapped_column(BigInteger)
