"""The result of a comparison: measures, differences, verdict, what it hangs on."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.measures import MEASURES, measure
from salessim.study.design import Importance, importance
from salessim.study.differences import Differences, paired_differences
from salessim.study.holding import Holding
from salessim.study.verdict import Verdict, verdict

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.study.explain import Explanation

__all__ = ["Assumed", "Study"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Assumed:
    """The assumptions moved: names, draws, and each plan's difference from the baseline at each draw (shares)."""

    names: tuple[str, ...]
    points: Floats
    differences: Floats


@dataclass(frozen=True, eq=False)
class Study:
    """Several plans replayed on the same futures of one market.

    Attributes
    ----------
    market : Market
    plans : dict of str to Plan
    months, seed : int
    baseline : int
        Place of the plan the others are compared with.
    measure_name : str
        The measure that decides.
    delta : float
        Smallest difference that matters, a share.
    table : (replications, plans, measures) array
    monthly : (replications, plans, months) array
        Revenue of each month.
    earned : (replications, plans, months) array
        Contribution of each month.
    assumed : Assumed or None
        The assumptions moved.
    audited : bool or None
        Whether SimPy left the same tables as the compiled clock in replication 0 of every plan; None: not asked.
    moved : dict of str to int
        Accounts that change their rep at the start under each plan.
    processes : dict of str to tuple of str
        Plans that ran on SimPy with processes of the user's own, and what these are called.
    not_kept : tuple of str
        Plans whose results a store was not given: a process of theirs depends on something that has no hash.
    other_version : str
        Empty for a study made here; of a loaded one the version that made it, where its results may differ from what
        this one would find.
    """

    market: Market
    plans: dict[str, Plan]
    months: int
    seed: int
    baseline: int
    measure_name: str
    delta: float
    table: Floats
    monthly: Floats
    earned: Floats
    assumed: Assumed | None
    audited: bool | None
    moved: dict[str, int]
    processes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    not_kept: tuple[str, ...] = ()
    other_version: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the plans."""
        return tuple(self.plans)

    @property
    def replications(self) -> int:
        """Number of paired replications."""
        return len(self.table)

    def values(self, measure_name: str | None = None) -> Floats:
        """Return one measure, shape (replications, plans).

        Raises
        ------
        StudyError
            For a measure that does not exist.
        """
        name = measure(measure_name or self.measure_name).name
        return self.table[:, :, [entry.name for entry in MEASURES].index(name)]

    def differences(self, measure_name: str | None = None, level: float = 0.95) -> Differences:
        """Return the paired differences from the baseline with simultaneous intervals."""
        return paired_differences(self.values(measure_name), self.baseline, level)

    @cached_property
    def judged(self) -> Verdict:
        """The verdict as data; see `verdict` for words."""
        chosen = measure(self.measure_name)
        return verdict(
            self.values(), self.names, baseline=self.baseline, delta=self.delta,
            higher_is_better=chosen.better != "down", measure=self.measure_name,
            unit=self.market.currency if chosen.unit == "currency" else "",
        )  # fmt: skip

    @cached_property
    def holding(self) -> Holding | None:
        """In which share of draws of the assumptions the verdict holds."""
        return self.judged.holds(self.assumed.differences) if self.assumed is not None else None

    @cached_property
    def hangs_on(self) -> list[Importance]:
        """The assumptions that move the difference between the two plans of the headline, the strongest first."""
        if self.assumed is None or len(self.assumed.points) < 20:
            return []
        head = self.judged.headline
        gap = self.assumed.differences[:, head.plan] - self.assumed.differences[:, head.against]
        if np.ptp(gap) == 0:
            return []
        return importance(self.assumed.names, self.assumed.points, gap)

    def verdict(self, language: str = "en") -> str:
        """Say the verdict and its second line in words."""
        from salessim.study.wording import verdict_text

        return verdict_text(self, language)

    def summary(self) -> pd.DataFrame:
        """Return the mean of every measure per plan, one row per measure."""
        import pandas as pd

        return pd.DataFrame(
            self.table.mean(axis=0).T, index=[entry.name for entry in MEASURES], columns=list(self.names)
        )

    def to_frame(self) -> pd.DataFrame:
        """Return every measure of every replication in long form: plan, replication, measure, value."""
        import pandas as pd

        n, k, m = self.table.shape
        index = pd.MultiIndex.from_product(
            [range(n), self.names, [entry.name for entry in MEASURES]], names=["replication", "plan", "measure"]
        )
        return pd.Series(self.table.reshape(n * k * m), index=index, name="value").reset_index()

    def plot(self, language: str = "en") -> Figure:
        """Draw the answer: the differences with their intervals, and revenue over time."""
        from salessim.show.study_figure import study_figure

        return study_figure(self, language)

    def report(
        self, path: str | Path, language: str = "en", *, question: str = "", explanation: Explanation | None = None,
        date: dt.date | None = None,
    ) -> Path:  # fmt: skip
        """Write the report to hand on, as .html, .pdf or .xlsx; see `salessim.show.report.report`."""
        from salessim.show.report import report

        return report(self, path, language, question=question, explanation=explanation, date=date)

    def save(self, path: str | Path) -> Path:
        """Write the study, with market and plans, to one Parquet file; see `salessim.study.saved`."""
        from salessim.study.saved import save_study

        return save_study(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Study:
        """Read a study that `save` wrote, equal to the last bit.

        Raises
        ------
        StudyError
            If the file is not there, no study, damaged, or written by a newer version.
        """
        from salessim.study.saved import load_study

        return load_study(path)

    def _repr_html_(self) -> str:
        from salessim.study.wording import study_html

        return study_html(self)

    def __repr__(self) -> str:
        own = "".join(f"; {name} on SimPy with {', '.join(given)}" for name, given in self.processes.items())
        other = f"; made by another version, {self.other_version}" if self.other_version else ""
        return f"Study({', '.join(self.names)}; {self.replications} replications, {self.months} months{own}{other})"
