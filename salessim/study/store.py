"""Finished replications kept on disk, so that no run is ever made twice: content-addressed, safe against a kill.

A row is filed under the hash of everything its result depends on (market, plan, months, seed, rules, measures, and
processes of a user's own), so it can never be stale: change anything and the key is another. The file is an SQLite
database: a row is there whole or not at all, whenever the process is killed, and several processes may use it at once.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from salessim import ledger, measures
from salessim.errors import StudyError, explain
from salessim.model.fingerprint import fingerprint
from salessim.study import replay
from salessim.study.own_process import Process, code_hash
from salessim.study.replay import Outcome
from salessim.world.compiled import source_hash

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["OutcomeStore", "default_store_path", "outcome_key", "results_hash"]

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS replications (key TEXT, replication INTEGER, measures BLOB, monthly BLOB, "
    "earned BLOB, "
    "PRIMARY KEY (key, replication)) WITHOUT ROWID"
)
_PATIENCE = 30.0


_REDUCED = "".join(Path(str(module.__file__)).read_text(encoding="utf-8") for module in (ledger, measures, replay))
"""What turns a run into an outcome, as text. Read at import, as the code is: an edit meanwhile does not show here."""


def results_hash() -> str:
    """Return the hash of what makes results of a market and a plan: the source of the rules and of the measures.

    The same on every machine. Results made under another hash may differ.
    """
    return fingerprint(source_hash(), _REDUCED)


def outcome_key(
    market: Market, plan: Plan, months: int, seed: int, processes: Sequence[Process] = ()
) -> str | None:
    """Return the key under which the replications of a plan on a market are filed.

    It covers the source of the rules and of the measures (and the measures as they are in memory), everything of market
    and plan but their own names, which decide nothing, and the processes of a user's own with all they depend on.

    Returns
    -------
    str or None
        None where a process depends on something that has no hash: its results must not be filed.
    """
    code = code_hash(measures.MEASURES, tuple(processes))
    if code is None:
        return None
    return fingerprint(results_hash(), code, market.but(name=""), plan.but(name=""), months, seed)


def default_store_path() -> Path:
    """Return where results are kept: ``SALESSIM_CACHE`` if set, else the user's cache folder."""
    given = os.environ.get("SALESSIM_CACHE")
    if given:
        return Path(given) / "outcomes.sqlite"
    base = os.environ.get("XDG_CACHE_HOME") or (
        os.environ.get("LOCALAPPDATA") if os.name == "nt" else str(Path.home() / ".cache")
    )
    return Path(base or ".") / "salessim" / "outcomes.sqlite"


class OutcomeStore:
    """A store of finished replications.

    Parameters
    ----------
    path : Path, optional
        The file; made, with its folder, if it is not there. By default `default_store_path`.

    Raises
    ------
    StudyError
        If the file cannot be made, is no store of ours, or the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with OutcomeStore(Path(tempfile.mkdtemp()) / "store.sqlite") as store:
    ...     store.put("key", 0, Outcome(np.array([1.0, 2.0]), np.array([3.0]), np.array([0.5])))
    ...     found = store.get("key")
    >>> found[0].measures.tolist()
    [1.0, 2.0]
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = Path(path) if path is not None else default_store_path()
        self._lock = threading.Lock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self.path, timeout=_PATIENCE, check_same_thread=False)
            with suppress(sqlite3.OperationalError):  # a file system without shared memory keeps the plain journal
                self._connection.execute("PRAGMA journal_mode=WAL").close()
            with self._connection:
                self._connection.execute(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise self._in_words(error) from None

    def get(self, key: str) -> dict[int, Outcome]:
        """Return all finished replications filed under a key, by replication."""
        try:
            with self._lock, closing(self._connection.cursor()) as cursor:
                rows = cursor.execute(
                    "SELECT replication, measures, monthly, earned FROM replications WHERE key = ?", (key,)
                ).fetchall()
        except sqlite3.Error as error:
            raise self._in_words(error) from None
        return {
            int(n): Outcome(np.frombuffer(measures), np.frombuffer(monthly), np.frombuffer(earned))
            for n, measures, monthly, earned in rows
        }

    def put(self, key: str, replication: int, outcome: Outcome) -> None:
        """File one finished replication. Filing it again changes nothing."""
        row = (key, replication, *(array.astype("<f8").tobytes() for array in outcome))
        try:
            with self._lock, self._connection:
                self._connection.execute("INSERT OR IGNORE INTO replications VALUES (?, ?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            raise self._in_words(error) from None

    def clear(self) -> None:
        """Forget everything."""
        try:
            with self._lock, self._connection:
                self._connection.execute("DELETE FROM replications")
        except sqlite3.Error as error:
            raise self._in_words(error) from None

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _in_words(self, error: Exception) -> StudyError:
        said = str(error)
        if "full" in said or "No space" in said:
            what, remedy = (
                "the disk is full",
                "Make room, or point SALESSIM_CACHE to another disk; finished runs are kept",
            )
        elif "not a database" in said or "no such column" in said or "has 4 columns" in said:
            what, remedy = "this file is no store of results", "Delete or rename it, or name another file"
        elif "locked" in said:
            what, remedy = "another process holds the store", "Wait for it to end, or name another file"
        else:
            what, remedy = f"the store of results cannot be used ({said})", "Check the folder and its rights"
        return StudyError(explain(what, where=str(self.path), remedy=remedy))
