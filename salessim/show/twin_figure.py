"""One opportunity under two plans, as two lines of time: who waited for whom, who worked on it, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from salessim.show.page import Page, plain_ticks
from salessim.show.style import STYLE, Look, looks_of, mixed
from salessim.study.phrases import phrase, quantity
from salessim.study.twins import trace_deal
from salessim.study.wording import clean, currency_label, stage_label
from salessim.words import label
from salessim.words.terms import checked_language

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from salessim.clocks.run import Run

__all__ = ["twin_alt_text", "twin_figure"]

_LEFT, _START, _END, _RIGHT = 28.0, 210.0, 1060.0, 1252.0
_THICK = 0.34  # of a bar, in rows
_THINNEST = 3.0  # pixels: an hour of work among months of waiting must still be seen

_TEXT = {
    "en": {
        "differ": "The same opportunity: {left} under {first}, {right} under {second}",
        "same": "The same opportunity ends the same way under {first} and {second}: {left}",
        "what": "{product} for {account} ({segment}), {value}. Same customer, same moment, same luck: only who serves "
        "it differs.",
        "days": "days since the opportunity appeared",
        "days of run": "days since the run began, when this deal was already open",
        "waiting": "waits for us",
        "work": "rep at work, travel included",
        "customer": "customer decides",
        "rep": "rep {rep}",
        "facts": "{waited} days waiting for us, {hours} hours of work, travel apart",
        "end": "{outcome} on day {day}",
        "open": "still open when the run ends",
        "stage": "{stage}: {waited} days waiting, {hours} hours of work by {rep}, {outcome} on day {day}",
        "untouched": "{stage}: nobody worked on it",
        "line": "Under {plan}: {stages}.",
        "semicolon": "; ",
        "stop": ".",
    },
    "zh": {
        "differ": "同一个商机：{first}下{left}，{second}下{right}",
        "same": "同一个商机在{first}和{second}下结果相同：{left}",
        "what": "{account}（{segment}）的{product}，{value}。同一客户、同一时刻、同样的运气：不同的只是由谁服务。",
        "days": "商机出现后的天数",
        "days of run": "模拟开始后的天数（该商机当时已在途）",
        "waiting": "等待我方",
        "work": "销售代表跟进（含路途）",
        "customer": "客户决定",
        "rep": "销售代表{rep}",
        "facts": "等待我方{waited}天，跟进{hours}小时（不含路途）",
        "end": "第{day}天{outcome}",
        "open": "模拟结束时仍在途",
        "stage": "{stage}：等待{waited}天，{rep}跟进{hours}小时，第{day}天{outcome}",
        "untouched": "{stage}：无人跟进",
        "line": "{plan}下：{stages}。",
        "semicolon": "；",
        "stop": "。",
    },
}  # fmt: skip


class _Line(NamedTuple):
    """One deal in one run: its stages, with times in days since the opportunity appeared."""

    name: str
    look: Look
    story: pd.DataFrame
    entered: np.ndarray
    started: np.ndarray
    finished: np.ndarray
    left: np.ndarray
    state: str
    ends: float


def twin_figure(left_run: Run, right_run: Run, key: int, language: str = "en") -> Figure:
    """Draw one opportunity under two plans as two lines of time.

    Each stage shows how long the deal waited for the rep, when the rep worked on it (the way to the customer included)
    and how long the customer took to answer; the line ends with the outcome.

    Parameters
    ----------
    left_run, right_run : Run
        Runs of the same market and replication under two plans.
    key : int
        The opportunity, from `salessim.study.twins.twin_deals`.
    language : {"en", "zh"}

    Returns
    -------
    matplotlib.figure.Figure
        12.8 by 5.2 inches at 100 dots to the inch. Nothing is shown or saved.

    Raises
    ------
    StudyError
        If the opportunity did not appear in one of the runs.
    WordsError
        For a language that does not exist.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> from salessim.clocks.simulate import simulate
    >>> from salessim.study.twins import twin_deals
    >>> market, plan = preset("small")
    >>> left, right = simulate(market, plan, 3), simulate(market, plan.but(structure="product"), 3)
    >>> both = twin_deals(left, right).dropna(subset=["rep_left", "rep_right"])
    >>> twin_figure(left, right, int(both["key"].iloc[0])).get_size_inches().tolist()
    [12.8, 5.2]
    """
    words = _TEXT[checked_language(language)]
    lines = _lines(left_run, right_run, key, language)
    page = Page(520)
    title, size = page.fitted(_finding(lines, language), (STYLE["title"], 22, 20), _RIGHT - _LEFT, 2, even=True)
    y = page.block(_LEFT, 20, title, size) + 6
    what, size = page.fitted(_what(left_run, key, language), (STYLE["subtitle"], STYLE["text"]), _RIGHT - _LEFT, 2)
    top = page.block(_LEFT, y, what, size, STYLE["faint"]) + 12
    top = _legend(page, top, words) + 10
    bottom = page.height - 60.0
    longest = max(line.ends for line in lines)
    ax = page.axes(_START, top, _END, bottom)
    ax.set_xlim(0.0, 1.02 * max(longest, 1.0))
    ax.set_ylim(1.5, -0.5)
    page.ticks(ax, "y", [], [])
    page.ticks(ax, "x", *plain_ticks(0.0, 1.02 * max(longest, 1.0), 9))
    old = _deal(left_run, key)["created"] < 0
    page.text(_END, bottom + 32, words["days of run" if old else "days"], STYLE["small"], STYLE["faint"], right=True)
    for row, line in enumerate(lines):
        middle = top + (bottom - top) * (row + 0.5) / 2
        _draw(page, ax, (row, middle, _THICK * (bottom - top) / 4), line, language)
    return page.figure


def twin_alt_text(left_run: Run, right_run: Run, key: int, language: str = "en") -> str:
    """Tell both stories in words, for those who cannot see the figure; parameters and errors as in `twin_figure`."""
    words = _TEXT[checked_language(language)]
    lines = _lines(left_run, right_run, key, language)
    parts = [_finding(lines, language) + words["stop"], _what(left_run, key, language)]
    for line in lines:
        stages = []
        for n, row in enumerate(line.story.itertuples()):
            stage = stage_label(str(row.stage), language)
            if not line.started[n] >= 0:
                stages.append(words["untouched"].format(stage=stage))
                continue
            stages.append(
                words["stage"].format(
                    stage=stage, rep=row.rep, waited=f"{row.waited_days:.1f}", hours=f"{row.hours:.1f}",
                    outcome=_outcome(str(row.outcome), language),
                    day=f"{line.left[n] if line.left[n] >= 0 else line.ends:.0f}",
                )
            )  # fmt: skip
        parts.append(words["line"].format(plan=line.name, stages=words["semicolon"].join(stages)))
    return phrase(language, "space").join(parts)


def _lines(left: Run, right: Run, key: int, language: str) -> list[_Line]:
    names = [label(f"structure.{run.plan.structure}", language) for run in (left, right)]
    if names[0] == names[1]:
        names = [clean(run.plan.name) for run in (left, right)]
    looks = looks_of({"left": left.plan, "right": right.plan})
    stories = [trace_deal(run, key) for run in (left, right)]  # refuses a key that is not there
    deals = [_deal(run, key) for run in (left, right)]
    origin = max(min(float(deal["created"]) for deal in deals), 0.0)
    found = []
    for run, name, look, story, deal in zip((left, right), names, looks.values(), stories, deals, strict=True):
        steps = run.world.used("steps")
        mine = steps[steps["deal"] == _row(run, key)]
        times = {
            column: np.where(mine[column] >= 0, mine[column] - origin, np.nan)
            for column in ("entered", "started", "finished", "left")
        }
        until = float(run.world["settings"]["until"][0])
        ends = (float(deal["closed"]) if deal["closed"] >= 0 else until) - origin
        state = run.frame("deals")["state"].iloc[_row(run, key)]
        found.append(_Line(name, look, story, **times, state=str(state), ends=ends))
    return found


def _row(run: Run, key: int) -> int:
    return int(np.flatnonzero(run.world.used("deals")["key"] == np.uint64(key))[0])


def _deal(run: Run, key: int) -> np.void:
    found: np.void = run.world.used("deals")[_row(run, key)]
    return found


def _finding(lines: list[_Line], language: str) -> str:
    words = _TEXT[language]
    left, right = (_state(line, language) for line in lines)
    kind = "differ" if lines[0].state != lines[1].state else "same"
    return words[kind].format(left=left, right=right, first=lines[0].name, second=lines[1].name)


def _state(line: _Line, language: str) -> str:
    return label(f"state.{line.state}", language)


def _what(run: Run, key: int, language: str) -> str:
    deal, names = _deal(run, key), run.world.names
    segment = names.segments[int(run.world["accounts"]["segment"][int(deal["account"])])]
    value = quantity(float(deal["value"]), language, unit=currency_label(run.market.currency, language))
    return _TEXT[language]["what"].format(
        product=clean(names.products[int(deal["product"])]), account=clean(names.accounts[int(deal["account"])]),
        segment=clean(segment), value=value,
    )  # fmt: skip


def _outcome(word: str, language: str) -> str:
    """Return the outcome of a stage: advanced, in progress, or the state in which the deal ended."""
    own = {"advanced": {"en": "advanced", "zh": "推进"}, "in progress": {"en": "in progress", "zh": "进行中"}}
    return own[word][language] if word in own else label(f"state.{word}", language)


def _legend(page: Page, y: float, words: dict[str, str]) -> float:
    from matplotlib.patches import Rectangle

    x = _START
    for kind in ("waiting", "work", "customer"):
        style = _style(kind, Look(STYLE["faint"], STYLE["faint"], "o", "solid"))
        page.figure.add_artist(
            Rectangle((x / page.width, 1.0 - (y + 15) / page.height), 26 / page.width, 14 / page.height, **style)
        )
        page.text(x + 34, y + 8, words[kind], STYLE["small"], middle=True)
        x += 34 + page.wide(words[kind], STYLE["small"]) + 36
    return y + 18


def _style(kind: str, look: Look) -> dict[str, Any]:
    """Return how a span is drawn: waiting is hatched, work is solid, the customer's time is pale."""
    if kind == "waiting":
        return {
            "facecolor": "#ffffff",
            "edgecolor": "#8a8a8a",
            "linewidth": 1.0,
            "hatch": "////",
            "hatch_linewidth": 0.8,
        }
    if kind == "work":
        return {"facecolor": look.ink, "edgecolor": look.ink, "linewidth": 0.0}
    return {"facecolor": mixed("#ffffff", look.colour, 0.3), "edgecolor": look.colour, "linewidth": 1.0}


def _draw(page: Page, ax: Axes, at: tuple[int, float, float], line: _Line, language: str) -> None:
    """Draw one line of time; `at` is its row, its middle and half the thickness of its bar in pixels."""
    from matplotlib.patches import Rectangle

    words = _TEXT[language]
    row, middle, half = at
    per_day = (_END - _START) / ax.get_xlim()[1]
    for n in range(len(line.story)):
        start, done = line.started[n], line.finished[n]
        answered = line.left[n] if line.left[n] >= 0 else line.ends
        spans = [("waiting", line.entered[n], start if start >= 0 else line.ends)]
        if start >= 0:
            spans.append(("customer", done if done >= 0 else line.ends, answered))
            spans.append(("work", start, max(done if done >= 0 else line.ends, start + _THINNEST / per_day)))
        for kind, low, high in spans:
            if high > low:
                ax.add_patch(
                    Rectangle((low, row - _THICK / 2), high - low, _THICK, zorder=3, **_style(kind, line.look))
                )
    for n, name, low, high in _named_stages(page, line, per_day, language):
        x = _START + (low + high) / 2 * per_day
        page.text(x, middle - half - 15, name, STYLE["small"], STYLE["faint"], centre=True, middle=True)
        if n:
            ax.plot([low, low], [row - 0.62 * _THICK, row + 0.62 * _THICK], color=STYLE["ink"], linewidth=1.2, zorder=4)
    reps = list(dict.fromkeys(str(rep) for rep in line.story["rep"]))
    who = words["rep"].format(rep=phrase(language, "comma").join(clean(rep) for rep in reps))
    page.text(_LEFT, middle - 12, line.name, STYLE["head"], line.look.ink, middle=True)
    page.text(_LEFT, middle + 13, page.wrapped(who, STYLE["small"], _START - _LEFT - 16, 1)[0], STYLE["small"],
              STYLE["faint"], middle=True)  # fmt: skip
    facts = words["facts"].format(
        waited=f"{np.nansum(line.story['waited_days']):.1f}", hours=f"{np.nansum(line.story['hours']):.1f}"
    )
    page.text(_START, middle + half + 16, facts, STYLE["small"], STYLE["faint"], middle=True)
    ended = line.state not in ("waiting", "working", "customer")
    says = words["end"].format(outcome=_state(line, language), day=f"{line.ends:.0f}") if ended else words["open"]
    x = _START + line.ends * per_day
    ax.plot([line.ends], [row], marker=_MARKERS.get(line.state, "o"), markersize=15, color=line.look.ink, zorder=6,
            markeredgecolor="#ffffff", markeredgewidth=1.5, linestyle="none", clip_on=False)  # fmt: skip
    text, size = page.fitted(says, (STYLE["head"], STYLE["text"], STYLE["small"]), _RIGHT - x - 18, 2, even=True)
    for n, part in enumerate(text):
        page.text(x + 16, middle + 20 * (n - (len(text) - 1) / 2), part, size, line.look.ink, middle=True)


_MARKERS = {"won": "*", "lost": "X", "no_decision": "X", "disqualified": "X", "expired": "X"}


def _named_stages(page: Page, line: _Line, per_day: float, language: str) -> list[tuple[int, str, float, float]]:
    """Return number, name (cut to its place), begin and end of each stage."""
    found = []
    for n, name in enumerate(line.story["stage"]):
        low = float(line.entered[n])
        high = float(line.left[n]) if line.left[n] >= 0 else line.ends
        room = (high - low) * per_day - 6
        name = stage_label(str(name), language)
        if page.wide(name, STYLE["small"]) > room:
            name = page.wrapped(name, STYLE["small"], room, 1)[0] if room > 40 else ""
        found.append((n, name, low, high))
    return found
