"""Exercises of the lessons: questions with answers that are checked, and hints where they are not right."""

from __future__ import annotations

import math
from dataclasses import dataclass

from salessim.errors import StudyError, explain, nearest

__all__ = ["EXERCISES", "Exercise", "check"]


@dataclass(frozen=True)
class Exercise:
    """One exercise: the right answer, how near is near enough (relative), and hints in both languages."""

    answer: float | str
    tolerance: float
    hint_en: str
    hint_zh: str


def _break_even(travel: float, talk: float, products: int, elasticity: float) -> float:
    """Skill gain at which specialists break even with generalists: rho^(-elasticity) - 1, rho the productive share."""
    rho = (travel + products * talk) / (products * (travel + talk))
    return rho**-elasticity - 1.0


def _made_up_for(begins: int, gaps: tuple[float, ...]) -> float:
    """Month, counted from the start, from which gaps that begin after `begins` months add up to zero or more."""
    behind = [n for n in range(1, len(gaps) + 1) if sum(gaps[:n]) < 0]
    return float(begins + max(behind, default=0) + 1)


EXERCISES: dict[str, Exercise] = {
    "1.1 productive share": Exercise(
        (1.0 + 2 * 0.5) / (2 * (1.0 + 0.5)), 0.01,
        "A generalist drives once and talks about both products; two specialists drive twice. Divide (travel + 2 talk) "
        "by 2 (travel + talk).",
        "综合型销售跑一趟谈两个产品；两名专员各跑一趟。用（路途 + 2×面谈）除以 2×（路途 + 面谈）。",
    ),
    "1.2 break-even skill": Exercise(
        _break_even(1.0, 0.5, 2, 0.3), 0.02,
        "Raise the productive share of 1.1 to the power of minus 0.3 and subtract 1: about 13 %.",
        "把练习 1.1 的结果取 −0.3 次幂再减 1：约 13%。",
    ),
    "1.3 honest verdict": Exercise(
        "cannot tell yet", 0.0,
        "The interval holds 0 and reaches beyond ±1 %: it neither excludes no difference nor stays inside what does "
        "not matter.",
        "区间包含 0 且超出 ±1%：既不能排除“没有差异”，也不能说差异无关紧要。",
    ),
    "4.1 break-even month": Exercise(
        _made_up_for(3, (-60, -60, -30, 0, 30, 40, 50, 60)), 0.0,
        "Add the months up: the sum, not the month, must come back to zero. Then count from today: three months pass "
        "before the change.",
        "逐月累加：要回到零的是累计值，而不是当月值。再从今天算起：变动之前已有三个月。",
    ),
    "4.2 price of handovers": Exercise(
        24 * 400_000 * 0.15 * 0.44, 0.005,
        "Accounts times value times the share that is lost gives sales; only the margin of them is contribution.",
        "客户数×年销售额×损失比例得到销售损失；其中只有毛利部分是贡献毛益。",
    ),
    "4.3 dip or lower level": Exercise(
        "lower level", 0.0,
        "A dip comes back. Does this one?",
        "低谷会回升。这里回升了吗？",
    ),
    "4.4 what is worth most": Exercise(
        # true of the runs of the lesson: held by tests/notebooks/test_lesson_reorganise.py
        "retrained", 0.0,
        "Compare the column contribution with that of the big bang, one by one.",
        "逐一比较各方案与一次性切换的贡献毛益。",
    ),
}  # fmt: skip


def check(exercise: str, answer: float | str, language: str = "en") -> str:
    """Check an answer to an exercise.

    Parameters
    ----------
    exercise : str
        Its name as printed in the lesson; the number alone is enough.
    answer : float or str
        Numbers may be rounded; shares may be given as 0.13 or as 13 (per cent).
    language : {"en", "zh"}

    Returns
    -------
    str
        ``Right …`` or a hint.

    Raises
    ------
    StudyError
        For an exercise that does not exist.

    Examples
    --------
    >>> check("1.1", 0.667)
    'Right: 0.667.'
    >>> check("1.3", "better").startswith("Not yet")
    True
    """
    names = [name for name in EXERCISES if name == exercise or name.split()[0] == str(exercise)]
    if not names:
        raise StudyError(explain("there is no such exercise", value=exercise, remedy=nearest(str(exercise), EXERCISES)))
    found = EXERCISES[names[0]]
    if _right(found, answer):
        shown = found.answer if isinstance(found.answer, str) else f"{found.answer:,.3f}".rstrip("0").rstrip(".")
        return f"Right: {shown}." if language == "en" else f"正确：{shown}。"
    hint = found.hint_en if language == "en" else found.hint_zh
    return f"Not yet. Hint: {hint}" if language == "en" else f"还不对。提示：{hint}"


def _right(exercise: Exercise, answer: float | str) -> bool:
    if isinstance(exercise.answer, str):
        return str(answer).strip().casefold().replace("_", " ") == exercise.answer
    try:
        number = float(str(answer).strip().rstrip("%"))
    except ValueError:
        return False
    return any(math.isclose(value, exercise.answer, rel_tol=exercise.tolerance) for value in (number, number / 100.0))
