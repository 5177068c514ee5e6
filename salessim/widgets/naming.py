"""What is compared, in words: plans named by what they are and by the levers that make them differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from salessim.study.phrases import phrase, quantity
from salessim.study.wording import capital
from salessim.widgets.answer import Named
from salessim.widgets.catalogue import Start, choice_words, lever, name_of
from salessim.widgets.history import Setting
from salessim.widgets.levers import Levers
from salessim.widgets.texts import text
from salessim.words import label

if TYPE_CHECKING:
    from salessim.model.plan import Plan

__all__ = ["LETTERS", "lever_words", "named"]

LETTERS = "ABCD"
"""What pinned plans are called, the oldest first."""

_IN_NAME = ("structure", "reps")
_MOST = 3  # levers, or levers and how many more, that a name lists


def named(
    setting: Setting, plan: Plan, language: str, pins: tuple[str, ...] = (), *, whole: bool = False
) -> Named:
    """Name baseline, plan and pins of a setting.

    Parameters
    ----------
    setting : Setting
    plan : Plan
        The baseline.
    language : {"en", "zh"}
    pins : tuple of str
        The letters of the pins that are compared.
    whole : bool
        Whether every lever is named, however many; otherwise the first, and how many more.

    Examples
    --------
    >>> from salessim.model.plan import Plan
    >>> named(Setting(Levers().but(structure="product", growth=0.1)), Plan(reps=8), "en")
    Named(heading='Product against territory · growth of demand +10 %', plans=('territory', 'product'))
    """
    mine = setting.levers.of("plan")
    live = mine.plan(plan).phases[-1][0]
    full = live.headcount != plan.headcount or live.structure == plan.structure
    most = len(setting.levers.items) if whole else _MOST
    base, now = _plan(Levers(), plan, language, full, most), _plan(mine, plan, language, full, most)
    others = tuple(
        text("pinned", language, letter=letter, plan=_plan(one, plan, language, "reps" in one.moved, most))
        for letter, one in zip(LETTERS, setting.pins, strict=False)
        if letter in pins
    )
    market = [lever_words(name, value, language) for name, value in setting.levers.of("market").items]
    said = _listed(market, language, most) or text("as given", language)
    heading = capital(text("heading", language, live=now, base=base))
    return Named(f"{heading} · {said}", (base, now, *others))


def _plan(levers: Levers, plan: Plan, language: str, full: bool, most: int) -> str:
    """Name the plan that some levers make of the baseline."""
    made = levers.plan(plan).phases[-1][0]  # what it comes to, where it changes on the way
    name = label(f"structure.{made.structure}", language)
    if full:
        name = text("with reps", language, structure=name, reps=made.headcount)
    rest = [lever_words(key, value, language) for key, value in levers.items if key not in _IN_NAME]
    return text("with levers", language, plan=name, levers=_listed(rest, language, most)) if rest else name


def _listed(said: Sequence[str], language: str, most: int) -> str:
    """List the first levers and how many more there are: a name stands in every sentence, and the page has its size."""
    if len(said) > most:
        said = [*said[: most - 1], text("and more", language, n=len(said) - most + 1)]
    return phrase(language, "comma").join(said)


def lever_words(name: str, value: Start, language: str) -> str:
    """Name a lever and where it stands.

    Examples
    --------
    >>> lever_words("prospecting", 0.25, "en"), lever_words("keep", "balance", "en")
    ('share of prospecting 25 %', 'who keeps an account balance')
    """
    one = lever(name)
    if one.kind == "choice":
        said = choice_words(one, str(value), language)
    elif isinstance(value, bool):
        said = text("on" if value else "off", language)
    elif one.percent:
        assert value is not None
        number = float(value)
        sign = "−" if number < 0 else "+" if one.unit == "per year" and number > 0 else ""
        said = sign + quantity(abs(number), language, relative=True)
    else:
        said = f"{value:,.10g}"
    return text("lever set", language, name=name_of(one, language), value=said)
