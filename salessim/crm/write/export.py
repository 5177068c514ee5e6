"""Write canonical tables as the export of a CRM."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from salessim.crm.profiles import Profile, profile_of
from salessim.crm.tables import canonical_frame
from salessim.crm.write.answers import answer, descriptions
from salessim.crm.write.cells import Notation
from salessim.crm.write.containers import csv_bytes, json_bytes, workbook_bytes
from salessim.crm.write.conventions import as_kept_by, history_rows, open_stages
from salessim.crm.write.layouts import Layout, layout_of
from salessim.crm.write.notation import refuse_zone
from salessim.errors import CrmError, explain

__all__ = ["write_export"]

_SEPARATORS = (",", ";", "\t")


def write_export(
    tables: Mapping[str, pd.DataFrame],
    crm: str,
    folder: str | Path,
    *,
    form: str | None = None,
    format: str | None = None,
    encoding: str | None = None,
    language: str | None = None,
    dates: str | None = None,
    money: str | None = None,
    separator: str = ",",
    newline: str = "\n",
    time_zone: str = "",
    standard_stages: bool = False,
    stages: Sequence[str] = (),
) -> Path:
    r"""Write tables as a CRM would export them.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Canonical tables, as the attributes of `CrmData`; ``deals`` is needed.
    crm : {"zoho", "fxiaoke", "salesforce", "hubspot", "pipedrive"}
    folder : str or Path
        Made if it does not exist; files of the same names are replaced.
    form : str, optional
        Kind of export; see `forms_of`. Without it, and for each option below, the usual one.
    format : {"csv", "xlsx", "json", "zip"}, optional
    encoding : {"utf-8", "utf-8-sig", "gb18030", "utf-16", "cp1252"}, optional
        Of text files.
    language : {"en", "zh", "api"}, optional
        Of the headers.
    dates, money : str, optional
        Notation, a key of `DATES` and of `MONEY`.
    separator : {",", ";", "\t"}
    newline : {"\n", "\r\n"}
    time_zone : str
        Zone in which the dates are meant. Where it is given, times of day are written in UTC, under headers that say
        so: ``Created Time (UTC)``.
    standard_stages : bool
        Name the stages as the CRM's own funnel does.
    stages : sequence of str
        The open stages in the order of the funnel; without it, in the order in which deals enter them.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CrmError
        If the CRM has no such export, or a text cannot be written in the encoding.
    """
    layout, profile = layout_of(crm, form), profile_of(crm)
    chosen = {
        "format": layout.choose("formats", format),
        "encoding": layout.choose("encodings", encoding),
        "language": layout.choose("languages", language),
        "dates": layout.choose("dates", dates),
        "money": layout.choose("money", money),
    }
    if separator not in _SEPARATORS:
        raise CrmError(explain("no CSV is separated by it", where="separator", value=separator, allowed=", ; or a tab"))
    if time_zone:
        refuse_zone(time_zone, chosen["dates"])
    if "deals" not in tables:
        raise CrmError(explain("there are no deals to write", where="tables", value=", ".join(tables)))
    order = list(stages) or open_stages(
        {name: canonical_frame(tables.get(name), name) for name in ("deals", "stage_events")}
    )
    kept = as_kept_by(tables, crm, stages=order, standard_stages=standard_stages)
    if standard_stages:
        order = open_stages({"deals": kept["deals"], "stage_events": kept["stage_events"]})
    codes = _stage_codes(layout, profile, kept, order), _by_label(profile, "status"), _by_label(profile, "lead_status")
    notation = Notation(layout, profile, chosen, *codes, time_zone)
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in _files(notation, kept, separator, newline).items():
            _put(folder, name, chosen["format"], content)
        if chosen["format"] == "json":
            for name, said in descriptions(notation, kept, order).items():
                (folder / f"{name}.json").write_bytes(json_bytes(said))
    except OSError as trouble:
        raise CrmError(explain(f"the export cannot be written ({trouble.strerror})", where=str(folder))) from None
    return folder


def _put(folder: Path, name: str, format: str, content: bytes) -> None:
    if format == "zip":
        with zipfile.ZipFile(folder / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{name}.csv", content)
    else:
        (folder / f"{name}.{format}").write_bytes(content)


def _files(notation: Notation, kept: Mapping[str, pd.DataFrame], separator: str, newline: str) -> dict[str, bytes]:
    """File name without ending -> content; tables without rows have no file."""
    layout, files = notation.layout, {}
    for file, (table, columns) in layout.tables.items():
        frame = history_rows(kept) if table == "stage_events" else kept[table]
        if not len(frame):
            continue
        cells = notation.cells(table, frame, columns, kept)
        if notation.chosen["format"] == "json":
            files[file] = json_bytes(answer(notation, table, cells, kept))
        elif notation.chosen["format"] == "xlsx":
            files[file] = workbook_bytes(cells)
        else:
            footer = ["", "", f'"{file}"', '"Copyright (c) 2000-2026 salesforce.com, inc."', ""]
            try:
                files[file] = csv_bytes(
                    cells,
                    notation.chosen["encoding"],
                    separator=separator,
                    newline=newline,
                    quote_all=layout.habits.get("quoted") == "all",
                    footer=newline.join(footer) if layout.habits.get("footer") == "report" else "",
                )
            except UnicodeEncodeError as trouble:
                raise CrmError(_not_in_encoding(notation, file, trouble)) from None
    return files


def _not_in_encoding(notation: Notation, file: str, trouble: UnicodeEncodeError) -> str:
    return explain(
        f"this text cannot be written in {notation.chosen['encoding']}",
        where=file,
        value=trouble.object[trouble.start : trouble.start + 20],
        allowed=", ".join(notation.layout.encodings),
        remedy="Take another encoding",
    )


def _stage_codes(
    layout: Layout, profile: Profile, kept: Mapping[str, pd.DataFrame], order: list[str]
) -> dict[str, str]:
    """Stage -> the code the interface of the CRM writes for it."""
    if "stage" not in layout.habits.get("codes", ()):
        return {}
    default = {label: code for code, label in profile.codes.get("stage", {}).items()}
    closing = [ending["stage"] for ending in profile.content["endings"].values() if "stage" in ending]
    others = kept["deals"]["stage"].dropna().unique()
    stages = list(dict.fromkeys([*order, *closing, *others]))
    if set(order) | set(others) <= set(default):
        return {stage: default[stage] for stage in stages if stage in default}
    return {stage: str(100 + at) for at, stage in enumerate(stages)}


def _by_label(profile: Profile, column: str) -> dict[str, str]:
    """Label -> the first code of the CRM for it."""
    return {label: code for code, label in reversed(list(profile.codes.get(column, {}).items()))}
