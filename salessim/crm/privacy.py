"""Pseudonyms in place of the names of people and customers.

A pseudonym is a keyed hash of the name without case, blanks and punctuation, so that two spellings of one name get the
same one. Identifiers that are no names stay: they join tables, and mean nothing outside the CRM.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from salessim.crm.clean import name_key
from salessim.crm.codes import relabel

__all__ = ["hide_names", "names_of", "pseudonym"]

_PEOPLE = (
    ("users", "name"), ("users", "email"), ("users", "manager"), ("contacts", "name"), ("contacts", "email"),
    ("contacts", "phone"), ("leads", "name"), *((table, "owner_name") for table in (
        "deals", "stage_events", "accounts", "activities", "leads", "contacts")), ("quotas", "user_name"),
)  # fmt: skip
_CUSTOMERS = (
    ("accounts", "name"), ("deals", "account_name"), ("activities", "account_name"), ("leads", "account_name"),
    ("contacts", "account_name"),
)  # fmt: skip
_KEYS = ("account_id", "owner_id", "user_id", "old", "new")


def pseudonym(name: str, kind: str, key: str) -> str:
    """Pseudonym of a name.

    Examples
    --------
    >>> pseudonym("Jane Doe", "Person", "k") == pseudonym("jane  doe", "Person", "k")
    True
    >>> len(pseudonym("Jane Doe", "Person", "k"))
    17
    """
    digest = hashlib.blake2b((name_key(name) or name).encode("utf-8", "surrogatepass"), digest_size=5)
    keyed = hashlib.blake2b(
        digest.digest(), key=hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest(), digest_size=5
    )
    return f"{kind} {keyed.hexdigest()}"


def names_of(frames: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Every name of a person or customer in some tables -> "Person" or "Customer"."""
    names: dict[str, str] = {}
    for kind, places in (("Person", _PEOPLE), ("Customer", _CUSTOMERS)):
        for table, column in places:
            if table in frames and column in frames[table]:
                names |= dict.fromkeys(map(str, frames[table][column].dropna().unique()), kind)
    return names


def hide_names(frames: Mapping[str, pd.DataFrame], names: Mapping[str, str], key: bool | str) -> None:
    """Replace names wherever they stand: in their own columns, and where they serve as identifiers."""
    secret = key if isinstance(key, str) else "salessim"
    known = {name: pseudonym(name, kind, secret) for name, kind in names.items()}
    deals = frames["deals"]
    if len(deals):
        written = deals["name"] if "name" in deals else pd.Series(deals["deal_id"], dtype="str")
        made = np.array(
            [
                isinstance(name, str) and bool(name) and identifier.startswith(name)
                for identifier, name in zip(deals["deal_id"], written, strict=True)
            ],
            dtype=bool,
        )
        ids = _hashed(deals.loc[made, "deal_id"].unique(), "Deal", secret)
        for table in ("deals", "stage_events", "changes", "activities", "leads"):
            if table in frames and "deal_id" in frames[table] and ids:
                frames[table]["deal_id"] = relabel(frames[table]["deal_id"], ids)
        if "name" in deals:
            deals["name"] = relabel(deals["name"], _hashed(deals["name"].dropna().unique(), "Deal", secret))
    for table, column in (*_PEOPLE, *_CUSTOMERS):
        if table in frames and column in frames[table]:
            frames[table][column] = relabel(frames[table][column], known)
    for frame in frames.values():
        for column in _KEYS:
            if column in frame and str(frame[column].dtype).startswith("str"):
                frame[column] = relabel(frame[column], known)


def _hashed(values: Iterable[str], kind: str, key: str) -> dict[str, str]:
    return {value: pseudonym(value, kind, key) for value in map(str, values)}
