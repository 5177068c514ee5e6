"""Make the tables of an export agree: keys, references by name, labels, currency, amounts that are none."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from salessim.crm.clean import Lookup, Matches, known_spelling, same_labels, share_of_countries
from salessim.crm.mapping import Wishes
from salessim.crm.plain import among
from salessim.crm.report import ReportBuilder
from salessim.errors import CrmError, explain

__all__ = ["blank_placeholder_amounts", "complete_keys", "join_tables", "settle_currency", "tidy_labels"]

Frames = dict[str, pd.DataFrame]
_DAMAGED = re.compile(r"\d[.,]?\d*[eE]\+?\d+|\d{13,}000")
_PLACEHOLDER = 0.98  # share of zero amounts from which zero means "not filled in"
_COUNTRIES = 0.8  # share of country names from which a location is a country, not a town
_SHOWN = 6

# Labels that must be spelled alike wherever they stand.
_LABELS: dict[str, tuple[tuple[str, str], ...]] = {
    "stage": (("deals", "stage"), ("stage_events", "stage"), ("stage_events", "stage_from"), ("stages", "stage")),
    "source": (("deals", "source"), ("leads", "source")),
    "lost_reason": (("deals", "lost_reason"),),
    "segment": (("accounts", "segment"),),
    "region": (("accounts", "region"), ("users", "region")),
    "place": (("accounts", "place"), ("users", "place")),
    "country": (("accounts", "country"), ("users", "country")),
    "team": (("users", "team"),),
    "line": (("products", "line"),),
    "type": (("activities", "type"),),
    "lead_status": (("leads", "status"),),
}


def complete_keys(frames: Frames, log: ReportBuilder) -> None:
    """Give every deal, account and user an identifier; where the export has none, the name serves."""
    for table, key in (("accounts", "account_id"), ("users", "user_id")):
        if table in frames:
            frame = frames[table]
            if key not in frame:
                log.add("ids_from_names", column=key, count=len(frame), table=table)
                frame[key] = frame["name"]
            elif "name" in frame:
                frame[key] = frame[key].fillna(frame["name"])
    for frame in frames.values():
        for name, source in (("location", "country"), ("location", "place")):
            if name in frame and source not in frame:
                is_country = share_of_countries(frame[name]) >= _COUNTRIES
                if is_country == (source == "country"):
                    frame[source] = frame[name]
    deals = frames["deals"]
    deals["deal_id"] = _deal_ids(deals, log)


def _deal_ids(deals: pd.DataFrame, log: ReportBuilder) -> pd.Series:
    if not len(deals):
        return deals["deal_id"]
    if "deal_id" not in deals and "lead_id" in deals and deals["lead_id"].notna().all() and deals["lead_id"].is_unique:
        log.add("ids_of_leads", column="deal_id", count=len(deals))
        return deals["lead_id"]
    rows = "row " + deals["_row"].astype("str") + ")"
    rows = " (" + (rows if (deals["_file"] == deals["_file"].iloc[0]).all() else deals["_file"] + ", " + rows)
    if "deal_id" in deals:
        ids = deals["deal_id"]
        damaged = ids.str.fullmatch(_DAMAGED, na=False) & ids.duplicated(keep=False)
        if damaged.any():  # rounded by a spreadsheet: equal numbers are different deals
            log.add("ids_told_apart", column="deal_id", records=deals.loc[damaged])
            ids = ids.where(~damaged, ids + rows)
        if ids.notna().all():
            return ids
    else:
        ids = pd.Series(np.nan, index=deals.index, dtype="str")
    # Without an identifier, rows alike in every cell are one deal, rows with the same name are several.
    content = [name for name in deals.columns if name not in ("_file", "_row")]
    first = ~deals.duplicated(content, keep="first")
    names = deals["name"] if "name" in deals else pd.Series("deal", index=deals.index, dtype="str")
    unique = ~names.isin(names[first][names[first].duplicated(keep=False)])
    made = names.where(unique, names + rows)
    same = deals.groupby(content, dropna=False, sort=False).ngroup()
    made = same.map(dict(zip(same[first], made[first], strict=True)))
    log.add("ids_made", column="deal_id", records=deals.loc[ids.isna()])
    return ids.fillna(made).astype("str")


def tidy_labels(frames: Frames, log: ReportBuilder) -> None:
    """Write the same label the same way everywhere, and repair slips in segments and countries."""
    for label, places in _LABELS.items():
        present = [(table, column) for table, column in places if table in frames and column in frames[table]]
        if not present:
            continue
        changes = same_labels([frames[table][column].dropna() for table, column in present])
        slips: dict[str, str] = {}
        if label in ("segment", "country"):
            values = pd.concat([frames[table][column].dropna() for table, column in present]).replace(changes)
            slips = known_spelling(values.unique(), label)
            changes = {old: slips.get(new, new) for old, new in changes.items()} | slips
        if not changes:
            continue
        for table, column in present:
            hit = frames[table][column].isin(list(changes))
            for old, count in frames[table].loc[hit, column].value_counts().items():
                log.add(
                    "label_slip" if str(old) in slips else "label_repaired",
                    column=f"{table}.{column}",
                    count=int(count),
                    found=old,
                    read_as=changes[str(old)],
                )
            frames[table][column] = frames[table][column].mask(hit, frames[table][column].map(changes))


def join_tables(frames: Frames, wishes: Wishes, log: ReportBuilder) -> None:
    """Replace the names of owners, accounts and products by the keys of their own tables."""
    owners = _lookup(frames, "users", "user_id", people=True)
    accounts = _lookup(frames, "accounts", "account_id")
    products = _lookup(frames, "products", "product")
    for table in ("deals", "stage_events", "accounts", "activities", "leads", "contacts"):
        if table in frames:
            _refer(frames[table], table, "owner_id", "owner_name", owners, wishes.names.get("owner", {}), log)
    if "quotas" in frames:
        _refer(frames["quotas"], "quotas", "user_id", "user_name", owners, wishes.names.get("owner", {}), log)
    for table in ("deals", "activities", "leads", "contacts"):
        if table in frames:
            _refer(frames[table], table, "account_id", "account_name", accounts, wishes.names.get("account", {}), log)
    _refer(frames["deals"], "deals", "product", "", products, wishes.names.get("product", {}), log)
    _join_leads(frames)
    for table in ("stage_events", "activities"):
        if table in frames and "deal_id" in frames[table]:
            written = frames[table]["deal_id"].dropna()
            unknown = ~among(written, frames["deals"]["deal_id"])
            _tell_unmatched(written[unknown].value_counts(), table, "deal_id", log)


def _join_leads(frames: Frames) -> None:
    """Tell each lead the deal that was made of it, where only the deal knows."""
    leads, deals = frames.get("leads"), frames["deals"]
    if leads is None or "lead_id" not in deals or "lead_id" not in leads:
        return
    made = deals.dropna(subset=["lead_id"]).drop_duplicates("lead_id").set_index("lead_id")["deal_id"]
    of_deals = pd.Series(made.reindex(leads["lead_id"]).to_numpy(), index=leads.index, dtype="str")
    leads["deal_id"] = leads["deal_id"].fillna(of_deals) if "deal_id" in leads else of_deals


def _lookup(frames: Frames, table: str, key: str, *, people: bool = False) -> Lookup | None:
    if table not in frames:
        return None
    frame = frames[table]
    unnamed = pd.Series(np.nan, index=frame.index, dtype="str")
    names = frame[key] if table == "products" else frame.get("name", unnamed)
    return Lookup(frame[key], names, frame.get("email"), people=people)


def _refer(
    frame: pd.DataFrame,
    table: str,
    id_column: str,
    name_column: str,
    lookup: Lookup | None,
    wishes: Mapping[str, str],
    log: ReportBuilder,
) -> None:
    """Fill `id_column` with keys found by identifier, else by name; what matches nothing keeps what the file says."""
    present = [column for column in (id_column, name_column) if column in frame]
    if not present:
        return
    written = frame[present[0]]
    for column in present[1:]:
        written = written.fillna(frame[column])
    if lookup is None:
        frame[id_column] = written
        return
    keys, matched = written, np.zeros(len(frame), dtype=bool)
    last: Matches | None = None
    for column in present:
        open_rows = ~matched & frame[column].notna().to_numpy()
        last = lookup.find(frame.loc[open_rows, column], wishes)
        for repair in last.repairs:
            log.add(
                "name_repaired" if repair.how != "slip" else "name_slip",
                column=f"{table}.{column}",
                count=repair.rows,
                found=repair.found,
                read_as=repair.read_as,
            )
        hit = open_rows.copy()
        hit[open_rows] = last.matched
        keys = keys.mask(hit, last.keys.reindex(frame.index))
        matched |= hit
    if last is not None:
        _tell_unmatched(last.unmatched, table, present[-1], log)
        if last.ambiguous:
            words = ", ".join(last.ambiguous[:_SHOWN])
            log.add("ambiguous_name", column=f"{table}.{present[-1]}", count=len(last.ambiguous), words=words)
    frame[id_column] = keys


def _tell_unmatched(rows: pd.Series, table: str, column: str, log: ReportBuilder) -> None:
    """Report the names that matched nothing; `rows` says how many rows hold each."""
    if len(rows):
        words = ", ".join(str(name) for name in rows.index[:_SHOWN]) + (", …" if len(rows) > _SHOWN else "")
        log.add("unmatched", column=f"{table}.{column}", count=int(rows.sum()), names=len(rows), words=words)


def settle_currency(deals: pd.DataFrame, wishes: Wishes, log: ReportBuilder) -> None:
    """One currency for all amounts: the only one written, the export's own conversion, or the rates of the mapping.

    Raises
    ------
    CrmError
        If amounts are in several currencies and nothing says how to convert them.
    """
    if "amount" not in deals:
        return
    nothing = pd.Series(np.nan, index=deals.index, dtype="str")
    currency = deals.get("currency", nothing).fillna(deals.get("_amount_currency", nothing))
    priced = deals["amount"].notna() & (deals["amount"] != 0)
    written = currency[priced].dropna()
    codes = sorted(written.unique())
    if wishes.rates:
        unknown = [code for code in codes if code not in wishes.rates]
        if unknown:
            raise CrmError(
                explain(
                    "there is no rate for this currency",
                    where="mapping, rates",
                    value=", ".join(unknown),
                    remedy=f"Add how much one {unknown[0]} is worth in {wishes.currency}",
                )
            )
        factors = currency.map(dict(wishes.rates)).astype("float64").fillna(1.0)
        deals["amount"] = deals["amount"] * factors
        deals["currency"] = wishes.currency
        log.add(
            "currency_converted", column="amount", count=int((factors[priced] != 1).sum()), currency=wishes.currency
        )
        return
    if len(codes) > 1:
        if "amount_base" in deals and deals.loc[priced, "amount_base"].notna().mean() >= _PLACEHOLDER:
            base = _base_currency(deals, currency, priced) or wishes.currency
            deals["amount"], deals["currency"] = deals["amount_base"], base or np.nan
            deals["currency"] = deals["currency"].astype("str")
            log.add(
                "currency_base", column="amount", count=int(priced.sum()), currency=base or "?", words=", ".join(codes)
            )
            return
        raise CrmError(_mixed(deals, written, codes))
    code = codes[0] if codes else wishes.currency
    if code:
        silent = int(currency[priced].isna().sum())
        if silent:
            log.add("currency_assumed", column="currency", count=silent, currency=code)
        currency = currency.fillna(code)
    else:
        log.add("currency_unknown", column="currency")
    deals["currency"] = currency


def _base_currency(deals: pd.DataFrame, currency: pd.Series, priced: pd.Series) -> str:
    """The currency whose amounts the conversion leaves as they are."""
    ratio = (deals["amount_base"] / deals["amount"])[priced]
    same = (ratio - 1).abs().groupby(currency[priced]).median() < 1e-9
    names = [str(name) for name in same.index[same]]
    return names[0] if len(names) == 1 else ""


def _mixed(deals: pd.DataFrame, written: pd.Series, codes: list[str]) -> str:
    counts = written.value_counts()
    records = deals.loc[written.index].groupby(written)[["_file", "_row"]].first()
    first = {code: f"{records['_file'][code]}, row {records['_row'][code]}" for code in codes}
    main = str(counts.index[0])
    rates = ", ".join(f'"{code}": <{main} per {code}>' for code in codes if code != main)
    return explain(
        "amounts in several currencies cannot be added",
        where="deals, column amount",
        value=", ".join(f"{code}: {counts[code]:,} deals (first in {first[code]})" for code in codes),
        allowed="one currency, or a column with the converted amount",
        remedy=f'Give the rates, mapping={{"currency": "{main}", "rates": {{{rates}}}}}, or export converted amounts',
    )


def blank_placeholder_amounts(deals: pd.DataFrame, log: ReportBuilder) -> None:
    """Read zero as "not filled in" where (nearly) all amounts of the lost or of the open deals are zero."""
    if "amount" not in deals:
        return
    won = deals.loc[deals["status"] == "won", "amount"].dropna()
    if not len(won) or (won == 0).mean() > 0.5:
        return
    for code, statuses in (
        ("amount_placeholder_lost", ("lost", "no_decision", "disqualified")),
        ("amount_placeholder_open", ("open",)),
    ):
        amounts = deals.loc[deals["status"].isin(statuses), "amount"].dropna()
        zero = amounts.index[amounts == 0]
        if len(zero) and len(zero) >= _PLACEHOLDER * len(amounts):
            deals.loc[zero, "amount"] = np.nan
            log.add(code, column="amount", count=len(zero))
