"""Look at the tables of an export the way a careful analyst would, and say what is odd, missing or cannot be told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from salessim.crm.clean import label_key, name_key
from salessim.crm.plain import among
from salessim.crm.profiles import load_data
from salessim.crm.report import ReportBuilder, Sentence, sentence
from salessim.crm.stage_checks import look_at_stages
from salessim.errors import CrmError, explain

__all__ = ["Seen", "cannot_tell", "date_range", "look", "looks_like_test", "missing_shares", "refuse_bad_prices"]

CYCLES_NEEDED = 20  # closed deals with both dates before their longest cycle means anything
UNEVEN = 0.2  # difference in the share missing between statuses that is worth a word
SPIKE = 0.2  # share of deals created on one day
DUMMY = 0.3  # share of deals whose expected closing date lies the same number of days after creation
_SHOWN = 6
_LEGAL = re.compile(
    r"股份|有限|责任|公司|集团|\b(inc|corp|corporation|co|ltd|llc|plc|gmbh|ag|sa|spa|bv|company|limited|group)\b"
)


@dataclass(frozen=True)
class Seen:
    """Counts that the report shows at its head."""

    zombies: int
    zombie_cut_off_days: float | None
    overdue: int


def refuse_bad_prices(products: pd.DataFrame | None) -> None:
    """Refuse negative prices and costs.

    Raises
    ------
    CrmError
        Naming file, row and product.
    """
    if products is None:
        return
    for column in ("list_price", "unit_cost"):
        if column in products and (products[column] < 0).any():
            bad = products.loc[products[column] < 0].iloc[0]
            raise CrmError(
                explain(
                    f"the {column.replace('_', ' ')} of {bad['product']!r} is negative",
                    where=f"{bad['_file']}, row {int(bad['_row'])}, {column}",
                    value=float(bad[column]),
                    allowed="0 or more",
                    remedy="Correct the cell, or take the row out if it is a discount and not a product",
                )
            )


def date_range(frames: Mapping[str, pd.DataFrame], weak: pd.Series, given: date | None) -> tuple[date, date]:
    """First and last date on which something was recorded: creation, closing, stage event, activity.

    Raises
    ------
    CrmError
        If there is no date at all and none is given.
    """
    dates = _recorded(frames, weak)
    if dates.empty:
        if given is None:
            raise CrmError(
                explain(
                    "the date of the snapshot cannot be told: no deal has a date of creation or closing",
                    where="deals",
                    remedy='Say it: read_crm(..., as_of="2024-09-30")',
                )
            )
        return given, given
    return dates.min().date(), dates.max().date()


def _recorded(frames: Mapping[str, pd.DataFrame], weak: pd.Series) -> pd.Series:
    deals = frames["deals"]
    parts = [deals["created_at"]] if "created_at" in deals else []
    parts.append(deals["closed_at"].where(~weak))
    parts += [
        frames[table][column]
        for table, column in (("stage_events", "entered_at"), ("activities", "at"), ("leads", "created_at"))
        if table in frames and column in frames[table]
    ]
    return pd.concat([part.dropna() for part in parts])


def look(
    tables: Mapping[str, pd.DataFrame], frames: Mapping[str, pd.DataFrame], as_of: date, log: ReportBuilder
) -> Seen:
    """Go through the checks.

    Parameters
    ----------
    tables : mapping
        The canonical tables.
    frames : mapping
        The same rows, with their file in ``_file`` and their spreadsheet row in ``_row``.
    as_of : datetime.date
    log : ReportBuilder
    """
    where = frames["deals"][["_file", "_row"]].reset_index(drop=True)
    deals = pd.concat([tables["deals"], where], axis=1)
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    _as_of_alone(tables, as_of, log)
    _dates(deals, end, log)
    _amounts(deals, log)
    _uneven_gaps(deals, log)
    _records(deals, log)
    _people(tables["users"], deals, as_of, log)
    _unused(tables, log)
    _accounts_alike(tables["accounts"], deals, log)
    _places_coded(tables["accounts"], log)
    _products(frames.get("products"), log)
    _history(tables, log)
    look_at_stages(tables, log)
    zombies, cut_off = _zombies(deals, end, log)
    _left_truncation(deals, log)
    return Seen(zombies, cut_off, _overdue(deals, as_of, log))


def _names(values: list[str]) -> str:
    return ", ".join(map(str, values[:_SHOWN])) + (", …" if len(values) > _SHOWN else "")


def _as_of_alone(tables: Mapping[str, pd.DataFrame], as_of: date, log: ReportBuilder) -> None:
    """Warn where the last date stands alone: a slip or a planned activity would make every open deal look old."""
    dates = pd.concat(
        [tables["deals"]["created_at"], tables["deals"]["closed_at"], tables["activities"]["at"]]
    ).dropna()
    if len(dates) < 200:
        return
    usual = dates.quantile(0.995).date()
    if (as_of - usual).days > 60 and dates.max().date() == as_of:
        log.add(
            "as_of_alone",
            as_of=as_of.isoformat(),
            usual=usual.isoformat(),
            count=int((dates > pd.Timestamp(usual)).sum()),
        )


def _dates(deals: pd.DataFrame, end: pd.Timestamp, log: ReportBuilder) -> None:
    undated = deals["created_at"].isna()
    if undated.any():
        counts = deals.loc[undated, "stage"].fillna("?").value_counts()
        words = ", ".join(f"{stage} {count:,}" for stage, count in counts.head(_SHOWN).items())
        log.add("no_created", column="created_at", records=deals.loc[undated], words=words)
    day = deals["created_at"].dt.floor("D")
    for code, column, mask in (
        ("closed_before_created", "closed_at", deals["closed_at"].dt.floor("D") < day),
        ("closed_in_future", "closed_at", deals["closed_at"] >= end),
        ("created_in_future", "created_at", deals["created_at"] >= end),
    ):
        if mask.any():
            log.add(code, column=column, records=deals.loc[mask])
    counts = day.value_counts()
    if len(deals) >= 100 and len(counts) > 1 and counts.iloc[0] > SPIKE * len(deals):
        log.add(
            "created_on_one_day", column="created_at", count=int(counts.iloc[0]), day=counts.index[0].date().isoformat()
        )
    gaps = (deals["expected_close"].dt.floor("D") - day).dt.days.dropna()
    if len(gaps) >= 50:
        common = gaps.value_counts()
        if common.iloc[0] > DUMMY * len(gaps):
            log.add(
                "expected_close_dummy", column="expected_close", count=int(common.iloc[0]), days=int(common.index[0])
            )


def _amounts(deals: pd.DataFrame, log: ReportBuilder) -> None:
    token = (deals["status"] == "open") & deals["amount"].isin([0.0, 1.0])
    if token.any():
        log.add("amount_token", column="amount", records=deals.loc[token])
    negative = deals["amount"] < 0
    if negative.any():
        log.add("amount_negative", column="amount", records=deals.loc[negative])
    filled = deals.groupby("status")["amount"].agg(lambda amounts: amounts.notna().mean())
    if filled.get("won", 0) > 0.5 and len(filled) > 1 and filled.drop("won").max() < 0.02:
        log.add("amount_only_won", column="amount", count=int((deals["status"] != "won").sum()))


def _uneven_gaps(deals: pd.DataFrame, log: ReportBuilder) -> None:
    """Fields empty on open and full on closed deals give the outcome away and must not be used to predict it."""
    is_open = deals["status"] == "open"
    if not is_open.any() or is_open.all():
        return
    for column in ("account_id", "owner_id", "product", "created_at", "source"):
        missing = deals[column].isna()
        on_open, on_closed = float(missing[is_open].mean()), float(missing[~is_open].mean())
        if abs(on_open - on_closed) >= UNEVEN:
            log.add("missing_uneven", column=column, count=int(missing.sum()), on_open=on_open, on_closed=on_closed)


def looks_like_test(deals: pd.DataFrame) -> pd.Series:
    """Deals whose name says that they are a test or a sample."""
    if "name" not in deals:
        return pd.Series(False, index=deals.index)
    words = load_data("values")["tests"]
    latin = "|".join(word for word in words if word.isascii())
    han = "|".join(word for word in words if not word.isascii())
    pattern = rf"^(?:{latin})\b|\((?:{latin})\)|\b(?:test deal|test record)\b|{han}"
    return deals["name"].str.contains(pattern, case=False, regex=True, na=False).astype(bool)


def _records(deals: pd.DataFrame, log: ReportBuilder) -> None:
    looks = looks_like_test(deals)
    if looks.any():
        log.add(
            "test_records",
            column="name",
            records=deals.loc[looks],
            words=_names(deals.loc[looks, "name"].drop_duplicates().tolist()),
        )
    reasons = {label_key(word) for word in load_data("values")["no_decision_reasons"]}
    meant = [reason for reason in deals["lost_reason"].dropna().unique() if label_key(reason) in reasons]
    undecided = (deals["status"] == "lost") & deals["lost_reason"].isin(meant)
    if undecided.any():
        log.add("lost_to_no_decision", column="lost_reason", records=deals.loc[undecided])


def _people(users: pd.DataFrame, deals: pd.DataFrame, as_of: date, log: ReportBuilder) -> None:
    if users.empty:
        return
    idle = users.loc[~among(users["user_id"], deals["owner_id"]), ["user_id", "name"]]
    if len(idle):
        log.add(
            "users_without_deals",
            column="owner_id",
            count=len(idle),
            of=len(users),
            words=_names(idle["name"].fillna(idle["user_id"]).tolist()),
        )
    left = users.loc[users["left_at"] <= pd.Timestamp(as_of), "user_id"]
    orphaned = (deals["status"] == "open") & deals["owner_id"].isin(left)
    if orphaned.any():
        people = int(deals.loc[orphaned, "owner_id"].nunique())
        log.add("owner_left", column="owner_id", records=deals.loc[orphaned], names=people)


def _unused(tables: Mapping[str, pd.DataFrame], log: ReportBuilder) -> None:
    for table, key in (("accounts", "account_id"), ("products", "product")):
        frame = tables[table]
        idle = frame.loc[~among(frame[key], tables["deals"][key])]
        if len(idle):
            log.add("without_deals", column=key, count=len(idle), of=len(frame), table=table)


def _places_coded(accounts: pd.DataFrame, log: ReportBuilder) -> None:
    """Provinces and cities as the numbers of the Chinese state, which no place is found by."""
    coded = pd.DataFrame({name: accounts[name].str.fullmatch(r"\d{6}", na=False) for name in ("region", "place")})
    count = int(coded.any(axis=1).sum())
    if count:
        log.add("places_coded", column="place", count=count, of=len(accounts))


def _accounts_alike(accounts: pd.DataFrame, deals: pd.DataFrame, log: ReportBuilder) -> None:
    """Accounts whose names differ in their legal form only; without a table of accounts, those that deals name."""
    names = accounts["name"].dropna() if len(accounts) else deals["account_id"].dropna().drop_duplicates()
    core = names.map(lambda name: name_key(_LEGAL.sub(" ", name.casefold())))
    alike = names[(core != "") & core.duplicated(keep=False)]
    if len(alike):
        log.add(
            "accounts_alike",
            column="name",
            count=len(alike),
            words=_names(alike.loc[core[alike.index].sort_values().index].tolist()),
        )


def _products(products: pd.DataFrame | None, log: ReportBuilder) -> None:
    if products is None or not {"unit_cost", "list_price"} <= set(products):
        return
    loss = products["unit_cost"] > products["list_price"]
    if loss.any():
        log.add("cost_above_price", column="unit_cost", records=products.loc[loss])


def _history(tables: Mapping[str, pd.DataFrame], log: ReportBuilder) -> None:
    events, deals = tables["stage_events"], tables["deals"]
    if events.empty:
        return
    undated = int(events["entered_at"].isna().sum())
    if undated:
        log.add("events_undated", column="entered_at", count=undated)
    without = int((~among(deals["deal_id"], events["deal_id"])).sum())
    if without:
        log.add("deals_without_history", column="deal_id", count=without, of=len(deals))


def _cycles(deals: pd.DataFrame) -> pd.Series:
    """Days from creation to closing of the closed deals with both dates in order."""
    days = (deals["closed_at"] - deals["created_at"]).dt.total_seconds() / 86_400
    return days[(deals["status"] != "open") & (days >= 0)]


def _zombies(deals: pd.DataFrame, end: pd.Timestamp, log: ReportBuilder) -> tuple[int, float | None]:
    cycles = _cycles(deals)
    if len(cycles) < CYCLES_NEEDED:
        return 0, None
    longest = float(cycles.max())
    age = (end - pd.Timedelta(days=1) - deals["created_at"]).dt.total_seconds() / 86_400
    is_open = deals["status"] == "open"
    old = is_open & (age > longest)
    if old.any():
        log.add("zombies", column="created_at", records=deals.loc[old], days=longest, open=int(is_open.sum()))
    return int(old.sum()), longest


def _left_truncation(deals: pd.DataFrame, log: ReportBuilder) -> None:
    """Closings that start long after the first creation: what closed before was never in the export."""
    cycles = _cycles(deals)
    if len(cycles) < CYCLES_NEEDED:
        return
    first_created, first_closed = deals["created_at"].min(), deals["closed_at"].min()
    waited = (first_closed - first_created) / pd.Timedelta(days=1)
    quick = float((cycles <= waited).mean())
    before = int((deals["created_at"] < first_closed).sum())
    # Of the deals created before the first closing many would have closed by then, had early closings been exported.
    if waited > 0 and quick >= 0.5 and before >= CYCLES_NEEDED:
        log.add(
            "left_truncated",
            column="closed_at",
            count=before,
            closed=first_closed.date().isoformat(),
            created=first_created.date().isoformat(),
            share=quick,
        )


def _overdue(deals: pd.DataFrame, as_of: date, log: ReportBuilder) -> int:
    is_open = deals["status"] == "open"
    late = is_open & (deals["expected_close"] < pd.Timestamp(as_of))
    if late.any():
        log.add("overdue", column="expected_close", records=deals.loc[late], open=int(is_open.sum()))
    return int(late.sum())


def missing_shares(tables: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], float]:
    """Share of rows without a value for every canonical column of the tables that have rows."""
    return {
        (table, str(column)): float(share)
        for table, frame in tables.items()
        if len(frame)
        for column, share in frame.isna().mean().items()
    }


def cannot_tell(tables: Mapping[str, pd.DataFrame]) -> tuple[Sentence, ...]:
    """What these tables cannot answer, whatever is done with them."""

    def has(table: str, *columns: str) -> bool:
        return any(tables[table][column].notna().any() for column in columns)

    deals = tables["deals"]
    closed = deals["status"] != "open"
    checks = (
        ("stage_durations", has("stage_events", "entered_at")),
        ("distances", has("accounts", "place", "lat")),
        ("effort", has("activities", "at")),
        ("segments", has("accounts", "segment")),
        ("potential", has("accounts", "potential")),
        ("margins", has("products", "unit_cost")),
        ("list_prices", has("products", "list_price")),
        ("products", has("deals", "product")),
        ("owners", has("deals", "owner_id")),
        ("teams", has("users", "team", "manager", "region")),
        ("ramp", has("users", "hired_at")),
        ("sources", has("deals", "source")),
        ("lost_reasons", has("deals", "lost_reason")),
        ("no_decision", bool((deals["status"] == "no_decision").any())),
        ("expected_close", has("deals", "expected_close")),
        ("cycle", bool(len(_cycles(deals)))),
        (
            "lost_amounts",
            not closed.any() or bool(deals.loc[closed & (deals["status"] != "won"), "amount"].notna().any()),
        ),
        ("hand_overs", has("stage_events", "owner_id")),
        ("permissions", False),
    )
    return tuple(sentence(code) for code, known in checks if not known)
