"""Configuration: read once from the environment, checked, frozen.

Every setting has one row in ``docs/guide/configuration.md``.
"""

from __future__ import annotations

import os
import secrets as random_secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ENVIRONMENTS = ("development", "demo", "test", "production")


_in_use: dict[str, Settings] = {}


class SettingsError(Exception):
    """The environment cannot be used; the message lists every mistake."""


@dataclass(frozen=True)
class Settings:
    """Everything the environment decides. ``database_url`` None means the embedded server."""

    environment: str
    secret_key: str
    data_dir: Path
    database_url: str | None
    owner_database_url: str | None
    external_url: str
    smtp_url: str
    mail_from: str
    log_level: str
    trusted_proxies: int

    @property
    def is_production(self) -> bool:
        return self.environment == "production"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment; raises SettingsError that names each mistake at once."""
    read = os.environ if environ is None else environ
    mistakes: list[str] = []
    environment = read.get("CORNERSPOT_ENV", "development")
    if environment not in ENVIRONMENTS:
        mistakes.append(f"CORNERSPOT_ENV is {environment!r}; use one of {', '.join(ENVIRONMENTS)}.")
    data_dir = Path(read.get("CORNERSPOT_DATA_DIR", "var")).absolute()
    secret_key = read.get("CORNERSPOT_SECRET_KEY", "")
    if environment == "production" and len(secret_key) < 32:
        mistakes.append("CORNERSPOT_SECRET_KEY must have 32 characters or more in production.")
    database_url = read.get("DATABASE_URL") or None
    owner_url = read.get("OWNER_DATABASE_URL") or None
    if database_url and urlsplit(database_url).scheme not in ("postgresql", "postgres"):
        mistakes.append("DATABASE_URL must start with postgresql://")
    external_url = read.get("CORNERSPOT_URL", "http://localhost:8000").rstrip("/")
    if urlsplit(external_url).scheme not in ("http", "https"):
        mistakes.append("CORNERSPOT_URL must start with http:// or https://")
    smtp_url = read.get("SMTP_URL", "smtp://127.0.0.1:8025")
    if urlsplit(smtp_url).scheme not in ("smtp", "smtps", "smtp+starttls"):
        mistakes.append("SMTP_URL must start with smtp://, smtps:// or smtp+starttls://")
    proxies = read.get("CORNERSPOT_TRUSTED_PROXIES", "0")
    if not proxies.isdigit():
        mistakes.append("CORNERSPOT_TRUSTED_PROXIES must be a whole number.")
    if mistakes:
        raise SettingsError("The configuration has mistakes:\n- " + "\n- ".join(mistakes))
    return Settings(
        environment=environment,
        secret_key=secret_key or _kept_secret(data_dir),
        data_dir=data_dir,
        database_url=database_url,
        owner_database_url=owner_url,
        external_url=external_url,
        smtp_url=smtp_url,
        mail_from=read.get("CORNERSPOT_MAIL_FROM", "Cornerspot <no-reply@cornerspot.test>"),
        log_level=read.get("CORNERSPOT_LOG_LEVEL", "INFO"),
        trusted_proxies=int(proxies),
    )


def use_settings(settings: Settings) -> None:
    """Have ``current_settings`` answer with these; the app does this when it is made."""
    _in_use["settings"] = settings


def current_settings() -> Settings:
    """The settings of this process, for packages below the web; raises SettingsError before there are any."""
    if "settings" not in _in_use:
        raise SettingsError("Make the app first: its settings are the ones in use.")
    return _in_use["settings"]


def _kept_secret(data_dir: Path) -> str:
    """A random secret for this installation, kept in the data folder so that sessions last."""
    path = data_dir / "secret-key"
    if path.exists() and path.read_text().strip():
        return path.read_text().strip()
    data_dir.mkdir(parents=True, exist_ok=True)
    fresh = data_dir / f"secret-key.{os.getpid()}"
    fresh.touch(mode=0o600)
    fresh.write_text(random_secrets.token_urlsafe(48))
    with suppress(FileExistsError):
        os.link(fresh, path)  # Atomic: of two processes that start at once, one wins.
    fresh.unlink()
    return path.read_text().strip()
