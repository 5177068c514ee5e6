"""Goodness of fit: the fitted market run over as long a time as the history, set beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from salessim.clocks.simulate import simulate
from salessim.errors import StudyError, explain
from salessim.fit.history import read_history
from salessim.words import sentence
from salessim.world.tables import AT_START, WON

if TYPE_CHECKING:
    import pandas as pd

    from salessim.clocks.run import Run
    from salessim.crm.tables import CrmData
    from salessim.fit.fitting import Fit

__all__ = ["Goodness", "goodness_of_fit"]

_LEAST_RUNS = 10
_TAIL = 0.05


@dataclass(frozen=True, eq=False, repr=False)
class Goodness:
    """History and simulated histories side by side.

    Attributes
    ----------
    table : DataFrame
        A row per comparison: `measure` (new deals, win rate, cycle, value, variation of quarters), `by` (all, month,
        office, product), `name`, `real`, `simulated` (mean), `low` and `high` (the middle 90 % of the runs), `inside`.
    runs : int
    """

    table: pd.DataFrame
    runs: int

    def frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    @property
    def share_inside(self) -> float:
        """Share of the comparisons whose real value lies inside the simulated range."""
        return float(self.table["inside"].mean())

    def words(self, language: str = "en") -> str:
        """Say how many comparisons hold, and name those of the whole company that do not.

        Raises
        ------
        WordsError
            For a language that does not exist.
        """
        lines = [
            sentence(
                "fit check all", language, total=len(self.table), inside=int(self.table["inside"].sum()),
                share=f"{self.share_inside:.0%}",
            )
        ]  # fmt: skip
        for row in self.table[(self.table["by"] == "all") & ~self.table["inside"]].to_dict("records"):
            lines.append(
                sentence(
                    "fit check", language, measure=sentence(_NAMES[str(row["measure"])], language),
                    real=f"{row['real']:,.4g}", low=f"{row['low']:,.4g}", high=f"{row['high']:,.4g}",
                )
            )  # fmt: skip
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Goodness({len(self.table)} comparisons, {self.runs} runs, {self.share_inside:.0%} inside)"


_NAMES = {
    "new deals": "fit measure new deals",
    "win rate": "fit measure win rate",
    "cycle": "fit measure cycle",
    "value": "fit measure value",
    "variation of quarters": "fit measure variation",
}


def goodness_of_fit(crm: CrmData, fit: Fit, *, runs: int = 40, seed: int = 1) -> Goodness:
    """Simulate a fitted market for as long as its history and compare.

    The history is that of the window in which the log is complete, in whole months, counted back from its end. A run
    starts from today's organisation and open deals; deals it opens itself are compared with deals opened in the window.
    Levels are those the fit was settled on; what is compared beyond them is spread over time, offices and products.

    Parameters
    ----------
    crm : CrmData
        The export that was fitted.
    fit : Fit
    runs : int
        10 or more.
    seed : int

    Raises
    ------
    StudyError
        For too few runs, or less than three months of history.
    """
    import pandas as pd

    if runs < _LEAST_RUNS:
        raise StudyError(explain("too few runs to show a range", where="runs", value=runs, allowed="10 or more"))
    history = read_history(crm)
    months = round(history.days / 30.4375)
    if months < 3:
        raise StudyError(
            explain("the history is too short to compare with", where="history", value=f"{history.days:.0f} days",
                    allowed="three months or more")
        )  # fmt: skip
    office = dict(zip(map(str, fit.plan.team["rep"]), map(str, fit.plan.team["group"]), strict=True))
    deals = history.in_window
    first = history.end - pd.DateOffset(months=months)
    seen = pd.DataFrame(
        {
            "created": (deals["created"] - first).dt.total_seconds().to_numpy() / 86400.0,
            "age": deals["age"].to_numpy(),
            "ended": (deals["status"] != "open").to_numpy() & deals["closed"].notna().to_numpy(),
            "won": (deals["status"] == "won").to_numpy(),
            "value": deals["amount"].to_numpy(),
            "product": deals["product"].fillna("product").astype(str).to_numpy(),
            "office": deals["rep"].astype(str).map(office).fillna("").to_numpy(),
        }
    )
    real = _measured(seen[seen["created"] >= 0], months)
    simulated = [
        _measured(_deals_of(simulate(fit.market, fit.plan, months, seed=seed, replication=n), office), months)
        for n in range(runs)
    ]
    table = pd.concat(simulated, axis=1, keys=range(runs))
    kept = real.index.intersection(table.index)
    values = table.reindex(kept)
    frame = pd.DataFrame(
        {
            "real": real[kept],
            "simulated": values.mean(axis=1),
            "low": values.quantile(_TAIL, axis=1),
            "high": values.quantile(1.0 - _TAIL, axis=1),
        }
    )
    frame["inside"] = (frame["real"] >= frame["low"]) & (frame["real"] <= frame["high"])
    return Goodness(frame.reset_index().dropna().reset_index(drop=True), runs)


def _deals_of(run: Run, office: dict[str, str]) -> pd.DataFrame:
    import pandas as pd

    deals = run.world.used("deals")
    deals = deals[(deals["source"] != AT_START) & (deals["step"] >= 0)]
    until = float(run.world["settings"]["until"][0])
    closed = np.where(deals["closed"] >= 0, deals["closed"], until)
    reps = np.array([office.get(name, "") for name in run.world.names.reps], dtype=object)
    return pd.DataFrame(
        {
            "created": deals["created"],
            "age": closed - deals["created"],
            "ended": deals["closed"] >= 0,
            "won": deals["state"] == WON,
            "value": deals["value"],
            "product": np.array(run.world.names.products, dtype=object)[deals["product"]],
            "office": reps[deals["rep"]],
        }
    )


def _measured(deals: pd.DataFrame, months: int) -> pd.Series:
    """Return the measures by (measure, by, name)."""
    import pandas as pd

    length = 365.25 / 12.0
    month = (deals["created"] / length).astype(int).clip(upper=months - 1)
    found: dict[tuple[str, str, str], float] = {}
    groups = {
        "all": pd.Series("", index=deals.index),
        "month": month.map(lambda m: f"{m + 1:03d}"),
        "product": deals["product"],
        "office": deals["office"],
    }
    for by, key in groups.items():
        for name, part in deals.groupby(key):
            if by == "office" and not name:
                continue
            found["new deals", by, str(name)] = float(len(part))
            ended = part[part["ended"]]
            if len(ended):
                found["win rate", by, str(name)] = float(ended["won"].mean())
                found["cycle", by, str(name)] = float(ended["age"].mean())
            won = part[part["won"]]
            if len(won):
                found["value", by, str(name)] = float(won["value"].mean())
    quarters = np.bincount(month // 3, minlength=months // 3)[: months // 3].astype(float)
    if len(quarters) > 1:
        found["variation of quarters", "all", ""] = float(quarters.std(ddof=1) / max(quarters.mean(), 1e-9))
    return pd.Series(found).rename_axis(["measure", "by", "name"])
