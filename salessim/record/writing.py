"""A run written as the export of a CRM."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salessim.crm.write import layout_of, write_export
from salessim.record.book import record
from salessim.record.habits import RecordingHabits

if TYPE_CHECKING:
    from salessim.clocks.run import Run

__all__ = ["write_crm"]


def write_crm(
    run: Run,
    crm: str,
    folder: str | Path,
    *,
    habits: RecordingHabits | dict[str, float] | None = None,
    seed: int = 0,
    snapshots: Iterable[dt.date | str] = (),
    **options: Any,
) -> Path:
    """Write a run as people recorded it, in the format of a CRM.

    Parameters
    ----------
    run : Run
    crm : {"zoho", "fxiaoke", "salesforce", "hubspot", "pipedrive"}
    folder : str or Path
    habits : RecordingHabits or dict, optional
        How people keep the CRM; without them exactly what happened.
    seed : int
        Luck of the recording.
    snapshots : iterable of dates, optional
        Export the deals on each of these days too, the day in the file name: for a CRM that keeps no history.
    **options
        Of `salessim.crm.write.write_export`: form, format, encoding, language, dates, money, separator, newline,
        time_zone, standard_stages, stages (those of the run).

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CrmError
        If the CRM has no such export.
    ModelError
        If a habit is unknown or out of range.

    Examples
    --------
    >>> import tempfile
    >>> from salessim.clocks.simulate import simulate
    >>> from salessim.crm import read_crm
    >>> from salessim.model.presets import preset
    >>> run = simulate(*preset("small"), months=2)
    >>> folder = write_crm(run, "zoho", tempfile.mkdtemp(), habits={"delay": 2}, encoding="gb18030", language="zh")
    >>> read_crm(folder).report.profile
    'zoho'
    """
    book = record(run, habits, seed=seed)
    options.setdefault("stages", run.world.names.stages)
    days = sorted(dt.date.fromisoformat(str(day)) for day in snapshots)
    folder = Path(folder)
    for day in (day for day in days if day < book.as_of):
        then = book.at(day)
        part = folder / f"export {day.isoformat()}"
        write_export({**then.tables(), "activities": then.activities.iloc[:0]}, crm, part, **options)
        _date_lists(part, folder, day, crm, options.get("form"))
        for file in part.iterdir():
            file.unlink()
        part.rmdir()
    write_export(book.tables(), crm, folder, **options)
    if days:
        _date_lists(folder, folder, book.as_of, crm, options.get("form"))
    return folder


def _date_lists(source: Path, target: Path, day: dt.date, crm: str, form: str | None) -> None:
    """Put the day into the names of the lists of deals, and move them to `target`."""
    lists = [name for name, (table, _) in layout_of(crm, form).tables.items() if table == "deals"]
    for file in sorted(source.iterdir()):
        if file.stem in lists:
            file.rename(target / f"{file.stem}_{day.isoformat()}{file.suffix}")
