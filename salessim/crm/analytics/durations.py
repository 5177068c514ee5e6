"""How long deals stay and how stays end: stage by stage and for the whole cycle, open deals being censored."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salessim.crm.analytics.spells import CAUSES, Spells, curves, incidence, median_days

__all__ = ["LOSSES", "curves_of", "cycle_of", "outcomes_of", "stage_table"]

LOSSES = ("lost", "no_decision", "disqualified")
"""Ends of a deal without a sale."""


def stage_table(spells: Spells) -> pd.DataFrame:
    """Return conversion and durations stage by stage; see `Funnel.by_stage`."""
    rows = []
    for stage in spells.order:
        here = spells.frame[spells.frame["stage"] == stage]
        days, cause = here["days"].to_numpy(), here["cause"].to_numpy()
        ended = here[~here["open"]].drop_duplicates("deal_id")
        rows.append(
            {
                "stage": stage,
                "entered": int(here["deal_id"].nunique()),
                "open": int((cause == 0).sum()),
                **incidence(days, cause),
                "won_of_entered_closed": float(ended["won"].mean()) if len(ended) else float("nan"),
                "median_days": median_days(days, cause),
                "days_90": median_days(days, cause, 0.9),
            }
        )
    ends = (*CAUSES, "still_there")
    columns = ["stage", "entered", "open", *ends, "won_of_entered_closed", "median_days", "days_90"]
    return pd.DataFrame(rows, columns=columns).set_index("stage")


def outcomes_of(cycles: Spells) -> pd.Series:
    """Return the share of deals that end in each way; see `Funnel.outcomes`."""
    shares = incidence(cycles.frame["days"].to_numpy(), cycles.frame["cause"].to_numpy())
    return pd.Series(
        {"won": shares["advanced"], **{how: shares[how] for how in LOSSES}, "still_open": shares["still_there"]}
    )


def cycle_of(cycles: Spells) -> pd.Series:
    """Return median days from creation to the end; see `Funnel.cycle`."""
    days, cause = cycles.frame["days"].to_numpy(), cycles.frame["cause"].to_numpy()
    lost = np.isin(cause, [2, 3, 4])
    return pd.Series(
        {
            "won": float(np.median(days[cause == 1])) if (cause == 1).any() else float("nan"),
            "lost": float(np.median(days[lost])) if lost.any() else float("nan"),
            "all_censored": median_days(days, cause),
        }
    )


def curves_of(spells: Spells, stage: str | None = None) -> pd.DataFrame:
    """Return cumulative incidence by age; see `Funnel.curves`."""
    frame = spells.frame if stage is None else spells.frame[spells.frame["stage"] == stage]
    found = curves(frame["days"].to_numpy(), frame["cause"].to_numpy())
    return found if stage is not None else found.rename(columns={"advanced": "won"}).drop(columns="moved_back")
