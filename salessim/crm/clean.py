"""Joins between tables whose names are not spelled alike, and labels that are.

A name is looked up exactly, then without case, blanks, punctuation, accents and full-width forms, then one slip of
the keyboard away, and that only where a single candidate is safe. Identifiers are only looked up exactly. What matches
nothing stays as it is; every repair is told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from salessim.crm.profiles import load_data
from salessim.errors import CrmError, explain, nearest

__all__ = ["Lookup", "Matches", "Repair", "is_one_slip", "known_spelling", "label_key", "name_key", "same_labels"]

SAFE_LENGTH = 8  # letters and digits a name must have before a slip in it is repaired
LONGEST_NAME = 200  # letters beyond which slips are not looked for
SAFE_WORD = 4  # length of the word in which the slip may be: "Plan A" and "Plan B" are two plans


def name_key(name: str) -> str:
    """Name without case, blanks, punctuation, accents and full-width forms; marks that tell names apart stay.

    Examples
    --------
    >>> name_key("GTX Pro") == name_key("ＧＴＸＰｒｏ")
    True
    >>> name_key("Pump 1-5") == name_key("Pump 15"), name_key("A+") == name_key("A")
    (False, False)
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    plain = re.sub(r"(?<=\d)[\W_]+(?=\d)", "·", plain)
    return re.sub(r"[^\w+#·]+|_+", "", plain)


def label_key(label: str) -> str:
    """Label without case and full-width forms; hyphens and underscores are blanks.

    Examples
    --------
    >>> label_key("Mid-Market") == label_key("mid market"), label_key("1-5") == label_key("15")
    (True, False)
    """
    return re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFKC", label).casefold()).strip()


def is_one_slip(first: str, second: str) -> bool:
    """Whether one letter inserted, left out or replaced, or two neighbours swapped, turns one text into the other.

    Examples
    --------
    >>> is_one_slip("technolgy", "technology"), is_one_slip("ab", "ba"), is_one_slip("abc", "axy")
    (True, True, False)
    """
    if first == second or abs(len(first) - len(second)) > 1:
        return False
    start = 0
    while start < min(len(first), len(second)) and first[start] == second[start]:
        start += 1
    rest, other = first[start:], second[start:]
    if len(rest) == len(other):
        return rest[1:] == other[1:] or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    return rest[1:] == other if len(rest) > len(other) else rest == other[1:]


def _slips(text: str) -> Iterable[str]:
    yield text
    if len(text) > LONGEST_NAME:  # as many variants as letters
        return
    for at in range(len(text)):
        yield text[:at] + text[at + 1 :]


def _safe_slip(name: str, candidate: str) -> bool:
    """Whether `name` can only be a slip for `candidate`, not another name."""
    first, second = name_key(name), name_key(candidate)
    if min(len(first), len(second)) < SAFE_LENGTH or not (first + second).isascii() or not is_one_slip(first, second):
        return False
    if re.sub(r"[^\d+#]", "", first) != re.sub(r"[^\d+#]", "", second):  # model numbers and grades tell things apart
        return False
    words, others = re.findall(r"\w+", name.casefold()), re.findall(r"\w+", candidate.casefold())
    if len(words) != len(others):
        return True
    changed = [one + two for one, two in zip(words, others, strict=True) if one != two]
    return all(len(both) >= 2 * SAFE_WORD - 1 and not re.search(r"\d", both) for both in changed)


@dataclass(frozen=True)
class Repair:
    """A name that was read as another one; `how` is "spelling", "slip" or "wish"."""

    found: str
    read_as: str
    how: str
    rows: int


@dataclass(frozen=True)
class Matches:
    """Outcome of looking up a column.

    Attributes
    ----------
    keys : pandas.Series
        Key in the master table; where nothing matched, the value itself.
    matched : numpy.ndarray of bool
    repairs : tuple of Repair
    unmatched : pandas.Series of int
        Rows by value that matched nothing, most frequent first.
    ambiguous : tuple of str
        Names that several entries of the master table bear.
    """

    keys: pd.Series
    matched: np.ndarray
    repairs: tuple[Repair, ...]
    unmatched: pd.Series
    ambiguous: tuple[str, ...]


class Lookup:
    """Finds entries of a master table by identifier or name.

    Parameters
    ----------
    keys : pandas.Series
        Identifier of each entry.
    names : pandas.Series
        Name of each entry, missing where it has none; may be the identifiers themselves.
    aliases : pandas.Series or None
        A second unique name, such as an e-mail address.
    people : bool
        Names of people: a slip is only repaired towards somebody whose own name does not occur in the column, since
        Jansen and Janssen may both work there.
    """

    def __init__(
        self, keys: pd.Series, names: pd.Series, aliases: pd.Series | None = None, *, people: bool = False
    ) -> None:
        self._people = people
        self._keys = set(keys.dropna())
        self._name_of = {key: name for name, key in zip(names, keys, strict=True) if isinstance(name, str)}
        pairs = list(zip(names, keys, strict=True))
        if aliases is not None:
            pairs += list(zip(aliases, keys, strict=True))
        self._pairs = [(name, key) for name, key in pairs if isinstance(name, str)]
        self._exact = _unique(self._pairs)

    @cached_property
    def _spelled(self) -> dict[str, str | None]:
        return _unique((name_key(name), key) for name, key in self._pairs if name_key(name))

    @cached_property
    def _near(self) -> dict[str, set[str]]:
        near: dict[str, set[str]] = {}
        for key, name in self._name_of.items():
            for variant in _slips(name_key(name)):
                near.setdefault(variant, set()).add(key)
        return near

    def name_of(self, key: str) -> str:
        """Name of an entry."""
        return self._name_of.get(key, key)

    def find(self, values: pd.Series, wishes: Mapping[str, str]) -> Matches:
        """Look up every value of a column.

        Parameters
        ----------
        values : pandas.Series of str
        wishes : mapping
            Value -> name or identifier that it stands for, as told by the user.
        """
        codes, distinct = pd.factorize(values)
        counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
        for value, target in wishes.items():
            if target not in self._keys and not self._exact.get(target):
                known = [name for name in self._exact if name]
                raise CrmError(
                    explain(
                        "there is no such name to read it as",
                        where=f"mapping, names, {value}",
                        value=target,
                        remedy=nearest(target, known),
                    )
                )
        used = {self._exact.get(value) or value for value in distinct if value in self._keys or self._exact.get(value)}
        found: list[str | None] = []
        repairs: list[Repair] = []
        for value, count in zip(distinct, counts.tolist(), strict=True):
            key, how = self._one(value, wishes, used)
            found.append(key)
            if how and key is not None:
                repairs.append(Repair(value, self.name_of(key), how, count))
        lost = np.array([key is None for key in found], dtype=bool)
        keys = [value if key is None else key for value, key in zip(distinct, found, strict=True)]
        spread = np.array([*keys, np.nan], dtype=object)[codes]
        unmatched = pd.Series(counts[lost], index=distinct[lost]).sort_values(ascending=False, kind="stable")
        return Matches(
            keys=pd.Series(spread, index=values.index, dtype="str"),
            matched=np.append(~lost, False)[codes],
            repairs=tuple(repairs),
            unmatched=unmatched,
            ambiguous=tuple(value for value in unmatched.index if self._exact.get(value, value) is None),
        )

    def _one(self, value: str, wishes: Mapping[str, str], used: Collection[str]) -> tuple[str | None, str]:
        if value in wishes:
            target = wishes[value]
            return (target if target in self._keys else self._exact.get(target)), "wish"
        if value in self._keys:
            return value, ""
        if value in self._exact:
            return self._exact[value], ""
        spelled = self._spelled.get(name_key(value))
        if spelled is not None:
            return spelled, "spelling"
        near = {key for variant in _slips(name_key(value)) for key in self._near.get(variant, ())}
        safe = [key for key in near if _safe_slip(value, self._name_of[key])]
        if len(safe) == 1 and not (self._people and safe[0] in used):
            return safe[0], "slip"
        return None, ""


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str | None]:
    """Name -> key; ``None`` for a name that stands for several keys."""
    found: dict[str, str | None] = {}
    for name, key in pairs:
        found[name] = key if found.get(name, key) == key else None
    return found


def same_labels(columns: list[pd.Series]) -> dict[str, str]:
    """Spellings of the same label in some columns -> the most frequent one (only those that change).

    Examples
    --------
    >>> import pandas as pd
    >>> same_labels([pd.Series(["Retail", "Retail", "retail "[:6], None], dtype="str")])
    {'retail': 'Retail'}
    """
    counts = pd.concat(columns).value_counts(sort=False)
    groups: dict[str, list[tuple[int, str]]] = {}
    for label, count in counts.items():
        groups.setdefault(label_key(str(label)), []).append((-int(count), str(label)))
    changed: dict[str, str] = {}
    for spellings in groups.values():
        best = min(spellings)[1]
        changed |= {label: best for _, label in spellings if label != best}
    return changed


def known_spelling(labels: Iterable[str], vocabulary: str) -> dict[str, str]:
    """Labels that are one slip away from exactly one word of a vocabulary -> that word.

    Examples
    --------
    >>> known_spelling(["technolgy", "retail", "zzz"], "segment"), known_spelling(["Philipines"], "country")
    ({'technolgy': 'technology'}, {'Philipines': 'Philippines'})
    """
    words = {label_key(word): word for word in load_data("vocabulary")[vocabulary]}
    present = {label_key(label): label for label in labels}
    near: dict[str, set[str]] = {}
    for key in words:
        for variant in _slips(key):
            near.setdefault(variant, set()).add(key)
    repairs = {}
    for key, label in present.items():
        if key in words or len(key) < SAFE_LENGTH:
            continue
        candidates = {word for variant in _slips(key) for word in near.get(variant, ()) if is_one_slip(key, word)}
        if len(candidates) == 1:
            word = candidates.pop()
            spelled = words[word].title() if label[:1].isupper() and words[word].islower() else words[word]
            repairs[label] = present.get(word, spelled)
    return repairs


def share_of_countries(labels: pd.Series) -> float:
    """Share of the filled cells that are country names, allowing for slips."""
    words = {label_key(word) for word in load_data("vocabulary")["country"]}
    filled = labels.dropna()
    if filled.empty:
        return 0.0
    slips = known_spelling(filled.unique(), "country")
    return float(filled.map(lambda label: label in slips or label_key(label) in words).mean())
