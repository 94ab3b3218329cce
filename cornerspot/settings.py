"""Configuration: read once from the environment, checked, frozen.

Every setting has one row in ``docs/guide/configuration.md``.
"""

from __future__ import annotations

import os
import re
import secrets as random_secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ENVIRONMENTS = ("development", "demo", "test", "production")

# With the token of a message, the part before the @ may have 64 characters (RFC 5321, 4.5.3.1.1).
_BOUNCE_ADDRESS = re.compile(r"[a-z0-9._-]{1,9}@[a-z0-9.-]+\.[a-z0-9-]+")
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
    smtp_timeout: float
    bounce_address: str
    log_level: str
    trusted_proxies: int
    stripe_key: str
    stripe_client_id: str
    stripe_plans_secret: str
    stripe_connect_secret: str
    stripe_base: str

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
    mail = _mail(read, mistakes)
    proxies = read.get("CORNERSPOT_TRUSTED_PROXIES", "0")
    if not proxies.isdigit():
        mistakes.append("CORNERSPOT_TRUSTED_PROXIES must be a whole number.")
    mistakes.extend(_stripe_mistakes(read, environment))
    if mistakes:
        raise SettingsError("The configuration has mistakes:\n- " + "\n- ".join(mistakes))
    return Settings(
        environment=environment,
        secret_key=secret_key or _kept_secret(data_dir),
        data_dir=data_dir,
        database_url=database_url,
        owner_database_url=owner_url,
        external_url=external_url,
        **mail,
        log_level=read.get("CORNERSPOT_LOG_LEVEL", "INFO"),
        trusted_proxies=int(proxies),
        stripe_key=read.get("STRIPE_SECRET_KEY", ""),
        stripe_client_id=read.get("STRIPE_CLIENT_ID", ""),
        stripe_plans_secret=read.get("STRIPE_PLANS_WEBHOOK_SECRET", ""),
        stripe_connect_secret=read.get("STRIPE_CONNECT_WEBHOOK_SECRET", ""),
        stripe_base=read.get("STRIPE_BASE", "").rstrip("/"),
    )


def _stripe_mistakes(read: Mapping[str, str], environment: str) -> list[str]:
    """What is wrong with the platform's own Stripe settings, all of which may be left out."""
    key, base = read.get("STRIPE_SECRET_KEY", ""), read.get("STRIPE_BASE", "")
    mistakes = []
    if key and not key.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
        mistakes.append("STRIPE_SECRET_KEY must be a secret key of Stripe (sk_… or rk_…).")
    if base and environment == "production":
        mistakes.append("STRIPE_BASE points at a stand-in for Stripe; leave it out in production.")
    if base and "_live_" in key:
        mistakes.append("STRIPE_BASE points at a stand-in for Stripe, which never runs beside a live key.")
    if environment == "production" and "_test_" in key:
        mistakes.append("STRIPE_SECRET_KEY is a test key; production needs a live one, or none.")
    return mistakes


def _mail(read: Mapping[str, str], mistakes: list[str]) -> dict[str, Any]:
    """The settings of mail; what is wrong with them is added to the mistakes."""
    smtp_url = read.get("SMTP_URL", "smtp://127.0.0.1:8025")
    if urlsplit(smtp_url).scheme not in ("smtp", "smtps", "smtp+starttls"):
        mistakes.append("SMTP_URL must start with smtp://, smtps:// or smtp+starttls://")
    smtp_timeout = read.get("CORNERSPOT_SMTP_TIMEOUT", "20")
    if not smtp_timeout.isdigit() or not 1 <= int(smtp_timeout) <= 300:
        mistakes.append("CORNERSPOT_SMTP_TIMEOUT must be a whole number of seconds from 1 to 300.")
    bounce_address = read.get("CORNERSPOT_BOUNCE_ADDRESS", "")
    if bounce_address and not _BOUNCE_ADDRESS.fullmatch(bounce_address):
        mistakes.append("CORNERSPOT_BOUNCE_ADDRESS must look like bounces@mail.example.com, up to 9 letters before @.")
    return {
        "smtp_url": smtp_url,
        "mail_from": read.get("CORNERSPOT_MAIL_FROM", "Cornerspot <no-reply@cornerspot.test>"),
        "smtp_timeout": float(smtp_timeout) if smtp_timeout.isdigit() else 0.0,
        "bounce_address": bounce_address,
    }


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
