"""The exercises of the lessons: right answers, hints in both languages, and the check of an answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from salessim.errors import StudyError, explain, nearest
from salessim.words.terms import checked_language

__all__ = ["EXERCISES", "Exercise", "check"]


@dataclass(frozen=True)
class Exercise:
    """One exercise: the right answer, how near is near enough (relative), and hints in both languages.

    `answer_zh` is the answer of a Chinese reader where the answer is a word; the English one is right there too.
    """

    answer: float | str
    tolerance: float
    hint_en: str
    hint_zh: str
    answer_zh: str = ""


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
        answer_zh="尚不能判断",
    ),
    "2.1 payout": Exercise(
        0.6 * 84_000 + 0.25 * 2.0 * 84_000, 0.001,
        "Up to quota 0.6 times the target pay; then a quarter of the quota at twice the target pay.",
        "配额以内为目标薪酬的0.6倍；其余四分之一配额按目标薪酬的2倍计。",
    ),
    "2.2 chance to attain": Exercise(
        0.5 * (1.0 + math.erf((2.1 - 1.9) / 0.5 / math.sqrt(2.0))), 0.01,
        "How many standard deviations lie between the mean and the quota? Look that up in the normal distribution.",
        "均值与配额之间相隔几个标准差？再查正态分布。",
    ),
    "2.3 equal cost": Exercise(
        (7.06 - 4.48) / (7.40 - 4.48), 0.003,
        "Salaries do not change: take them off both sums first, then divide.",
        "底薪不变：先从两个总额中减去底薪，再相除。",
    ),
    "2.4 sprint": Exercise(
        0.9**-11, 0.003,
        "A power of −11 of a number below 1 is more than 1: one over 0.9, eleven times multiplied by itself.",
        "小于1的数的−11次方大于1：1除以0.9的11次方。",
    ),
    "2.5 best quarter": Exercise(
        # true of the runs of the lesson: held by tests/notebooks/test_lesson_pay.py
        "luck", 0.0,
        "Which share of the table is the largest, under either plan?",
        "在两个方案下，表中哪一项占比最大？",
        answer_zh="偶然性",
    ),
    "3.1 two bases": Exercise(
        120 / (120 + 280), 0.005,
        "Only deals that have ended are in this base: 120 of 120 + 280.",
        "该分母只含已结束的商机：120 ÷（120 + 280）。",
    ),
    "3.2 competing ends": Exercise(
        1 / 4 + 1 / 2 * 1 / 1, 0.005,
        "After the loss half are still open; the deal that drops out of sight is no longer watched when the last one "
        "is won.",
        "输单之后仍有一半在途；退出观察的那个商机，在最后一个赢单时已不在观察之列。",
    ),
    "3.3 a code": Exercise(
        "disqualified", 0.0,
        "Section 3 names the trap: 3 and 4 are not what one would think.",
        "第3节提到过这个陷阱：3和4并不像人们以为的那样。",
        answer_zh="无效",
    ),
    "3.4 one rep per product": Exercise(
        "cannot tell", 0.0,
        "With whom could the only rep of a product be compared?",
        "某产品唯一的销售代表能与谁比较？",
        answer_zh="无法判断",
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
        "客户数×年销售额×损失比例得到销售损失；其中只有毛利部分才是贡献毛益。",
    ),
    "4.3 dip or lower level": Exercise(
        "lower level", 0.0,
        "A dip comes back. Does this one?",
        "低谷会回升。这里回升了吗？",
        answer_zh="水平下降",
    ),
    "4.4 what is worth most": Exercise(
        # true of the runs of the lesson: held by tests/notebooks/test_lesson_reorganise.py
        "retrained", 0.0,
        "Compare the column contribution with that of the big bang, one by one.",
        "逐一比较各方案与一次性切换的贡献毛益。",
        answer_zh="转岗培训",
    ),
    "5.1 expected in time": Exercise(
        10 * 100_000 * 0.3 * 0.4, 0.005,
        "Number times amount times the share that is won times the share of these that is won in time.",
        "个数×金额×最终赢单的比例×其中及时赢单的比例。",
    ),
    "5.2 weights": Exercise(
        (10.0**-4 / (10.0**-4 + 20.0**-4) + 0.5) / 2, 0.005,
        "Square each error, square again, take one over it; then shares of the sum; then the middle between the share "
        "and one half.",
        "误差平方后再平方，取倒数，算出所占比例，再取该比例与二分之一的中点。",
    ),
    "5.3 over-assignment": Exercise(
        12 * 550_000 / 6_000_000 - 1.0, 0.01,
        "Add the quotas up, divide by the target, and subtract 1.",
        "把配额加总，除以目标，再减1。",
    ),
    "5.4 too narrow": Exercise(
        "cannot tell yet", 0.0,
        "How often does a right interval hold 7 or fewer of 10?",
        "一个正确的区间，10次中只包含7次或更少的可能有多大？",
        answer_zh="尚不能判断",
    ),
}  # fmt: skip


def check(exercise: str, answer: float | str, language: str = "en") -> str:
    """Check an answer to an exercise; where it is not right, give a hint in the language.

    Parameters
    ----------
    exercise : str
        Its name as printed in the lesson; the number alone is enough.
    answer : float or str
        Numbers may be rounded; shares may be given as 0.13 or as 13 (per cent); words in English or in the language.
    language : {"en", "zh"}

    Returns
    -------
    str
        ``Right …`` or a hint.

    Raises
    ------
    StudyError
        For an exercise that does not exist.
    WordsError
        For a language that does not exist.

    Examples
    --------
    >>> check("1.1", 0.667)
    'Right: 0.667.'
    >>> check("1.3", "尚不能判断", "zh")
    '正确：尚不能判断。'
    >>> check("1.3", "better").startswith("Not yet")
    True
    """
    names = [name for name in EXERCISES if name == exercise or name.split()[0] == str(exercise)]
    if not names:
        raise StudyError(explain("there is no such exercise", value=exercise, remedy=nearest(str(exercise), EXERCISES)))
    found, chinese = EXERCISES[names[0]], checked_language(language) == "zh"
    if not _right(found, answer):
        return f"还不对。提示：{found.hint_zh}" if chinese else f"Not yet. Hint: {found.hint_en}"
    if isinstance(found.answer, str):
        shown = found.answer_zh if chinese else found.answer
    else:
        shown = f"{found.answer:,.3f}".rstrip("0").rstrip(".")
    return f"正确：{shown}。" if chinese else f"Right: {shown}."


def _right(exercise: Exercise, answer: float | str) -> bool:
    if isinstance(exercise.answer, str):
        said = str(answer).strip().casefold().replace("_", " ")
        return bool(said) and said in (exercise.answer, exercise.answer_zh)
    try:
        number = float(str(answer).strip().rstrip("%％").replace(",", ""))
    except ValueError:
        return False
    return any(math.isclose(value, exercise.answer, rel_tol=exercise.tolerance) for value in (number, number / 100.0))
