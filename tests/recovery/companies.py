"""Companies with known parameters: made by the simulator, written down as a CRM would, read back.

Two kinds. *Plain* ones have every behaviour dial off, work in no time and demand that needs no calls: demand, win
chances, delays and values are then exactly those of the market. *Practising* ones have knowledge, relationships, calls
and talent on; people stay (no turnover, ramp, training, coaching), since a log of seats does not show who sits there.
Levels before the log begins are drawn at random, and so is who serves whom.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from worlds import ALWAYS_OPEN, FOREVER

from salessim.clocks.compiled_clock import run_compiled
from salessim.clocks.run import Run
from salessim.crm import CrmData
from salessim.crm.report import ImportReport
from salessim.crm.schema import SCHEMA
from salessim.crm.tables import canonical_frame
from salessim.fit.estimates import (
    Estimates,
    estimate_chances,
    estimate_delays,
    estimate_demand,
    estimate_values,
)
from salessim.fit.history import read_history
from salessim.fit.steps import StepLog, read_steps
from salessim.fit.worth import Given, Worth, estimate_worth
from salessim.model.market import Affinity, Market
from salessim.model.plan import Plan
from salessim.model.presets import make_market, make_plan
from salessim.model.register import off_values
from salessim.model.today import Insight, Owners, Relations, Skill, Today
from salessim.record import Book, record
from salessim.world.build import build_world

SIZES = {"small": (80, 5), "medium": (150, 8), "large": (300, 15)}
"""Accounts and reps."""
HISTORIES = {"short": 9, "middle": 18, "long": 36}
"""Months."""
TELLING = (600, 30, 36)
"""Accounts, reps and months of a company whose history tells what skill is worth, if its reps mix their products."""
FAMILIES = ("demand", "chances", "delays", "values")


class Company(NamedTuple):
    """A market, its plan, how long it is watched, and whose luck it has."""

    market: Market
    plan: Plan
    months: int
    seed: int


def kind_of(seed: int) -> tuple[int, int, int]:
    """Return accounts, reps and months of a company: all combinations in turn."""
    accounts, reps = list(SIZES.values())[seed % 3]
    return accounts, reps, list(HISTORIES.values())[seed // 3 % 3]


def crm_of(book: Book) -> CrmData:
    """Return a record as `read_crm` would, without the way through files (tests/record holds that way to be exact)."""
    given = book.tables()
    tables = {name: canonical_frame(given.get(name), name) for name in SCHEMA}
    return CrmData(**tables, as_of=book.as_of, report=ImportReport.__new__(ImportReport))


def run_of(company: Company, hidden: np.ndarray | None = None) -> Run:
    """Run a company once; `hidden` shifts the win chance of each account and product (log-odds over the funnel)."""
    world = build_world(company.market, company.plan, company.months, seed=company.seed, record_calls=True)
    if hidden is not None:
        world["covers"]["win"] += hidden
    run_compiled(world)
    return Run(company.market, company.plan, company.months, world)


def plain_company(seed: int) -> Company:
    accounts, reps, months = kind_of(seed)
    rng = np.random.default_rng([seed, 1])
    market = make_market(accounts, 3, 3, seed=seed)
    quiet = off_values("people", "record", "money", "coordination", "knowledge", "relationship", "travel", "demand")
    pairs = [(g, p) for g in market.segments for p in market.products["product"]]
    season = np.exp(rng.normal(0.0, 0.2, 12))
    season /= season.mean()
    n_s = len(market.stages)
    stages = market.stages.but(
        effort=0.01, effort_law="fixed", visit=0.0,
        advance=rng.uniform(0.45, 0.8, n_s).round(3), dwell=rng.uniform(4.0, 20.0, n_s).round(2),
        dwell_cv=float(rng.uniform(0.6, 1.4)), dwell_law=["lognormal", "exponential"][seed % 2],
    )  # fmt: skip
    market = market.but(
        **{**quiet, "growth": float(rng.uniform(-0.1, 0.2)), "season": tuple(season.tolist())},
        stages=stages, calendar=ALWAYS_OPEN, lead_patience=FOREVER, deal_patience=FOREVER,
        affinity=Affinity(
            [{"segment": g, "product": p, "demand": float(rng.uniform(0.6, 1.6)), "win": float(rng.normal(0.0, 0.4))}
             for g, p in pairs]
        ),
    )  # fmt: skip
    plan = make_plan(reps, structure="customer", calls=False, selling_time=1.0, leave=0.0)
    return Company(market, plan.but(**off_values("management"), appraisal_months=0), months, seed)


def log_of(run: Run, crm: CrmData) -> StepLog:
    segments = pd.Series(crm.accounts["segment"].to_numpy(), index=crm.accounts["account_id"].to_numpy())
    return read_steps(read_history(crm), segments, crm.stage_events)


def plain_estimates(crm: CrmData) -> dict[str, Estimates]:
    """Estimate all four families from a record."""
    history = read_history(crm)
    ids = crm.accounts["account_id"].to_numpy()
    segments = pd.Series(crm.accounts["segment"].to_numpy(), index=ids)
    log = read_steps(history, segments, crm.stage_events)
    return {
        "demand": estimate_demand(history, segments, pd.Series(1.0, index=ids), pd.Series("", index=ids)),
        "chances": estimate_chances(log),
        "delays": estimate_delays(log),
        "values": estimate_values(history),
    }


def plain_truths(company: Company, crm: CrmData) -> dict[str, dict[str, float]]:
    """Return what the estimates should say, by family and name."""
    market = company.market
    frame = market.affinity.frame().set_index(["segment", "product"])
    size = pd.Series(market.accounts["potential"]).groupby(list(market.accounts["segment"])).sum()
    truths: dict[str, dict[str, float]] = {family: {} for family in FAMILIES}
    demand = truths["demand"]
    count = pd.Series(list(market.accounts["segment"])).value_counts()
    months = pd.period_range(pd.Period(market.start, "M"), periods=company.months, freq="M")
    grown = (1.0 + market.demand.growth) ** (np.arange(company.months) / 12.0)
    index = np.array(market.demand.season)[months.month.to_numpy() - 1]
    level = float(np.average(index * grown, weights=months.days_in_month.to_numpy()))
    if company.months >= 24:  # a season is known: the level is that of the middle of the window
        level = float((1.0 + market.demand.growth) ** ((company.months - 1) / 24.0))
    for product, rate in zip(market.products["product"], market.products["opportunities"], strict=True):
        cell = {g: rate * size[g] / count[g] * frame.loc[(g, product), "demand"] for g in market.segments}
        total = sum(cell[g] * count[g] for g in cell) / count.sum()
        demand[f"demand.{product}"] = float(np.log(total * level))
        for g, value in cell.items():
            demand[f"affinity.{g}.{product}"] = float(np.log(value / total))
    demand["growth"] = float(np.log1p(market.demand.growth))
    for k, index in enumerate(market.demand.season):
        demand[f"season.{k + 1}"] = float(np.log(index))
    n_s = len(market.stages)
    steps = log_of_steps(crm, company)
    weight = steps.groupby(["segment", "product"]).size() / len(steps)
    mean_win = float(sum(weight.get(pair, 0.0) * frame.loc[pair, "win"] for pair in frame.index))
    for name, advance in zip(market.stages["stage"], market.stages["advance"], strict=True):
        truths["chances"][f"advance.{name}"] = float(np.log(advance / (1 - advance)) + mean_win / n_s)
    for (g, p), row in frame.iterrows():
        truths["chances"][f"win.{g}.{p}"] = float(row["win"] - mean_win)
    for row in market.stages.frame().to_dict("records"):
        truths["delays"][f"days.{row['stage']}"] = float(np.log(row["dwell"]))
    for row in market.products.frame().to_dict("records"):
        truths["values"][f"price.{row['product']}"] = float(np.log(row["price"]))
        truths["values"][f"spread.{row['product']}"] = float(np.log(row["price_cv"]))
    return truths


def log_of_steps(crm: CrmData, company: Company) -> pd.DataFrame:
    segments = pd.Series(crm.accounts["segment"].to_numpy(), index=crm.accounts["account_id"].to_numpy())
    log = read_steps(read_history(crm), segments, crm.stage_events)
    return log.frame[log.decided]


def coverage(company: Company) -> dict[str, tuple[int, int]]:
    """Return per family how many of its 95 % intervals hold the truth, of how many."""
    crm = crm_of(record(run_of(company)))
    found, truths = plain_estimates(crm), plain_truths(company, crm)
    result = {}
    for family, estimates in found.items():
        frame = estimates.frame().set_index("name")
        names = [name for name in truths[family] if name in frame.index]
        part = frame.loc[names]
        truth = np.array([truths[family][name] for name in names])
        held = (part["low"].to_numpy() <= truth) & (truth <= part["high"].to_numpy())
        result[family] = (int(held.sum()), len(held))
    return result


# ---- experience ------------------------------------------------------------------------------------------------------
def practising_company(
    seed: int, *, routing: float = 0.0, one_product_each: bool = False, size: tuple[int, int, int] | None = None
) -> Company:
    """Make a company whose reps learn and whose effects are drawn from the register's ranges.

    `routing` is how strongly accounts go to reps who know the product and the segment when the log begins; `size` are
    accounts, reps and months, where they are not those of the seed's turn.
    """
    accounts, reps, months = size or kind_of(seed)
    rng = np.random.default_rng([seed, 2])
    market = make_market(accounts, 3, 3, seed=seed)
    names, products, segments = list(make_plan(reps).team["rep"]), list(market.products["product"]), market.segments
    skill, insight = rng.uniform(0.0, 1.0, (reps, 3)), rng.uniform(0.0, 1.0, (reps, 3))
    likes_p, likes_g = rng.dirichlet([0.6] * 3, reps), rng.dirichlet([0.6] * 3, reps)
    if routing:
        likes_p, likes_g = np.exp(routing * skill), np.exp(routing * insight)
    if one_product_each:
        likes_p, likes_g = np.eye(3)[np.arange(reps) % 3], np.ones((reps, 3))
    owners, ties = [], {}
    for account, segment in zip(market.accounts["account"], market.accounts["segment"], strict=True):
        for j, product in enumerate(products):
            chance = likes_p[:, j] * likes_g[:, segments.index(segment)]
            rep = names[rng.choice(reps, p=chance / chance.sum())]
            owners.append({"account": account, "product": product, "rep": rep})
            ties[account, rep] = float(rng.uniform(0.0, 1.0))
    still = off_values("people", "record", "money", "coordination")
    truth = {"skill_effect": (1.6, 6.4), "insight_effect": (0.8, 4.0), "relation_effect": (0.0, 1.8)}
    market = market.but(
        **{**still, "talent_spread": 0.25},
        **{name: float(rng.uniform(*ends)) for name, ends in truth.items()},
        today=Today(
            owners=Owners(owners),
            skill=Skill(
                [{"rep": r, "product": p, "level": skill[i, j]}
                 for i, r in enumerate(names) for j, p in enumerate(products)]
            ),
            insight=Insight(
                [{"rep": r, "segment": g, "level": insight[i, j]}
                 for i, r in enumerate(names) for j, g in enumerate(segments)]
            ),
            relations=Relations([{"account": a, "rep": r, "level": x} for (a, r), x in ties.items()]),
        ),
    )  # fmt: skip
    plan = make_plan(reps, structure="today").but(**off_values("management"), appraisal_months=0)
    return Company(market, plan, months, seed)


def hidden_quality(company: Company, *, spread: float, star: float) -> np.ndarray:
    """Return shifts of the win chance by account and product that no CRM shows: luck, and better where stars are."""
    rng = np.random.default_rng([company.seed, 3])
    today = company.market.today
    rows = {name: i for i, name in enumerate(sorted(company.market.accounts["account"]))}
    columns = {name: i for i, name in enumerate(sorted(company.market.products["product"]))}
    skill = today.skill
    level = {(r, p): x for r, p, x in zip(skill["rep"], skill["product"], skill["level"], strict=True)}
    shift = rng.normal(0.0, spread, (len(rows), len(columns)))
    for a, p, r in zip(today.owners["account"], today.owners["product"], today.owners["rep"], strict=True):
        shift[rows[a], columns[p]] += star * (level[r, p] - 0.5)
    return shift.ravel()


def worth_of(company: Company, crm: CrmData) -> Worth:
    """Estimate the worth of experience; what no log shows is given: rates of learning, hours, complexity."""
    market = company.market
    segments = pd.Series(crm.accounts["segment"].to_numpy(), index=crm.accounts["account_id"].to_numpy())
    log = read_steps(read_history(crm), segments, crm.stage_events)
    products = sorted(market.products["product"])
    covers: dict[tuple[str, str], int] = {}
    owners = market.today.owners
    for a, p, r in zip(owners["account"], owners["product"], owners["rep"], strict=True):
        covers[r, a] = covers.get((r, a), 0) | 1 << products.index(p)
    calls = pd.DataFrame(
        {
            "rep": crm.activities["owner_id"],
            "account": crm.activities["account_id"],
            "day": (crm.activities["at"] - log.origin) / pd.Timedelta(days=1),
            "hours": crm.activities["duration_min"] / 60.0,
        }
    )
    given = Given(
        market.stages["effort"], market.knowledge.learning, market.knowledge.forgetting,
        market.relationship.relation_gain, market.relationship.relation_fade, market.knowledge.difference,
        dict(zip(market.products["product"], market.products["complexity"], strict=True)), 1.0 / len(log.stages),
    )  # fmt: skip
    return estimate_worth(log, calls, covers, given)


def true_effects(company: Company) -> np.ndarray:
    knowledge = company.market.knowledge
    return np.array([knowledge.skill_effect, knowledge.insight_effect, company.market.relationship.relation_effect])
