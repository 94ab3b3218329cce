"""How the parts are put together: settings, database, tenancy, identity, gate, pages."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import text
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from cornerspot import models, reactions, schedule  # noqa: F401 - tables, listeners and tasks must be registered
from cornerspot.blueprints.support import (
    assets,
    edge,
    errors,
    filters,
    gate,
    identity,
    inline,
    limits,
    navigation,
    own_hosts,
    security,
)
from cornerspot.blueprints.support.converters import PublicIdConverter
from cornerspot.blueprints.webhooks import intake
from cornerspot.db import db
from cornerspot.db.embedded import ensure_running
from cornerspot.logs import configure_logs
from cornerspot.settings import Settings, load_settings, use_settings
from cornerspot.tenancy import http

BLUEPRINTS = (
    "auth",
    "home",
    "crm",
    "catalog",
    "billing",
    "conversion",
    "members",
    "paying",
    "portal",
    "plans",
    "reports",
    "settings",
    "webhooks",
    "operators",
    "health",
)
MEGABYTE = 1024 * 1024
HOUR = 3600
DATABASE = "cornerspot"


class UnsafeDatabaseRole(RuntimeError):
    """The database role could bypass row-level security."""


def create_app(settings: Settings | None = None) -> Flask:
    """The whole application, ready to serve; raises when the database role could cross teams."""
    settings = settings or load_settings()
    use_settings(settings)
    configure_logs(settings)
    app = edge.CornerspotFlask(__name__)
    app.url_map.converters["id"] = PublicIdConverter
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=database_url(settings),
        MAX_CONTENT_LENGTH=21 * MEGABYTE,
        MAX_FORM_MEMORY_SIZE=4 * MEGABYTE,
        MAX_FORM_PARTS=20_000,
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.external_url.startswith("https://"),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # Pages whose address holds a token send no referrer, and have forms.
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    reactions.load()
    db.init_app(app)
    with app.app_context():
        require_safe_role()
    CSRFProtect(app)
    for part in (identity, edge, own_hosts, gate, errors, security, limits, assets, filters, navigation, inline):
        part.install(app)
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(f"cornerspot.blueprints.{name}").blueprint)
    gate.require_all_gated(app)
    intake.install(app)
    http.install(app, external_url=settings.external_url)
    serve_static(app, settings)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def serve_static(app: Flask, settings: Settings) -> None:
    """Serve ``/static/`` before everything else: compressed where a copy lies beside the file.

    Vendor names carry a hash and are kept for ever; ours carry one in ``?v=``, and
    modules that import each other by plain name are asked for again within the hour.
    """
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=app.static_folder,
        prefix="/static/",
        autorefresh=settings.environment == "development",
        max_age=0 if settings.environment == "development" else HOUR,
        immutable_file_test=r"/vendor/.+\.[0-9a-f]{10}\.[a-z0-9]+$",
        add_headers_function=security.add_static_headers,
    )


def database_url(settings: Settings, *, owner: bool = False) -> str:
    """Where the database is, for the app's role or the owner's; starts the embedded server if none is named."""
    given = settings.owner_database_url if owner else settings.database_url
    if settings.database_url is None:
        server = ensure_running(settings.data_dir / "postgres")
        given = server.url("cornerspot_owner" if owner else "cornerspot_app", DATABASE)
    if given is None:
        raise RuntimeError("Set OWNER_DATABASE_URL to the role that owns the tables, to run migrations.")
    scheme, _, rest = given.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgresql", "postgres") else given


def require_safe_role() -> None:
    """Pass when the app's role can bypass nothing; raises UnsafeDatabaseRole."""
    with db.engine.connect() as connection:
        unsafe = connection.execute(
            text(
                "SELECT rolsuper OR rolbypassrls OR EXISTS (SELECT FROM pg_class c"
                " JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'"
                " WHERE c.relkind IN ('r', 'p') AND pg_has_role(current_user, c.relowner, 'MEMBER'))"
                " FROM pg_roles WHERE rolname = current_user"
            )
        ).scalar_one()
    if unsafe:
        db.engine.dispose()  # Nothing may go on using such a connection.
        raise UnsafeDatabaseRole(
            "The database role of the app is a superuser, bypasses row-level security or owns tables."
            " Use a plain role in DATABASE_URL, and the owner only in OWNER_DATABASE_URL."
        )
