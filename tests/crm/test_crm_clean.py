"""Names that are joined and names that must not be."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salessim.crm.clean import Lookup, is_one_slip, known_spelling, label_key, name_key, same_labels
from salessim.errors import CrmError


def text(*values: str | None) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def lookup(*names: str, people: bool = False) -> Lookup:
    return Lookup(text(*names), text(*names), people=people)


def found(master: Lookup, *values: str) -> list[str]:
    return master.find(text(*values), {}).keys.tolist()


@pytest.mark.parametrize(
    ("value", "entry"),
    [
        ("GTXPro", "GTX Pro"),
        ("gtx-pro", "GTX Pro"),
        ("ＧＴＸ　Ｐｒｏ", "GTX Pro"),
        ("acme corporation.", "Acme Corporation"),
        ("Acme Corporaton", "Acme Corporation"),
        ("Acme Corproation", "Acme Corporation"),
        ("Muller & Sohne", "Müller & Söhne"),
        ("华信（北京）", "华信(北京)"),
    ],
)
def test_repairs(value: str, entry: str) -> None:
    master = lookup("GTX Pro", "GTX Plus Pro", "Acme Corporation", "Müller & Söhne", "华信(北京)")
    matches = master.find(text(value, value, entry), {})
    assert matches.keys.tolist() == [entry] * 3
    (repair,) = matches.repairs
    assert (repair.found, repair.read_as, repair.rows) == (value, entry, 2)


@pytest.mark.parametrize(
    ("value", "entry"),
    [
        ("GTX Prp", "GTX Pro"),  # too short to be sure
        ("Project Plan A", "Project Plan B"),  # a letter that tells two plans apart
        ("Compressor 1000", "Compressor 1001"),
        ("Compressor 100A", "Compressor 100B"),
        ("Pump Series 1-5", "Pump Series 15"),
        ("Excavator A+", "Excavator A"),
        ("北京华信科技有限公司", "北京华兴科技有限公司"),  # one character is another firm
        ("华信科技股份有限公司", "华信科技有限公司"),
        ("Acme Corp", "Acme Corporation"),
    ],
)
def test_left_alone(value: str, entry: str) -> None:
    matches = lookup(entry).find(text(value), {})
    assert matches.keys.tolist() == [value]
    assert not matches.matched.any() and matches.unmatched.to_dict() == {value: 1}


def test_two_candidates_are_no_candidate() -> None:
    assert found(lookup("Northern Lights", "Northern Rights"), "Northern Nights") == ["Northern Nights"]


def test_same_name_twice_is_ambiguous() -> None:
    master = Lookup(text("7", "8", "9"), text("Anna Lee", "Anna Lee", "Ben Oh"))
    matches = master.find(text("Anna Lee", "Ben Oh"), {})
    assert matches.keys.tolist() == ["Anna Lee", "9"]
    assert matches.ambiguous == ("Anna Lee",)


def test_identifiers_are_only_looked_up_exactly() -> None:
    master = Lookup(text("0015000000AbCdE", "0015000000AbCdF"), text("Acme", "Beta"))
    values = ["0015000000AbCdE", "0015000000AbCdF", "0015000000abcde", "Acme"]
    assert found(master, *values) == [*values[:3], "0015000000AbCdE"]


def test_identifiers_of_a_table_without_names_are_only_looked_up_exactly() -> None:
    master = Lookup(text("northern_lights_a", "Northern-Lights-B"), text(None, None))
    values = ["northern_lights_a", "northern-lights-b", "northern_lights_", "Northern-Lights-B"]
    assert master.find(text(*values), {}).matched.tolist() == [True, False, False, True]


def test_people_keep_their_own_names() -> None:
    master = lookup("Maria Janssen", "Peter Schulze", people=True)
    assert found(master, "Maria Jansen", "Peter Schulze") == ["Maria Janssen", "Peter Schulze"]
    assert found(master, "Maria Jansen", "Maria Janssen") == ["Maria Jansen", "Maria Janssen"]


def test_mail_address_is_a_name_too() -> None:
    master = Lookup(text("7"), text("Anna Lee"), text("anna@example.org"))
    assert found(master, "anna@example.org") == ["7"]


def test_wishes_go_first() -> None:
    master = lookup("GTX Pro", "GTX Basic")
    matches = master.find(text("GTXPro", "G"), {"GTXPro": "GTX Basic", "G": "GTX Pro"})
    assert matches.keys.tolist() == ["GTX Basic", "GTX Pro"]
    with pytest.raises(CrmError, match="Did you mean 'GTX Pro'"):
        master.find(text("G"), {"G": "GTX Prp"})


def test_missing_stays_missing() -> None:
    matches = lookup("A").find(text("A", None), {})
    assert matches.keys.isna().tolist() == [False, True] and matches.matched.tolist() == [True, False]


letters = st.text("abcdef", min_size=1, max_size=8)


@given(letters, st.data())
def test_a_slip_is_seen_both_ways(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    kind = data.draw(st.sampled_from(["drop", "add", "replace", "swap"]))
    letter = data.draw(st.sampled_from("abcdefg"))
    other = {
        "drop": word[:at] + word[at + 1 :],
        "add": word[:at] + letter + word[at:],
        "replace": word[:at] + letter + word[at + 1 :],
        "swap": word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
    }[kind]
    assert is_one_slip(word, other) == is_one_slip(other, word) == (word != other)


@given(letters, letters)
def test_one_slip_is_distance_one(first: str, second: str) -> None:
    assert is_one_slip(first, second) == (_distance(first, second) == 1)


def _distance(first: str, second: str) -> int:
    """Optimal string alignment distance, the textbook way."""
    table = [[i + j if i * j == 0 else 0 for j in range(len(second) + 1)] for i in range(len(first) + 1)]
    for i in range(1, len(first) + 1):
        for j in range(1, len(second) + 1):
            cost = first[i - 1] != second[j - 1]
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + cost)
            if i > 1 and j > 1 and first[i - 1] == second[j - 2] and first[i - 2] == second[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


def test_keys() -> None:
    assert name_key(" Müller-Straße ") == name_key("muller strasse")
    assert name_key("___") == ""
    assert label_key("Mid_Market") == label_key("mid  market") != label_key("midmarket")


def test_labels_follow_the_majority() -> None:
    columns = [text("North", "North", "north", None), text("NORTH", "A+", "A")]
    assert same_labels(columns) == {"north": "North", "NORTH": "North"}


def test_vocabulary() -> None:
    assert known_spelling(["Technolgy", "technology"], "segment") == {"Technolgy": "technology"}
    assert known_spelling(["Technolgy"], "segment") == {"Technolgy": "Technology"}
    assert known_spelling(["Austria", "Australia", "Germny", "Narnia"], "country") == {}
    assert known_spelling(["Germanny"], "country") == {"Germanny": "Germany"}
