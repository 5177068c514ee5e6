"""Opens the cockpit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from salessim.errors import StudyError, explain
from salessim.widgets.bases import base_of
from salessim.widgets.catalogue import FRONT
from salessim.widgets.cockpit import Cockpit
from salessim.widgets.replaying import Effort

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["cockpit"]


def cockpit(
    market: Market | None = None,
    plan: Plan | None = None,
    *,
    lang: str = "en",
    levers: Sequence[str] = FRONT,
    more: bool = True,
    months: int = 24,
    replications: int = 24,
    preview: int = 2,
    draws: int = 24,
    audit: bool = True,
    seed: int = 1,
) -> Cockpit:
    """Open the cockpit on a market: move levers and see at once what they change against the plan given.

    The plan given is the baseline. Levers of the plan move the plan that is compared with it; levers of the market
    move the world under all plans. Every change first shows a preview of few futures, then more of the same, so the
    preview is the beginning of the answer; then replication 0 is audited on SimPy, and the assumptions are moved over
    their ranges for the second line of the verdict.

    Parameters
    ----------
    market, plan : Market, Plan
        Both or none; by default the standard preset.
    lang : {"en", "zh"}
    levers : sequence of str
        The levers in sight, names of settings of the plan and of the market.
    more : bool
        Whether all other levers of the model are there as well, folded into groups.
    months : int
        Length of each run.
    replications, preview : int
        Futures of the answer and of its first preview.
    draws : int
        Draws of the assumptions; 0 leaves them alone.
    audit : bool
        Whether SimPy runs replication 0 of every plan as well.
    seed : int

    Returns
    -------
    Cockpit
        Shows itself as the last line of a cell. Running the cell again closes the cockpit it made before.

    Raises
    ------
    StudyError
        If the numbers of futures cannot be, for a lever that does not exist, or a market without a plan.
    WordsError
        For a language that does not exist.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> opened = cockpit(*preset("small"), months=2, replications=3, draws=0, audit=False)
    >>> opened.set(structure="product", prospecting=0.3)
    >>> opened.wait(120), opened.study.replications
    (True, 3)
    >>> opened.close()
    """
    if (market is None) != (plan is None):
        raise StudyError(
            explain(
                "a cockpit needs a market and a plan, or neither", where="cockpit",
                remedy="Give both, for example ss.cockpit(company.market, company.plan)",
            )
        )  # fmt: skip
    if market is None or plan is None:
        from salessim.model.presets import preset

        market, plan = preset("standard")
    if not 2 <= preview <= replications:
        raise StudyError(
            explain(
                "a preview needs two futures, and cannot have more than the answer", where="cockpit, preview",
                value=f"{preview} of {replications}", allowed=f"2 to {max(replications, 2)}",
            )
        )  # fmt: skip
    effort = Effort(months, replications, preview, draws, audit)
    return Cockpit(base_of(market, plan), effort, tuple(levers), more, seed, lang)
