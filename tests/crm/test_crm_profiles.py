"""Profiles and texts are data: consistent, complete, and enough for the deal headers of four CRMs."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import salessim.crm
from salessim.crm.profiles import header_key, load_data, load_profiles, match_headers, read_profile, split_unit
from salessim.crm.rows import DROP_REASONS
from salessim.crm.schema import AUXILIARY, SCHEMA

CODE = "\n".join(path.read_text(encoding="utf-8") for path in Path(salessim.crm.__file__).parent.glob("*.py"))
FINDINGS: dict[str, dict[str, str]] = load_data("messages")["findings"]
CJK = re.compile(r"[一-鿿]")


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


class TestProfiles:
    @pytest.mark.parametrize("profile", load_profiles(), ids=lambda profile: profile.name)
    def test_names_are_canonical(self, profile: Any) -> None:
        assert set(profile.tables) <= set(SCHEMA)
        for name, spec in profile.tables.items():
            allowed = {column.name for column in (*SCHEMA[name], *AUXILIARY[name])}
            assert set(spec.columns) <= allowed, name
            assert {column for group in spec.needs for column in group} <= allowed, name

    def test_every_canonical_column_can_be_found(self) -> None:
        (general,) = [profile for profile in load_profiles() if profile.name == "general"]
        for table, columns in SCHEMA.items():
            assert {column.name for column in columns} <= set(general.tables[table].columns), table

    def test_both_languages(self) -> None:
        (general,) = [profile for profile in load_profiles() if profile.name == "general"]
        for spec in general.tables.values():
            for column, names in spec.columns.items():
                assert any(CJK.search(name) for name in names) or column == "amount_base", (spec.name, column)
                assert any(name.isascii() for name in names), (spec.name, column)

    def test_one_header_two_columns_is_refused(self) -> None:
        table = {"needs": [], "columns": {"name": ["deal name"], "stage": ["Deal_Name"]}}
        with pytest.raises(ValueError, match="'dealname' is both name and stage"):
            read_profile({"profile": "x", "title": {}, "tables": {"deals": table}})

    def test_first_synonym_wins_and_a_wish_goes_before(self) -> None:
        spec = load_profiles()[0].tables["deals"]
        assert {match.canonical: match.header for match in match_headers(spec, ["Value", "Amount"], {})} == {
            "amount": "Amount"
        }
        wished = match_headers(spec, ["Value", "Amount", "X"], {"Amount": None, "x": "amount"})
        assert {match.canonical: match.header for match in wished} == {"amount": "X"}

    def test_units(self) -> None:
        assert split_unit("金额（万元）") == ("金额", "万元")
        assert split_unit("(hidden)") == ("(hidden)", "")
        spec = load_profiles()[0].tables["deals"]
        (match,) = match_headers(spec, ["Amount (kEUR)"], {})
        assert (match.canonical, match.unit) == ("amount", "kEUR")
        (base,) = match_headers(spec, ["商机金额（本位币）"], {})
        assert base.canonical == "amount_base"

    def test_headers_of_four_crms(self, field_maps: Path) -> None:
        """Every label of a deal field that we have a column for is known, in English and in Chinese."""
        ours = {
            "deal_id": {"deal_id"},
            "deal_name": {"name"},
            "account_id": {"account_id", "account_name"},
            "account_name": {"account_name"},
            "owner_id": {"owner_id", "owner_name"},
            "owner_name": {"owner_name"},
            "stage": {"stage"},
            "amount": {"amount"},
            "created_at": {"created_at"},
            "expected_close": {"expected_close", "close_date"},
            "lost_reason": {"lost_reason"},
            "source": {"source"},
            "currency": {"currency"},
            "probability": {"probability"},
            "pipeline": {"pipeline"},
        }
        objects = {"NewOpportunityObj", "Deals (old name: Potentials)", "Opportunity", "deals"}
        fields = pd.read_csv(field_maps / "fields.csv", dtype="str", keep_default_na=False)
        fields = fields[
            fields["object"].isin(objects) & (fields["crm"] != "pipedrive") & fields["canonical"].isin(ours)
        ]
        assert len(fields) > 40
        spec = load_profiles()[0].tables["deals"]
        for field in fields.itertuples():
            for label in (str(field.label_en), str(field.label_zh)):
                if label and label != "ID" and label not in ("Account", "Owner"):
                    key = header_key(split_unit(label)[0])
                    found = spec.known.get(header_key(label)) or spec.known.get(key)
                    assert found is not None, (field.crm, label)
                    assert found[0] in ours[str(field.canonical)], (field.crm, label, found)


class TestTexts:
    @pytest.mark.parametrize("code", sorted(FINDINGS))
    def test_a_finding_says_the_same_in_both_languages(self, code: str) -> None:
        texts = FINDINGS[code]
        assert texts["level"] in ("info", "warning", "error")
        assert blanks(texts["en"]) == blanks(texts["zh"])
        assert blanks(texts.get("done_en", "")) == blanks(texts.get("done_zh", ""))
        assert ("done_en" in texts) == ("done_zh" in texts)
        assert CJK.search(texts["zh"]) and not CJK.search(texts["en"])

    def test_every_text_is_used_and_every_use_has_a_text(self) -> None:
        used = set(re.findall(r"log\.add\(\s*\"([a-z_]+)\"", CODE))
        assert used <= set(FINDINGS)
        unused = [
            code for code in FINDINGS if f'"{code}"' not in CODE and code.removeprefix("rows_") not in DROP_REASONS
        ]
        assert not unused

    def test_other_texts(self) -> None:
        messages = load_data("messages")
        for group in ("cannot_tell", "words"):
            for name, texts in messages[group].items():
                assert CJK.search(texts["zh"]) and not CJK.search(texts["en"]), name
        for reason in (*DROP_REASONS, "not_used"):
            assert f"drop_{reason}" in messages["words"]
