"""Whose account the embedded PostgreSQL runs as, and where that account can reach its files.

PostgreSQL refuses to run as root. When we are root, the server runs as a system account of its
own; when we are not, it runs as ourselves.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

_ACCOUNT = "cornerspot-db"
# For what the account must reach when root's clone lies where it cannot go, below /root say.
_REACHABLE = Path("/var/lib/cornerspot")


@cache
def service_account() -> tuple[int, int] | None:
    """The user and group that PostgreSQL runs as when we are root; None when we are not."""
    if os.geteuid() != 0:
        return None
    found = _account_called(_ACCOUNT)
    if found is None:
        command = ["useradd", "--system", "--home-dir", "/nonexistent", "--no-create-home", _ACCOUNT]
        subprocess.run(command, capture_output=True, check=False)  # Another process may be quicker.
        found = _account_called(_ACCOUNT) or pwd.getpwnam("nobody")
    return found.pw_uid, found.pw_gid


def prepare_home(data_dir: Path) -> Path:
    """The folder for the data exists, belongs to the server's account and is closed to others.

    A folder that the account cannot reach is not opened up for it: ``data_dir`` becomes a link
    to one that it can.
    """
    if not data_dir.exists():
        data_dir.unlink(missing_ok=True)  # A link whose target is gone.
        if _can_enter(data_dir.parent):
            data_dir.mkdir(mode=0o700)
        else:
            _REACHABLE.mkdir(mode=0o755, parents=True, exist_ok=True)
            data_dir.symlink_to(tempfile.mkdtemp(prefix="data-", dir=_REACHABLE))
    give_to_server(data_dir)
    return data_dir.resolve()


def give_to_server(path: Path) -> None:
    """The path belongs to the account that the server runs as."""
    account = service_account()
    if account is not None:
        os.chown(path, *account)


def programs_for_server(package: Path) -> Path:
    """The installed package of PostgreSQL, or a copy of it that the server's account can reach."""
    if _can_enter(package):
        return package
    program = (package / "pginstall" / "bin" / "postgres").stat()
    fingerprint = hashlib.sha256(f"{program.st_size} {program.st_mtime_ns}".encode()).hexdigest()[:12]
    copy = _REACHABLE / f"postgresql-{fingerprint}"
    if not copy.exists():
        _copy_whole(package, copy)
    return copy / package.name


def _copy_whole(package: Path, copy: Path) -> None:
    """The package and the libraries that its wheel keeps beside it lie in the folder ``copy``."""
    _REACHABLE.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="copying-", dir=_REACHABLE))
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, fresh / "files" / part.name, symlinks=True)
    try:
        (fresh / "files").rename(copy)
    except OSError:  # The server of another clone copied the same files meanwhile.
        if not copy.exists():
            raise
    shutil.rmtree(fresh)


def _account_called(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _can_enter(folder: Path) -> bool:
    account = service_account()
    if account is None:
        return True
    uid, gid = account
    command = ["/bin/sh", "-c", 'cd "$1" 2>/dev/null', "sh", str(folder)]
    return subprocess.run(command, user=uid, group=gid, extra_groups=[], cwd="/", check=False).returncode == 0
