"""Alembic environment; `sharing.database` passes it the connection to migrate."""

from __future__ import annotations

from alembic import context

from sharing.records import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
