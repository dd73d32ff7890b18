"""Every environment variable that Presence reads, with its default and meaning.

``python -m pipelines settings`` prints them. They are read when they are needed, so a change counts
from the next start; an empty variable counts as not set.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "PRESENCE_"

Switch = Literal["0", "1"]
Digits = BeforeValidator(lambda value: value if not isinstance(value, str) else _digits(value))
WholeNumber = Annotated[int, Digits, Field(gt=0)]


class SettingsError(ValueError):
    """A variable cannot be understood; the text names it and says what it takes."""


class _Group(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore"
    )

    @classmethod
    def read(cls) -> Self:
        """These settings as the environment has them.

        Raises:
            SettingsError: A variable cannot be understood; passwords are not repeated.
        """
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(_sentence(cls, error)) from None


class ServerSettings(_Group):
    """How the page is served."""

    host: str | None = Field(
        default=None, description="the address to listen on; unset 127.0.0.1, on a Space 0.0.0.0"
    )
    port: str = Field(default="7860", description="the port")
    root_path: str = Field(
        default="", description="the path under which a reverse proxy shows the page"
    )
    auth: SecretStr | None = Field(
        default=None,
        description="name:password, or several with commas between: who may see the page",
    )
    log: Literal["info", "warning", "error"] = Field(
        default="warning", description="info logs every request to stderr, a JSON line each"
    )
    metrics: Switch = Field(default="0", description="1 serves /metrics for Prometheus")
    queue: Annotated[int, Digits] = Field(
        default=32, ge=1, le=1000, description="how many looks may wait"
    )
    forget_after: Annotated[int, Digits] = Field(
        default=300,
        ge=1,
        le=86_400,
        description="seconds after which what a closed page left is deleted",
    )
    mcp: Switch | None = Field(
        default=None,
        description="tools for MCP clients: 0 never, 1 insist, unset where mcp is installed",
    )

    proxies: Annotated[int, Digits] | None = Field(
        default=None,
        ge=1,
        le=9,
        description="how many proxies each request comes through; unset FORWARDED_ALLOW_IPS counts",
    )
    public_url: str = Field(
        default="", description="where visitors reach the page, such as https://example.org"
    )
    limits_url: str = Field(
        default="", description="where requests of each address are counted, such as redis://host"
    )

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or value != _origin_of(parts)):
            raise ValueError("not an origin")
        return value

    @field_validator("auth")
    @classmethod
    def _names_and_passwords(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not all(map(all, _pairs(value.get_secret_value()))):
            raise ValueError("not name:password")
        return value

    @property
    def log_level(self) -> int:
        """The least level that is logged; requests are logged at `logging.INFO`."""
        return logging.getLevelNamesMapping()[self.log.upper()]

    @property
    def accounts(self) -> list[tuple[str, str]] | None:
        """Names and passwords of those who may see the page; None for everybody.

        Links to published comparisons stay open to whoever has one.
        """
        return None if self.auth is None else _pairs(self.auth.get_secret_value())


class LinkSettings(_Group):
    """Where published comparisons are kept, and how much of them."""

    data: Path | None = Field(default=None, description="the folder of published comparisons")
    database_url: str | None = Field(default=None, description="SQLAlchemy address of the records")
    blob_url: str | None = Field(default=None, description="fsspec address of the pictures' folder")
    shared_mb: WholeNumber = Field(
        default=5_000, description="most megabytes of all comparisons together"
    )
    publish_per_hour: WholeNumber = Field(
        default=20, description="publications an address has in an hour"
    )
    votes_per_hour: WholeNumber = Field(default=120, description="votes an address has in an hour")

    @property
    def folder(self) -> Path:
        """Where all is kept that is not kept elsewhere (XDG Base Directory Specification)."""
        if self.data is not None:
            return self.data.expanduser().absolute()
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
        return Path(base) / "presence"


class ModelSettings(_Group):
    """Where weights are looked for."""

    models: Path | None = Field(
        default=None, description="a folder with models, <engine>/ or <owner>/<name>/ as on the hub"
    )


class WorkerSettings(_Group):
    """Where looks are rendered."""

    workers: str = Field(
        default="",
        description="where looks are rendered: ray or ray://host:port; empty in this process",
    )

    @field_validator("workers")
    @classmethod
    def _ray(cls, value: str) -> str:
        if value and value != "ray" and not value.startswith("ray://"):
            raise ValueError("not ray")
        return value


class SigningSettings(_Group):
    """What pictures are signed with (Content Credentials)."""

    c2pa_cert: Path | None = Field(default=None, description="certificate chain, PEM")
    c2pa_key: Path | None = Field(default=None, description="its private key, PEM")


GROUPS: tuple[type[_Group], ...] = (
    ServerSettings,
    LinkSettings,
    ModelSettings,
    WorkerSettings,
    SigningSettings,
)


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Name, value, default and meaning of every variable; secrets are masked.

    Raises:
        SettingsError: As `read`.
    """
    for group in GROUPS:
        values = group.read()
        for name, field in group.model_fields.items():
            value, default = getattr(values, name), field.default
            yield PREFIX + name.upper(), _text(value), _text(default), field.description or ""


def _origin_of(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}"


def _digits(text: str) -> str:
    """Refuse what Python takes for a number and people do not write, such as ``1_0`` or ``+5``."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError("not a whole number")
    return text


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = []
    for entry in text.split(","):
        name, _, password = entry.partition(":")
        pairs.append((name.strip(), password))
    return pairs


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _sentence(group: type[_Group], error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0])
    field, variable = group.model_fields[name], PREFIX + name.upper()
    if name == "auth":
        return f"{variable} is not name:password, or several with commas between."
    if name == "metrics":
        return f"{variable} is neither 0 nor 1."
    if name == "public_url":
        return f"{variable} is {first['input']!r}; it is like https://example.org, without a path."
    if name == "mcp":
        return f"{variable} is {first['input']!r}; it is 0 or 1."
    if name == "workers":
        return f"{variable} is {first['input']!r}; it is ray, or like ray://host:10001."
    if name == "log":
        return f"{variable} is none of info, warning, error."
    bounds = {type(one).__name__: one for one in field.metadata}
    if "Ge" in bounds and "Le" in bounds:
        return f"{variable} is no number from {bounds['Ge'].ge} to {bounds['Le'].le}."
    return f"{variable} is {first['input']!r}; it wants a whole number above 0."
