"""Identifiers as CRMs write them, read as one: marks, long and short forms, owners as JSON, several in one cell."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pandas as pd

from salessim.crm.codes import relabel
from salessim.crm.profiles import Profile
from salessim.crm.report import ReportBuilder

__all__ = ["short_form", "tidy_identifiers"]

_PEOPLE = ("owner_id", "owner_name", "user_id", "user_name")
_SHORT, _LONG = 15, 18  # characters of the two forms of an identifier of Salesforce
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def tidy_identifiers(frames: Mapping[str, pd.DataFrame], profile: Profile, log: ReportBuilder) -> None:
    """Write the identifiers of all tables in one form.

    The CRM's mark is taken off (``zcrm_1`` is ``1``). Where both forms of Salesforce occur, the longer is cut to the
    shorter. An owner that stands as JSON is read as its identifier. Of several associated records in one cell, the
    first counts.
    """
    for table, frame in frames.items():
        for column in [str(name) for name in frame if name in _PEOPLE]:
            _read_json_people(frame, table, column, log)
        for column in [str(name) for name in frame if str(name).endswith("_id")]:
            if profile.id_prefix and frame[column].str.startswith(profile.id_prefix, na=False).any():
                frame[column] = frame[column].str.removeprefix(profile.id_prefix)
        if profile.name == "hubspot":
            _first_of_several(frame, table, log)
    if profile.name == "salesforce":
        _one_form(frames, log)


def _read_json_people(frame: pd.DataFrame, table: str, column: str, log: ReportBuilder) -> None:
    written = frame[column]
    odd = written[written.str.startswith(("{", "["), na=False)]
    names = {text: found for text in odd.unique() if (found := _person(str(text)))}
    if names:
        log.add("people_json", column=f"{table}.{column}", count=int(odd.isin(list(names)).sum()))
        frame[column] = relabel(written, names)


def _person(text: str) -> str:
    """Whom a cell of JSON names: the identifier, else e-mail or name; of a list, the first."""
    try:
        content = json.loads(text, parse_int=str, parse_float=str)
    except (json.JSONDecodeError, RecursionError):
        return ""
    if isinstance(content, list) and content:
        content = content[0]
    if isinstance(content, Mapping):
        content = next((content[key] for key in ("id", "email", "name") if content.get(key)), "")
    return content if isinstance(content, str) else ""


def _first_of_several(frame: pd.DataFrame, table: str, log: ReportBuilder) -> None:
    for column in ("account_id", "account_name"):
        if column not in frame:
            continue
        several = frame[column].str.contains(";", regex=False, na=False)
        if several.any():
            log.add("associated_several", column=f"{table}.{column}", count=int(several.sum()))
            frame[column] = frame[column].mask(several, frame[column].str.split(";").str[0].str.strip())


def _one_form(frames: Mapping[str, pd.DataFrame], log: ReportBuilder) -> None:
    columns = [(frame, name) for frame in frames.values() for name in frame if str(name).endswith("_id")]
    lengths = [frame[name].str.len() for frame, name in columns]
    if not all(any((one == length).any() for one in lengths) for length in (_SHORT, _LONG)):
        return
    cut = 0
    for (frame, name), length in zip(columns, lengths, strict=True):
        long = frame[name][length == _LONG]
        short = {text: form for text in long.unique() if (form := short_form(str(text))) != text}
        if short:
            cut += int(long.isin(list(short)).sum())
            frame[name] = relabel(frame[name], short)
    if cut:
        log.add("ids_short", count=cut)


def short_form(identifier: str) -> str:
    """The form of 15 characters of an identifier of Salesforce; one that is no such identifier stays as it is.

    The last three of the 18 characters say which of the others are capitals.

    Examples
    --------
    >>> short_form("0065g00000AbCdEAAV"), short_form("0065g00000AbCdEAAA")
    ('0065g00000AbCdE', '0065g00000AbCdEAAA')
    """
    if len(identifier) != _LONG or not identifier.isascii():
        return identifier
    head, check = identifier[:_SHORT], identifier[_SHORT:]
    blocks = (head[at : at + 5] for at in range(0, _SHORT, 5))
    right = "".join(_CHECK[sum(char.isupper() << place for place, char in enumerate(block))] for block in blocks)
    return head if check == right else identifier
