"""The pay plan as a picture: what it pays for which result, what everybody got, and how many reach their quota."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.pay.curve import compile_component, payouts
from salessim.show.bars import draw_bars
from salessim.show.legend import draw_legend
from salessim.show.page import Page, plain_ticks
from salessim.show.style import STYLE, Look, mixed
from salessim.study.phrases import quantity, share
from salessim.study.wording import currency_label, scale
from salessim.words import label, sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from salessim.clocks.run import Run
    from salessim.model.pay import Component, Pay

__all__ = ["Earnings", "Payouts", "earnings_of", "payout_alt_text", "payout_figure", "payouts_of"]

Floats = NDArray[np.float64]
_LEVEL = 0.95
_YEAR = 12
_PERIODS = {"day": 365.0, "month": 12.0, "quarter": 4.0, "year": 1.0}  # in a year
_THERE = 0.95  # of the days of a year: somebody who was there for less had no whole year to reach a quota in
_MOST_DOTS = 1_500
_BINS = 24
_POINTS = 241
_BESIDE = 196.0
_IN_MONEY = frozenset({"bookings", "revenue", "margin", "cash_collected"})


class Earnings(NamedTuple):
    """What everybody who was there got in every whole year of one future (in the run, where it is shorter).

    Attributes
    ----------
    result : (rep-years,) array
        Attainment of the quota of the component that leads, or its credit where it has no quota.
    variable : (rep-years,) array
        Variable pay that was paid.
    per_result : (components,) array
        Credit of each component over the credit of the one that leads, all years together.
    quota : float
        Mean quota of a year of the component that leads; NaN without one.
    months : int
        Months of such a year.
    """

    result: Floats
    variable: Floats
    per_result: Floats
    quota: float
    months: int


class Payouts(NamedTuple):
    """What the picture shows.

    Attributes
    ----------
    attained : bool
        Whether results are attainments (1 is quota), else credit in the unit of the measure.
    measure : str
        What the component that leads counts.
    title : str
        What the statement calls it.
    results, variable : (rep-years,) arrays
        Of all futures.
    line_at, line : (points,) arrays
        Results, and what the whole plan pays for each where it comes in evenly over the year.
    reached, reached_half : float
        Share of rep-years with a result of the quota or more: mean over futures, half of its 95 % interval; NaN
        without a quota.
    mean, mean_half : float
        Variable pay of a rep-year, in the same way.
    low, high : float
        10th and 90th percentile of the variable pay of a rep-year.
    """

    attained: bool
    measure: str
    title: str
    results: Floats
    variable: Floats
    line_at: Floats
    line: Floats
    reached: float
    reached_half: float
    mean: float
    mean_half: float
    low: float
    high: float


def _leading(pay: Pay) -> int:
    """Return the place of the component that leads: the one on own quota over the longest period, else the first."""
    own = [place for place, part in enumerate(pay.components) if part.counts == "own"]
    on_quota = [place for place in own if pay.components[place].basis == "attainment"]
    if on_quota:
        return min(on_quota, key=lambda place: _PERIODS[pay.components[place].period])
    return own[0] if own else 0


def _attained(part: Component) -> bool:
    return part.basis == "attainment" and part.counts == "own"


def earnings_of(run: Run) -> Earnings | None:
    """Return what everybody got in a run; None where its plan has no variable pay.

    Examples
    --------
    >>> from salessim.clocks.simulate import simulate
    >>> from salessim.model.pay_files import pay_preset
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> found = earnings_of(simulate(market, plan.but(pay=pay_preset("accelerator")), 12))
    >>> found.quota, bool(len(found.result) <= 8)
    (750000.0, True)
    >>> earnings_of(simulate(market, plan, 2)) is None
    True
    """
    pay = run.plan.phases[0][0].pay
    if pay is None or not pay.components:
        return None
    n, rows = len(run.world.names.reps), run.world["components"]  # the components of the first plan come first
    parts, lead = len(pay.components), _leading(pay)
    months = min(run.months, int(rows["end"][lead]))
    span = min(_YEAR, months)
    years = months // span
    cents = run.world["credits"]["cents"].reshape(len(rows), n, -1)[:parts, :, : years * span]
    credit = cents.reshape(parts, n, years, span).sum(axis=3) / 100.0
    diary = run.world["diary"].reshape(n, -1)[:, : years * span]
    variable = diary["variable"].reshape(n, years, span).sum(axis=2)
    days = diary["present_days"].reshape(n, years, span).sum(axis=2)
    there = days >= _THERE * float(days.max(initial=1.0))
    part = pay.components[lead]
    result, quota = credit[lead], float("nan")
    if _attained(part):
        quotas = run.world["quotas"]["first"].reshape(len(rows), n)[lead] * _PERIODS[part.period] * span / _YEAR
        result, quota = result / quotas[:, None], float(quotas.mean())
    total = float(credit[lead].sum())
    ratio = credit.sum(axis=(1, 2)) / total if total > 0.0 else np.zeros(parts)
    return Earnings(result[there], variable[there], ratio, quota, span)


def payouts_of(pay: Pay, earnings: Sequence[Earnings]) -> Payouts:
    """Reduce what everybody got, future by future, to what the picture shows.

    Parameters
    ----------
    pay : Pay
        With one component or more.
    earnings : sequence of Earnings
        One for each future.
    """
    part = pay.components[_leading(pay)]
    results = np.concatenate([one.result for one in earnings])
    variable = np.concatenate([one.variable for one in earnings])
    attained = _attained(part)
    reached, reached_half = _mean([float((one.result >= 1.0).mean()) for one in earnings if len(one.result)])
    mean, mean_half = _mean([float(one.variable.mean()) for one in earnings if len(one.variable)])
    high = float(np.quantile(results, 0.995)) if len(results) else 1.0
    line_at = np.linspace(0.0, max(high, 1.3 if attained else high) or 1.0, _POINTS)
    low, up = np.quantile(variable, [0.1, 0.9]) if len(variable) else (np.nan, np.nan)
    return Payouts(
        attained, part.measure, part.title, results, variable, line_at, _line(pay, line_at, earnings),
        reached if attained else float("nan"), reached_half, mean, mean_half, float(low), float(up),
    )  # fmt: skip


def _line(pay: Pay, at: Floats, earnings: Sequence[Earnings]) -> Floats:
    """Return what a plan pays a rep in a year for own results that come in evenly; what teams earn is not in it."""
    months = earnings[0].months
    ratio = np.mean([one.per_result for one in earnings], axis=0)
    quota = float(np.mean([one.quota for one in earnings]))
    lead = pay.components[_leading(pay)]
    credit = at * quota if _attained(lead) else at
    total = np.zeros(len(at))
    for place, part in enumerate(pay.components):
        if part.counts != "own":
            continue
        periods = _PERIODS[part.period] * months / _YEAR
        own = credit if part is lead else credit * ratio[place]
        total += periods * payouts(compile_component(part, _quota(part, lead, quota / periods)), 0, own / periods)
    return total


def _quota(part: Component, lead: Component, mean: float) -> float | None:
    """Return the quota of a period where the component has none of its own."""
    return mean if part.basis == "attainment" and (part.quota is None or part is lead) else None


def _mean(values: Sequence[float]) -> tuple[float, float]:
    from scipy.special import stdtrit

    n = len(values)
    if not n:
        return float("nan"), float("nan")
    half = float(stdtrit(n - 1, 0.5 + _LEVEL / 2.0) * np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    return float(np.mean(values)), half


def payout_figure(
    found: Sequence[Payouts], names: Sequence[str], looks: Sequence[Look], currency: str, language: str = "en", *,
    width: int = 736, height: int = 254,
) -> Figure:  # fmt: skip
    """Draw pay plans: above what they pay for which result, below how often each result comes.

    Parameters
    ----------
    found : sequence of Payouts
        Of one plan or of several; the last is drawn with everybody's pay, the others as outlines. One whose results
        are of another kind than those of the last is left out.
    names, looks : sequences
        Of every plan.
    currency : str
        Of the market.
    language : {"en", "zh"}
    width, height : int
        In pixels.
    """
    page = Page(height, width)
    main = found[-1]
    kept = [place for place, one in enumerate(found) if (one.attained, one.measure) == (main.attained, main.measure)]
    draw_legend(page, [names[place] for place in kept], [looks[place] for place in kept], 4.0, width - 4.0, 12.0)
    currency = currency_label(currency, language)
    tallest = max(float(np.max([*found[place].line, *found[place].variable[:1]])) for place in kept)
    tallest = max(tallest, float(np.quantile(main.variable, 0.995)) if len(main.variable) else 0.0)
    money, unit = scale(tallest or 1.0, currency, language)
    reach = max(float(found[place].line_at[-1]) for place in kept)
    size, x_unit = (1.0, "") if main.attained else scale(reach, _unit(main.measure, currency), language)
    left, right, middle, bottom = 64.0, width - _BESIDE - 18.0, 0.61 * height, height - 27.0
    upper, lower = page.axes(left, 46.0, right, middle), page.axes(left, middle + 18.0, right, bottom)
    for ax in (upper, lower):
        ax.set_xlim(0.0, reach / size)
        if main.attained:
            ax.axvline(1.0, color=STYLE["faint"], linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    upper.set_ylim(0.0, 1.06 * tallest / money or 1.0)
    edges = np.linspace(0.0, reach, _BINS + 1)
    most = max(_histogram(lower, found[place], looks[place], edges, size, place == kept[-1]) for place in kept)
    lower.set_ylim(0.0, 1.08 * most or 1.0)
    for place in kept:
        if place == kept[-1] or not _alike(found[place], main):
            _curve(upper, found[place], looks[place], size, money, place == kept[-1])
    page.text(4, 27, sentence("payout axis", language, unit=unit), STYLE["small"], STYLE["faint"])
    page.ticks(upper, "x", [], [])
    page.ticks(upper, "y", *plain_ticks(0.0, 1.06 * tallest / money or 1.0, 4))
    page.ticks(lower, "y", [0.0, most], [share(0.0, language), share(most, language)])
    places, texts = plain_ticks(0.0, reach / size, 7)
    page.ticks(lower, "x", places, [share(x, language) for x in places] if main.attained else texts)
    key = "payout attainment" if main.attained else "payout credit" if x_unit else "payout credit count"
    what = sentence(key, language, measure=label(f"pay.{main.measure}", language), unit=x_unit)
    page.text(left + 4, middle + 4, page.wrapped(what, STYLE["small"], right - left - 8, 1)[0], STYLE["small"],
              STYLE["faint"])  # fmt: skip
    _beside(page, main, looks[-1], right + 20, currency, language)
    return page.figure


def payout_alt_text(found: Payouts, name: str, currency: str, language: str = "en") -> str:
    """Say what the picture shows: who reaches the quota, and what it costs."""
    if not np.isfinite(found.mean):
        return sentence("payout nobody", language, plan=name)
    unit = currency_label(currency, language)
    pays = {
        "plan": name, "mean": _short(found.mean, language, unit), "low": _short(found.low, language),
        "high": _short(found.high, language, unit),
    }  # fmt: skip
    if not np.isfinite(found.reached):
        return sentence("payout finding", language, **pays)
    return sentence("payout finding quota", language, share=share(found.reached, language), **pays)


def _unit(measure: str, currency: str) -> str:
    """Return the unit of credit: money, or none."""
    return currency if measure in _IN_MONEY else ""


def _alike(one: Payouts, other: Payouts) -> bool:
    """Say whether two plans pay the same for every result that both know."""
    at = np.linspace(0.0, min(one.line_at[-1], other.line_at[-1]), _POINTS)
    mine, theirs = (np.interp(at, plan.line_at, plan.line) for plan in (one, other))
    return bool(np.allclose(mine, theirs, rtol=0.01, atol=0.01 * float(mine.max())))


def _short(number: float, language: str, unit: str = "") -> str:
    """Write money to three digits: more would be more than anybody knows."""
    return quantity(float(f"{number:.3g}"), language, unit=unit)


def _histogram(ax: Axes, found: Payouts, look: Look, edges: Floats, size: float, main: bool) -> float:
    """Draw how often each result comes, as shares of all rep-years; return the largest share."""
    counts, _ = np.histogram(np.clip(found.results, edges[0], edges[-1]), edges)
    shares = counts / max(len(found.results), 1)
    if main:
        colour = mixed("#ffffff", look.colour, 0.5)
        middles, wide = (edges[:-1] + edges[1:]) / 2.0 / size, float(edges[1] - edges[0]) / size
        draw_bars(ax, middles, shares, 0.92 * wide, facecolor=colour, zorder=2)
    else:
        ax.stairs(shares, edges / size, color=look.colour, linewidth=1.8, linestyle=look.line, zorder=3)
    return float(shares.max(initial=0.0))


def _curve(ax: Axes, found: Payouts, look: Look, size: float, money: float, main: bool) -> None:
    if main and len(found.results):
        step = max(1, -(-len(found.results) // _MOST_DOTS))
        ax.plot(found.results[::step] / size, found.variable[::step] / money, marker="o", linestyle="none", zorder=2,
                color=mixed("#ffffff", look.colour, 0.55), markersize=2.6, markeredgewidth=0, alpha=0.5)  # fmt: skip
    ax.plot(found.line_at / size, found.line / money, color=look.ink if main else look.colour, linestyle=look.line,
            linewidth=2.6 if main else 1.8, zorder=4)  # fmt: skip


def _beside(page: Page, found: Payouts, look: Look, left: float, currency: str, language: str) -> None:
    """Write the figures that matter, each with its interval, beside the picture."""
    room, y = page.width - left - 4.0, 32.0
    rows = []
    if np.isfinite(found.reached):
        half = f"{100.0 * found.reached_half:.0f}" if np.isfinite(found.reached_half) else "–"
        rows.append(("payout reached", share(found.reached, language), {"half": half}))
    if np.isfinite(found.mean):
        half = _short(found.mean_half, language) if np.isfinite(found.mean_half) else "–"
        rows.append(("payout mean", _short(found.mean, language, currency), {"half": half}))
        ends = {"low": _short(found.low, language), "high": _short(found.high, language)}
        rows.append(("payout spread", sentence("range", language, **ends), {}))
    for key, number, fields in rows:
        big, size = page.fitted(number, (18, 16, 14), room, 1)
        page.text(left, y, big[0], size, look.ink)
        lines = page.wrapped(sentence(key, language, **fields), STYLE["small"], room, 2)
        y = page.block(left, y + 24, lines, STYLE["small"], STYLE["faint"]) + 10
