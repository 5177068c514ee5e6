"""A study as one Parquet file: its figures as long rows, everything else as text in the file's metadata.

The rows (`table`, `replication`, `plan`, `name`, `value`) can be read by whatever reads Parquet. A digest over all of
it shows damage; nothing in the file is ever run.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from salessim.errors import ModelError, StudyError, explain
from salessim.measures import MEASURES
from salessim.model.files import dump, load
from salessim.model.market import Market
from salessim.model.plan import Plan
from salessim.study.store import results_hash
from salessim.study.study import Assumed, Study

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

__all__ = ["load_study", "save_study"]

_FORMAT = 1
_KEY, _DIGEST = b"salessim study", b"salessim digest"
_COLUMNS = ("table", "replication", "plan", "name", "value")
_FIGURES, _MONTHS, _EARNED = "measures", "months", "months, contribution"
_POINTS, _GAPS = "assumptions", "differences"


def save_study(study: Study, path: str | Path) -> Path:
    """Write a study to one Parquet file, at once or not at all, and return its path.

    Parameters
    ----------
    study : Study
    path : str or Path
        By convention it ends in ``.parquet``. A file that is there is replaced.

    Raises
    ------
    StudyError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from salessim.model.presets import preset
    >>> from salessim.study.comparison import compare
    >>> market, plan = preset("small")
    >>> plans = {"territory": plan, "product": plan.but(structure="product")}
    >>> study = compare(market, plans, months=3, replications=4, draws=0, audit=False)
    >>> path = study.save(Path(tempfile.mkdtemp()) / "study.parquet")
    >>> bool((Study.load(path).table == study.table).all())
    True
    """
    import pyarrow as pa
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    from salessim import __version__

    assumed = study.assumed
    facts = {
        "format": _FORMAT,
        "version": study.other_version.partition(",")[0] or __version__,
        "results_hash": results_hash() if not study.other_version else study.other_version,
        "market": dump(study.market),
        "plans": [[name, dump(plan)] for name, plan in study.plans.items()],
        "months": study.months,
        "seed": study.seed,
        "baseline": study.baseline,
        "measure_name": study.measure_name,
        "delta": study.delta,
        "audited": study.audited,
        "moved": study.moved,
        "processes": study.processes,
        "not_kept": study.not_kept,
        "replications": study.replications,
        "measures": [entry.name for entry in MEASURES],
        "assumptions": None if assumed is None else list(assumed.names),
        "draws": 0 if assumed is None else len(assumed.points),
    }
    blocks = _blocks(study)
    text = json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()
    rows = {column: np.concatenate([block[column] for block in blocks]) for column in _COLUMNS}
    table = pa.table(
        {
            "table": pa.array(rows["table"].tolist(), pa.string()).dictionary_encode(),
            "replication": pa.array(rows["replication"], pa.int32()),
            "plan": pa.array(rows["plan"].tolist(), pa.string()).dictionary_encode(),
            "name": pa.array(rows["name"].tolist(), pa.string()).dictionary_encode(),
            "value": pa.array(rows["value"], pa.float64()),
        }
    )
    table = table.replace_schema_metadata({_KEY: text, _DIGEST: _digest(text, rows["value"])})
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, beside, compression="zstd")
        os.replace(beside, path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise StudyError(
            explain(f"the study cannot be written ({error.strerror or error})", where=str(path),
                    remedy="Check the folder, its rights and the room on the disk")
        ) from None  # fmt: skip
    return path


def load_study(path: str | Path) -> Study:
    """Read a study that `save_study` wrote. Figures, market and plans are equal to what was saved, to the last bit.

    Where the rules or the measures have changed since, `Study.other_version` says so, and so do verdict and table.

    Raises
    ------
    StudyError
        If the file is not there, no study, damaged, or written by a newer version.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    path = Path(path)
    if not path.is_file():
        raise StudyError(explain("there is no such file", where=str(path), remedy="Check the path"))
    try:
        table = pq.read_table(path, memory_map=False, partitioning=None)
        kept = table.schema.metadata or {}
    except (pa.ArrowException, OSError, ValueError, UnicodeDecodeError) as error:
        raise _no_study(path, f"it cannot be read as Parquet: {str(error).splitlines()[0][:120]}") from None
    if _KEY not in kept:
        raise _no_study(path, "it was not written by Study.save")
    try:
        facts = json.loads(kept[_KEY])
        newer = int(facts["format"]) > _FORMAT
    except (ValueError, KeyError, TypeError):
        raise _damaged(path) from None
    if newer:
        raise StudyError(
            explain(
                "this study was written by a newer version of salessim", where=str(path), value=facts.get("version"),
                remedy="Update salessim, or ask for the study to be saved again with this one",
            )
        )  # fmt: skip
    try:
        if kept.get(_DIGEST) != _digest(kept[_KEY], table["value"].to_numpy()):
            raise _damaged(path)
        return _study(facts, table)
    except ModelError as error:
        raise StudyError(
            explain("market or plan of this study mean nothing to this version", where=str(path), remedy=str(error))
        ) from None
    except (pa.ArrowException, KeyError, IndexError, TypeError, ValueError):
        raise _damaged(path) from None


def _blocks(study: Study) -> list[dict[str, NDArray[Any]]]:
    n, names = study.replications, list(study.names)
    months = [str(m + 1) for m in range(study.monthly.shape[2])]
    blocks = [
        _block(_FIGURES, study.table, range(n), names, [entry.name for entry in MEASURES]),
        _block(_MONTHS, study.monthly, range(n), names, months),
        _block(_EARNED, study.earned, range(n), names, months),
    ]
    if study.assumed is not None:
        draws = range(len(study.assumed.points))
        blocks.append(_block(_POINTS, study.assumed.points[:, None, :], draws, [""], list(study.assumed.names)))
        blocks.append(_block(_GAPS, study.assumed.differences[:, :, None], draws, names, [study.measure_name]))
    return blocks


def _block(
    kind: str, values: NDArray[np.float64], first: range, second: list[str], third: list[str]
) -> dict[str, NDArray[Any]]:
    """Lay out an array of three dimensions as long rows."""
    n, k, m = len(first), len(second), len(third)
    return {
        "table": np.full(n * k * m, kind, dtype=object),
        "replication": np.repeat(np.arange(n), k * m),
        "plan": np.tile(np.repeat(np.array(second, dtype=object), m), n),
        "name": np.tile(np.array(third, dtype=object), n * k),
        "value": np.ascontiguousarray(values, dtype=np.float64).ravel(),
    }


def _study(facts: dict[str, Any], table: pa.Table) -> Study:
    kinds = np.array(table["table"].to_pylist(), dtype=object)
    values = table["value"].to_numpy()
    plans = {name: load(Plan, text) for name, text in facts["plans"]}
    n, draws = int(facts["replications"]), int(facts["draws"])

    def block(kind: str, *shape: int) -> NDArray[np.float64]:
        return np.array(values[kinds == kind]).reshape(shape)

    found = block(_FIGURES, n, len(plans), len(facts["measures"]))
    names = [entry.name for entry in MEASURES]
    figures = np.full((n, len(plans), len(names)), np.nan)  # a measure that came later is not known of this study
    for place, name in enumerate(facts["measures"]):
        if name in names:
            figures[:, :, names.index(name)] = found[:, :, place]
    assumed = None
    if facts["assumptions"] is not None:
        assumed = Assumed(
            tuple(facts["assumptions"]),
            block(_POINTS, draws, len(facts["assumptions"])),
            block(_GAPS, draws, len(plans)),
        )
    same = facts["results_hash"] == results_hash() and facts["measures"] == names
    return Study(
        market=load(Market, facts["market"]), plans=plans, months=int(facts["months"]), seed=int(facts["seed"]),
        baseline=int(facts["baseline"]), measure_name=str(facts["measure_name"]), delta=float(facts["delta"]),
        table=figures, monthly=block(_MONTHS, n, len(plans), -1),
        earned=block(_EARNED, n, len(plans), -1), assumed=assumed, audited=facts["audited"],
        moved={name: int(count) for name, count in facts["moved"].items()},
        processes={name: tuple(given) for name, given in facts["processes"].items()},
        not_kept=tuple(facts["not_kept"]),
        other_version="" if same else f"{facts['version']}, {facts['results_hash'].rpartition(', ')[2][:8]}",
    )  # fmt: skip


def _digest(text: bytes, values: NDArray[np.float64]) -> bytes:
    digest = hashlib.blake2b(text, digest_size=16)
    digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
    return digest.hexdigest().encode()


def _no_study(path: Path, why: str) -> StudyError:
    return StudyError(explain(f"this file is no study: {why}", where=str(path), remedy="Name a file of Study.save"))


def _damaged(path: Path) -> StudyError:
    return StudyError(
        explain("this study is damaged: it is not what was saved", where=str(path), remedy="Take another copy of it")
    )
