"""Statements compiled once and sent past SQLAlchemy: for the few that hundreds of requests a second send.

SQLAlchemy hashes each statement, makes a context and a result for it: of a short statement
that is more than half of what it costs. Such a statement is still built of tables and columns
and raises SQLAlchemy's errors; what it takes and gives are psycopg's values, so it is for
identifiers, words, bytes and moments.

``first_row`` runs in the session's transaction. ``lone_row`` is a transaction by itself, and
all of it one round trip: to begin, to say for which team, to ask and to commit would be four.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection

from cornerspot.db import db, session
from cornerspot.db.transaction import tried_again

_DIALECT = PGDialect_psycopg()
_NAMED = re.compile(r"%(?:%|\((\w+)\)s)")
_TELL = "SELECT set_config(%(name)s, %(value)s, true)"
_PREPARED = "straight statements"  # what a connection of the pool has prepared, by text and types
_numbers = count()  # A name is never used again: a connection may have forgotten some of its statements only.

Setting = tuple[str, str]
_Step = tuple[str, Mapping[str, Any]]


def as_text(statement: Executable) -> str:
    """The statement as psycopg takes it, its values by name."""
    return str(statement.compile(dialect=_DIALECT))  # type: ignore[attr-defined]


def first_row(statement: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What the statement gives first, None if nothing; in the session's transaction, raises DBAPIError."""
    plain: Any = session.connection().connection.driver_connection
    with _sqlalchemys_errors(statement):
        row: tuple[Any, ...] | None = plain.execute(statement, values).fetchone()
    return row


def lone_row(statement: str, values: Mapping[str, Any], *, settings: Iterable[Setting] = ()) -> tuple[Any, ...] | None:
    """What the statement gives first, None if nothing; committed when this returns, raises DBAPIError.

    It sees nothing that the session has not committed. ``settings`` are told to the transaction
    first. A deadlock is tried again.
    """
    steps = [*((_TELL, {"name": name, "value": value}) for name, value in settings), (statement, values)]

    def run() -> tuple[Any, ...] | None:
        with _sqlalchemys_errors(statement):
            return _on_a_connection(steps)

    return tried_again(run)


@contextmanager
def _sqlalchemys_errors(statement: str) -> Iterator[None]:
    """Callers meet the errors of every other statement."""
    try:
        yield
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error, dialect=_DIALECT) from error


def _on_a_connection(steps: Sequence[_Step]) -> tuple[Any, ...] | None:
    """The first row of the last step, on a connection of the pool that is fit for its next user afterwards."""
    pooled = db.engine.raw_connection()
    try:
        return _alone(pooled, steps)
    except psycopg.Error as error:
        plain: Any = pooled.driver_connection
        if error.sqlstate is None or plain.pgconn.status != ConnStatus.OK or plain.pgconn.pipeline_status:
            pooled.invalidate(error)  # Not, or not only, PostgreSQL's word: something on the way to it.
        raise
    except BaseException as error:
        pooled.invalidate(error)  # In the middle of something: its next user would get our answer.
        raise
    finally:
        pooled.close()


def _alone(pooled: PoolProxiedConnection, steps: Sequence[_Step]) -> tuple[Any, ...] | None:
    try:
        return _in_one_trip(pooled, steps)
    except (InvalidSqlStatementName, FeatureNotSupported):
        # psycopg drops all that is prepared now and then, and a migration may change what a
        # statement gives. Nothing was done yet; it is prepared anew, once.
        pooled.info.pop(_PREPARED, None)
        return _in_one_trip(pooled, steps)


def _in_one_trip(pooled: PoolProxiedConnection, steps: Sequence[_Step]) -> tuple[Any, ...] | None:
    """The first row of the last step. Up to the one sync, PostgreSQL takes them as one transaction."""
    plain: Any = pooled.driver_connection
    pgconn: PGconn = plain.pgconn
    transformer: Any = Transformer(plain)
    messages = [_message(pooled, transformer, *step) for step in steps]
    pgconn.enter_pipeline_mode()
    for message in messages:
        pgconn.send_query_prepared(*message)
    pgconn.pipeline_sync()
    answers: list[PGresult] = plain.wait(_answers(pgconn))
    pgconn.exit_pipeline_mode()
    for answer in answers:
        if answer.status == ExecStatus.FATAL_ERROR:
            raise _error_of(answer)
    transformer.set_pgresult(answers[-1])
    rows = transformer.load_rows(0, min(answers[-1].ntuples, 1), tuple)
    return rows[0] if rows else None


def _message(
    pooled: PoolProxiedConnection, transformer: Any, statement: str, values: Mapping[str, Any]
) -> tuple[bytes, Sequence[Any], Sequence[int]]:
    """Name, values and their formats, of a statement that the connection has prepared."""
    text, names = numbered(statement)
    dumped = transformer.dump_sequence([values[name] for name in names], [PyFormat.AUTO] * len(names))
    prepared: dict[Any, bytes] = pooled.info.setdefault(_PREPARED, {})
    key = statement, transformer.types
    if key not in prepared:
        plain: Any = pooled.driver_connection
        name = b"straight_%d" % next(_numbers)
        done = plain.pgconn.prepare(name, text, transformer.types)
        if done.status != ExecStatus.COMMAND_OK:
            raise _error_of(done)
        prepared[key] = name
    return prepared[key], dumped, transformer.formats or ()


@cache
def numbered(statement: str) -> tuple[bytes, tuple[str, ...]]:
    """The statement as PostgreSQL takes it, and the names of its values in their order."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        name = found.group(1)
        if name is None:
            return "%"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _NAMED.sub(number, statement).encode(), tuple(names)


def _answers(pgconn: PGconn) -> PQGen[list[PGresult]]:
    """All that PostgreSQL says up to the sync, as psycopg waits for it."""
    while pgconn.flush():
        if (yield Wait.RW) & Ready.R:
            pgconn.consume_input()
    answers: list[PGresult] = []
    while True:
        while pgconn.is_busy():
            yield Wait.R
            pgconn.consume_input()
        answer = pgconn.get_result()
        if answer is None:
            continue  # The end of one step.
        if answer.status == ExecStatus.PIPELINE_SYNC:
            return answers
        if answer.status in (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH):
            raise psycopg.NotSupportedError("COPY does not go this way.")
        answers.append(answer)


def _error_of(answer: PGresult) -> psycopg.Error:
    """What PostgreSQL refused; without a code of its own it is the connection that is lost."""
    error = error_from_result(answer)
    return error if error.sqlstate else psycopg.OperationalError(str(error))
