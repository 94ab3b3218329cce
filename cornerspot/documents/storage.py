"""Where the bytes of files lie: a folder by default, found by team and hash."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

from cornerspot.settings import current_settings

_SHA256 = re.compile(r"[0-9a-f]{64}")


class DamagedFile(RuntimeError):
    """A stored file is missing, or its bytes are not those that were stored."""


class Storage(Protocol):
    """Bytes by team and hash. What was put is never changed."""

    def put(self, team_id: UUID, content: bytes) -> str:
        """The bytes are safe on disk; returns their SHA-256 in hex."""
        ...

    def get(self, team_id: UUID, sha256: str) -> bytes:
        """The bytes; raises DamagedFile unless they are the ones that were put."""
        ...

    def open(self, team_id: UUID, sha256: str) -> BinaryIO:
        """The bytes as a stream, unverified; raises DamagedFile when there are none."""
        ...

    def exists(self, team_id: UUID, sha256: str) -> bool:
        """Whether the bytes are here."""
        ...

    def remove(self, team_id: UUID, sha256: str) -> None:
        """The bytes are no longer here."""
        ...


class LocalStorage:
    """A folder of this machine: ``<team>/<first two hex digits>/<hash>``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, team_id: UUID, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(team_id, sha256)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_atomically(path, content)
        return sha256

    def get(self, team_id: UUID, sha256: str) -> bytes:
        with self.open(team_id, sha256) as stream:
            content = stream.read()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DamagedFile(f"The stored file {sha256} has changed on disk.")
        return content

    def open(self, team_id: UUID, sha256: str) -> BinaryIO:
        try:
            return self._path(team_id, sha256).open("rb")
        except FileNotFoundError:
            raise DamagedFile(f"The stored file {sha256} is missing.") from None

    def exists(self, team_id: UUID, sha256: str) -> bool:
        return self._path(team_id, sha256).is_file()

    def remove(self, team_id: UUID, sha256: str) -> None:
        self._path(team_id, sha256).unlink(missing_ok=True)

    def _path(self, team_id: UUID, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ValueError("a file is named by its SHA-256 in hex")
        return self._folder / str(team_id) / sha256[:2] / sha256


def current_storage() -> Storage:
    """The storage of this installation."""
    return LocalStorage(current_settings().data_dir / "files")


def _write_atomically(path: Path, content: bytes) -> None:
    """After a crash at any moment there is the whole file or none."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".incoming-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # Makes the new name as durable as the bytes.
    finally:
        os.close(folder)
