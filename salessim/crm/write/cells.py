"""Tables as the cells an export of a CRM holds: its headers, codes and notations; every cell is text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from salessim.crm.profiles import Profile
from salessim.crm.schema import kind_of
from salessim.crm.write.conventions import history_rows, open_stages
from salessim.crm.write.layouts import Layout, header_of
from salessim.crm.write.notation import date_texts, in_utc, money_texts, number_texts

__all__ = ["Cells", "Notation"]

Cells = dict[str, list[str]]
"""Header -> a text for each row."""

_DAY_ONLY = ("expected_close", "close", "hired_at", "left_at")


@dataclass(frozen=True)
class Notation:
    """How one export writes what it holds.

    Attributes
    ----------
    layout : Layout
    profile : Profile
    chosen : mapping
        format, encoding, language, dates, money: what was chosen of the layout.
    stage_codes, status_codes, lead_codes : mapping
        Stage, status of a deal, status of a lead -> the code the interface of the CRM writes for it; empty: none.
    time_zone : str
        Zone of the dates where times of day are to be written in UTC; empty: as they are.
    """

    layout: Layout
    profile: Profile
    chosen: Mapping[str, str]
    stage_codes: Mapping[str, str]
    status_codes: Mapping[str, str]
    lead_codes: Mapping[str, str]
    time_zone: str = ""

    def cells(
        self,
        table: str,
        frame: pd.DataFrame,
        columns: Sequence[tuple[str, str]],
        kept: Mapping[str, pd.DataFrame],
    ) -> Cells:
        """Return the cells of a table.

        Parameters
        ----------
        table : str
        frame : DataFrame
            Its rows.
        columns : sequence of (column, header)
            What the layout has of it; an empty header: the one of the CRM.
        kept : mapping
            All tables as the CRM keeps them: some CRMs write the history of stages into the rows of deals.
        """
        cells: Cells = {}
        for column, header in columns:
            canonical = header if column == "close" else column
            if column == "close" or not header:
                header = header_of(self.profile, table, canonical, self.chosen["language"])
                if self.layout.habits.get("prefix") == "labels":
                    header = self.profile.content["label_prefix"].get(table, "") + header
            texts = self._texts(table, column, canonical, frame)
            cells[header + self._zone_of(table, column, canonical)] = texts
        if table == "deals" and self.layout.habits.get("entered") == "columns":
            cells |= self._entered(frame, kept)
        return cells

    def _texts(self, table: str, column: str, canonical: str, frame: pd.DataFrame) -> list[str]:
        if table == "deals" and column == "status":
            column = "status_label"
        if column not in frame:
            return [""] * len(frame)
        values = frame[column]
        kind = kind_of(table, canonical)
        if kind == "date":
            if self._zone_of(table, column, canonical):
                values = in_utc(values, self.time_zone)
            return date_texts(values, self.chosen["dates"], clock=self._has_clock(column), zone=self.profile.time_zone)
        if kind == "money":
            return money_texts(values, frame.get("currency"), self.chosen["money"])
        if kind == "percent":
            share = values if self.layout.habits.get("probability") == "fraction" else values * 100
            return number_texts(share.round(6))
        if kind in ("number", "minutes", "latitude", "longitude"):
            return number_texts(values)
        if values.dtype == bool or str(values.dtype) == "boolean":
            yes, no = ("1", "0") if self.layout.habits.get("flags") == "digits" else ("true", "false")
            return ["" if pd.isna(value) else yes if value else no for value in values.tolist()]
        texts = [value if isinstance(value, str) else "" for value in values.tolist()]
        if canonical in ("stage", "stage_from", "moved_to"):
            texts = [self.stage_codes.get(text, text) for text in texts]
        if canonical == "status" and "status" in self.layout.habits.get("codes", ()):
            codes = self.lead_codes if table == "leads" else self.status_codes
            texts = [codes.get(text, text) for text in texts]
        if kind == "id":
            if self.layout.habits.get("prefix") == "ids" and column != "product":
                texts = [self.profile.id_prefix + text if text else "" for text in texts]
            null = self.layout.habits.get("null_id", "")
            return [text or null for text in texts]
        return texts

    def _has_clock(self, column: str) -> bool:
        return column not in _DAY_ONLY and self.layout.habits.get("clock") != "dates only"

    def _zone_of(self, table: str, column: str, canonical: str) -> str:
        """What a header says of the zone of its times."""
        timed = kind_of(table, canonical) == "date" and self._has_clock(column)
        return " (UTC)" if self.time_zone and timed else ""

    def _entered(self, deals: pd.DataFrame, kept: Mapping[str, pd.DataFrame]) -> Cells:
        rows = history_rows(kept)
        order = open_stages(kept)
        wide = rows.groupby(["stage", "deal_id"])["entered_at"].max()
        columns = {}
        for stage in [*order, *rows.loc[~rows["stage"].isin(order), "stage"].unique()]:
            dates = wide.get(stage, pd.Series(dtype="datetime64[us]")).reindex(deals["deal_id"])
            header = (
                f'进入"{stage}"的日期'
                if self.chosen["language"] == "zh"
                else f'Date entered "{stage} ({deals["pipeline"].iloc[0]})"'
            )
            if self.time_zone:
                header, dates = f"{header} (UTC)", in_utc(dates, self.time_zone)
            columns[header] = date_texts(dates.reset_index(drop=True), self.chosen["dates"], clock=True)
        return columns
