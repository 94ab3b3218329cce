"""The embedded server starts, is shared, survives crashes and works in any folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from cornerspot.db.embedded import APP_ROLE, OWNER_ROLE, Server, ensure_running, stop

ROOT = Path(__file__).parents[2]
START_ELSEWHERE = (
    "import sys; from pathlib import Path; from cornerspot.db.embedded import ensure_running;"
    "print(ensure_running(Path(sys.argv[1])).url())"
)


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "postgres"
    yield folder
    stop(folder)
    shutil.rmtree(folder.resolve(), ignore_errors=True)  # Run as root, it may lie outside tmp_path.


def server_pid(data_dir: Path) -> int:
    return int((data_dir / "cluster" / "postmaster.pid").read_text().split("\n")[0])


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()
    return row[0] if row else None


def keep_a_row(server: Server) -> None:
    with psycopg.connect(server.url(OWNER_ROLE)) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('still here')")


def test_both_roles_can_sign_in_and_neither_can_bypass_security(data_dir: Path) -> None:
    server = ensure_running(data_dir)
    harmless = "SELECT NOT (rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname = current_user"
    assert [ask(server.url(role), harmless) for role in (APP_ROLE, OWNER_ROLE)] == [True, True]


def test_what_was_committed_is_written_to_the_disk(data_dir: Path) -> None:
    assert ask(ensure_running(data_dir).url(), "SHOW fsync") == "on"


def test_a_second_start_attaches_to_the_running_server(data_dir: Path) -> None:
    first = ensure_running(data_dir)
    pid = server_pid(data_dir)
    assert ensure_running(data_dir) == first
    assert server_pid(data_dir) == pid


def test_a_server_that_was_stopped_starts_again_with_its_data(data_dir: Path) -> None:
    server = ensure_running(data_dir)
    keep_a_row(server)
    server.stop()
    with pytest.raises(psycopg.OperationalError):
        ask(server.url(), "SELECT 1")
    assert ask(ensure_running(data_dir).url(OWNER_ROLE), "SELECT word FROM kept") == "still here"


def test_a_killed_server_recovers_what_was_committed(data_dir: Path) -> None:
    server = ensure_running(data_dir)
    keep_a_row(server)
    with psycopg.connect(server.url(OWNER_ROLE)) as busy:
        busy.execute("INSERT INTO kept VALUES ('never committed')")
        os.kill(server_pid(data_dir), signal.SIGKILL)
        again = ensure_running(data_dir)
        assert ask(again.url(OWNER_ROLE), "SELECT string_agg(word, ', ') FROM kept") == "still here"
        busy.close()


def test_a_pid_file_that_names_another_process_is_stale(data_dir: Path) -> None:
    server = ensure_running(data_dir)
    pid_file = data_dir / "cluster" / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    server.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    assert ask(ensure_running(data_dir).url(), "SELECT 1") == 1


def test_processes_that_start_it_at_once_share_one_server(data_dir: Path) -> None:
    def start(_: int) -> str:
        command = [sys.executable, "-c", START_ELSEWHERE, str(data_dir)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    with ThreadPoolExecutor(4) as pool:
        urls = set(pool.map(start, range(4)))
    assert urls == {f"{ensure_running(data_dir).url()}\n"}


def test_it_starts_in_a_folder_with_spaces_that_is_too_long_for_a_socket(tmp_path: Path) -> None:
    folder = tmp_path / "Kunden & Söhne 50% 'off'" / ("long " * 40) / "postgres"
    try:
        assert ask(ensure_running(folder).url(), "SELECT 1") == 1
    finally:
        stop(folder)
        shutil.rmtree(folder.resolve())


def test_an_initialization_that_was_cut_off_is_done_anew(data_dir: Path) -> None:
    ensure_running(data_dir).stop()
    shutil.rmtree(data_dir / "cluster")
    half_made = data_dir / "fresh-1"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    assert ask(ensure_running(data_dir).url(), "SELECT 1") == 1
    assert not half_made.exists()


def test_a_database_is_copied_from_a_template_and_dropped_under_its_users(data_dir: Path) -> None:
    server = ensure_running(data_dir)
    keep_a_row(server)
    server.create_database("copy", template="cornerspot")
    with psycopg.connect(server.url(OWNER_ROLE, "copy")) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("still here",)
        server.drop_database("copy")
        server.drop_database("copy")
        connection.close()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        ask(server.url(OWNER_ROLE, "copy"), "SELECT 1")
