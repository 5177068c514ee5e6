"""What the lessons need beside the model: exercises that are checked, and what their cells print, in every language.

The notebooks of all languages have the same code. It names a language once, in its first line, and asks a `Lesson` for
every text a reader sees.
"""

from __future__ import annotations

import html
import math
import os
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from salessim.errors import StudyError, explain, nearest
from salessim.words import definition, has_term, label, languages, sentence, sentence_keys
from salessim.words.terms import checked_language

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EXERCISES", "LINES", "TERMS", "Exercise", "Lesson", "check"]


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


LINES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # an export and its fit
        "error": ("error", "错误"),
        "warning": ("warning", "警告"),
        "info": ("info", "提示"),
        "fitted": (
            "Fitted: {accounts:,} accounts in {segments} segments, {products} products, {reps} reps, {stages} stages, "
            "{deals:,} open deals.",
            "已拟合：{accounts:,}个客户，{segments}类客户细分，{products}种产品，{reps}名销售代表，{stages}个销售阶段，"
            "{deals:,}个在途商机。",
        ),
        "settled": ("The settled model against history: {found}.", "校准后的模型与历史之比：{found}。"),
        "opportunities": ("opportunities", "商机数"),
        "won share": ("won share", "赢单占比"),
        "cycle days": ("cycle days", "销售周期"),
        "deal time": ("deal time", "商机工时"),
        "untold": (
            "What the history says, and what it cannot tell or was left out:",
            "历史数据说明了什么，以及它无法说明或未采用的内容：",
        ),
        # lesson 1
        "structure guess": (
            "You said {plan} {percent:+.1f} %. The model says {middle:+.1f} % ({low:+.1f} to {high:+.1f}).",
            "您的预测：{plan}{percent:+.1f}%。模型的结果：{middle:+.1f}%（{low:+.1f}至{high:+.1f}）。",
        ),
        "leader": ("Best on average: {plan}.", "平均而言最优：{plan}。"),
        "six futures": ("{plan} against today, six futures: {gaps}", "六个未来情形中{plan}与现状的差异：{gaps}"),
        "today ahead": (
            "In {less:.0%} of all futures today looks better, in {more:.0%} worse.",
            "全部未来情形中，{less:.0%}显示现状更优，{more:.0%}显示现状更差。",
        ),
        "twins": (
            "Won under both: {both}; under {left} only: {left_only}; under {right} only: {right_only}.",
            "两种结构下都赢单：{both}个；仅{left}赢单：{left_only}个；仅{right}赢单：{right_only}个。",
        ),
        "why": (
            "{plan} against {against}, in % of revenue: {total:+.1f}, of which the rest {rest:+.1f}.",
            "{plan}相对{against}的差异，占销售收入的百分比：{total:+.1f}，其中其余部分{rest:+.1f}。",
        ),
        "mechanism": ("mechanism", "机制"),
        "adds": ("adds, %", "贡献，%"),
        "standard_error": ("standard error, %", "标准误，%"),
        "difference_without_it": ("difference without it, %", "关闭后的差异，%"),
        "your answer": ("your answer?", "您的答案？"),
        "assumption": ("assumption", "假设"),
        "share of the variation": ("share of the variation", "变异占比"),
        "direction": ("direction", "方向"),
        "up": ("up", "同向"),
        "down": ("down", "反向"),
        "mixed": ("mixed", "并非单一方向"),
        "none": ("none", "无"),
        # lesson 2: names of plans
        "linear": ("linear", "直线提成"),
        "yearly": ("yearly accelerator", "年度加速"),
        "quarterly": ("quarterly accelerator", "季度加速"),
        "open": ("open", "不封顶"),
        "capped": ("capped", "封顶"),
        "ratcheted": ("ratcheted", "鞭打快牛"),
        "by potential": ("by potential", "按潜力分配"),
        # lesson 2: what its cells say
        "winners guess": (
            "You said {mine} of {all} would gain. In the replay {won} do, and {lost} lose.",
            "您的预测：{all}人中{mine}人受益。回放的结果：{won}人受益，{lost}人受损。",
        ),
        "sales guess": (
            "You said {mine:+.1f} % sales. The model says {middle:+.1f} % ({low:+.1f} to {high:+.1f}).",
            "您的预测：销售收入{mine:+.1f}%。模型的结果：{middle:+.1f}%（{low:+.1f}至{high:+.1f}）。",
        ),
        "to the cent": (
            "Paid in the run: {paid:,.2f}. On the statement: {stated:,.2f}. {same}",
            "模拟中支付：{paid:,.2f}。薪酬单合计：{stated:,.2f}。{same}",
        ),
        "equal": ("Equal to the cent.", "分毫不差。"),
        "different": ("They differ.", "两者不同。"),
        "quarterly gains": ("sales, quarterly against yearly, %", "销售收入：季度相对年度，%"),
        "yearly rise": ("yearly: effort of month 12 over month 1", "年度：第12月努力与第1月之比"),
        "quarterly rise": ("quarterly: effort of month 3 over month 1", "季度：第3月努力与第1月之比"),
        "delta": ("discount factor a month", "月贴现因子"),
        "spread": ("standard deviation", "标准差"),
        "strict": ("Without discounts and with firm dates:", "没有折扣权限、日期固定时："),
        "equal cost": (
            "{plan}: variable pay times {factor:.2f} costs what {like} costs. A replay would say times {still:.2f}.",
            "{plan}：浮动薪酬乘以{factor:.2f}，成本与{like}相同。回放会说乘以{still:.2f}。",
        ),
        "pay note": (
            "DECISION NOTE · {plan} instead of {like}, at equal cost of pay, {months} months\n\n"
            "Sales {sales:+.1f} % ({sales_low:+.1f} to {sales_high:+.1f}); stars {stars:+.1f} % "
            "({stars_low:+.1f} to {stars_high:+.1f}), laggards {laggards:+.1f} % "
            "({laggards_low:+.1f} to {laggards_high:+.1f}).\n"
            "Payout at risk over the middle: {over:.2f} million {currency} ({low:.2f} to {high:.2f}).\n"
            "P(attain) from {least:.0f} % to {most:.0f} % between reps.\n\n"
            "We decide: ...\nBecause: ...\nWe would decide otherwise if: ...",
            "决策备忘 · 以{plan}取代{like}，薪酬总额相等，{months}个月\n\n"
            "销售收入{sales:+.1f}%（{sales_low:+.1f}至{sales_high:+.1f}）；明星{stars:+.1f}%"
            "（{stars_low:+.1f}至{stars_high:+.1f}），落后者{laggards:+.1f}%"
            "（{laggards_low:+.1f}至{laggards_high:+.1f}）。\n"
            "相对居中水平的薪酬超支风险值：{over:.2f}百万{currency}（{low:.2f}至{high:.2f}）。\n"
            "各人达标概率从{least:.0f}%到{most:.0f}%。\n\n"
            "我们决定：……\n理由：……\n在何种情况下会改变决定：……",
        ),
        # lesson 3
        "export files": ("Files: {files}", "文件：{files}"),
        "dead guess": (
            "You said {guess:.0f} % of the open deals are dead. The report: {found:.0f} % of {n}, open for longer than "
            "{days:.0f} days.",
            "您的预测：在途商机中有{guess:.0f}%已死。报告：{n}个中有{found:.0f}%，在途时间超过{days:.0f}天。",
        ),
        "rows read": ("rows read", "读取行数"),
        "rows kept": ("rows kept", "保留行数"),
        "rows dropped": ("rows dropped", "剔除行数"),
        "read as": ("read as", "读取方式"),
        "rate guess": ("You said {guess:.0f} %.", "您的预测：{guess:.0f}%。"),
        "of closed": ("record, of closed", "记录，占已结束"),
        "of all": ("record, of all", "记录，占全部"),
        "dead as ended": ("record, the dead counted as ended", "记录，僵尸商机算作已结束"),
        "what happened": ("what really happened, of closed", "真实情况，占已结束"),
        "same age": (
            "You said: {guess}. Of closed: {closed:.1%} in the last quarter, {closed_before:.1%} before. Won by an age "
            "of {age} days: {recent:.1%} and {before:.1%}.",
            "您的预测：{guess}。占已结束：最近一个季度{closed:.1%}，此前{closed_before:.1%}。账龄{age}天内赢单："
            "{recent:.1%}与{before:.1%}。",
        ),
        "estimate": ("estimate", "估计"),
        "interval": ("95 % interval", "95%区间"),
        "truth": ("truth", "真值"),
        "inside": ("inside", "是否在内"),
        "yes": ("yes", "是"),
        "no": ("no", "否"),
        "skill guess": (
            "You said: {guess}. The naive estimate of product skill is {naive:.1f}; the truth is {truth:.1f}.",
            "您的预测：{guess}。产品技能的朴素估计为{naive:.1f}；真值为{truth:.1f}。",
        ),
        "holds": ("{span}: {answer}", "{span}：{answer}"),
        "naive": ("naive, holds the truth?", "朴素，含真值？"),
        "honest": ("honest, holds the truth?", "诚实，含真值？"),
        "taken": ("taken by the market, holds the truth?", "市场采用，含真值？"),
        "history": ("history", "历史"),
        "simulated": ("simulated, middle 90 %", "模拟，中间90%"),
        # lesson 4: names of plans
        "stay": ("stay", "维持现状"),
        "big bang": ("big bang", "一次性切换"),
        "deals move": ("deals move", "商机移交"),
        "pay protected": ("pay protected", "收入保护"),
        "retrained": ("retrained", "转岗培训"),
        "prepared": ("prepared", "充分准备"),
        "on a sign": ("on a sign", "触发后变更"),
        # lesson 4: the table of paths
        "later": ("later", "更晚"),
        "range": ("{low} to {high}", "{low}至{high}"),
        "span": ("{value} ({low} to {high})", "{value}（{low}至{high}）"),
        "dip": ("dip, %", "低谷，%"),
        "over after": ("over after, months", "恢复所需月数"),
        "break-even": ("break-even month", "回本月"),
        "gain": ("contribution, million", "贡献毛益，百万"),
        "ahead": ("ahead in", "领先"),
        "of futures": ("{share:.0%} of futures", "{share:.0%}的情形"),
        "more moved": ("more accounts moved", "多易主的客户"),
        # lesson 4: what its cells say
        "in month": ("month {month}", "第{month}个月"),
        "not within": ("not within {months} months", "{months}个月内不会回本"),
        "path guess": (
            "You said: dip {dip:.1f} %, break-even {even}. The model says:",
            "您的预测：低谷{dip:.1f}%，回本：{even}。模型的结果：",
        ),
        "value_moved": ("value moved", "易主销售额占比"),
        "travel_km": ("travel, km", "路途，公里"),
        "imbalance": ("imbalance", "工作量离散度"),
        "profit": ("profit", "利润"),
        "ten accounts": (
            "{n} accounts change hands; ten of them bring {share:.0%} of what all of them bring.",
            "{n}个客户易主；其中十个占全部易主客户销售额的{share:.0%}。",
        ),
        "line": ("line", "科目"),
        "all": ("all", "合计"),
        "sign": (
            "In {share:.0%} of futures the sign comes within {months} months, though the firm is on plan on average.",
            "在{share:.0%}的未来情形中，{months}个月内触发条件成立，尽管公司平均而言恰好完成目标。",
        ),
        "no maven": (
            "Maven's CRM is not on this machine: read on, section 11 does not need it.",
            "本机没有 Maven 的 CRM 数据：请继续往下读，第 11 节不需要它。",
        ),
        "note": (
            "DECISION NOTE · customer structure from month 3\n\n"
            "If segments differ as assumed (0.4): {sceptic} million {currency} after {months} months,\n"
            "    ahead in {sceptic_ahead:.0%} of futures.\n"
            "If they differ as management believes (0.8), people retrained, deals moved: {believer} million,\n"
            "    ahead in {believer_ahead:.0%} of futures.\n"
            "Customers to visit before the announcement: {customers}.\n\n"
            "We decide: ...\nBecause: ...\nWe would decide otherwise if: ...",
            "决策备忘 · 自第3个月起改为客户型结构\n\n"
            "若客户细分差异度如假设（0.4）：{months}个月后累计贡献毛益{sceptic}百万{currency}，\n"
            "    在{sceptic_ahead:.0%}的未来情形中领先。\n"
            "若如管理层所信（0.8），且已转岗培训、移交商机：{believer}百万，\n"
            "    在{believer_ahead:.0%}的未来情形中领先。\n"
            "宣布之前应先拜访的客户：{customers}。\n\n"
            "我们决定：……\n理由：……\n在何种情况下会改变决定：……",
        ),
        # lesson 5
        "book": (
            "{deals:,} opportunities from {first} to {last}: {won:,} won, {open:,} open.",
            "{first}至{last}共{deals:,}个商机：赢单{won:,}个，在途{open:,}个。",
        ),
        "asked": (
            "What customers asked for in {year}: {asked:.1f} million. What was won: {won:.1f} million.",
            "{year}年客户询价的商机总额：{asked:.1f}百万。赢单：{won:.1f}百万。",
        ),
        "deals": ("deals", "商机数"),
        "chance said": ("chance said", "给出的概率"),
        "were won": ("were won", "实际赢单"),
        "standard error": ("standard error", "标准误"),
        "weighted pipeline": ("weighted pipeline", "加权管道金额"),
        "the pipeline": ("the pipeline", "管道"),
        "past sales": ("past sales", "历史销售"),
        "combined": ("combined", "组合"),
        "its interval held": ("its 80 % interval held", "其80%区间包含"),
        "origins": ("origins", "起点数"),
        "weight of the pipeline": ("weight of the pipeline", "管道的权重"),
        "days ahead": ("{days} days ahead", "提前{days}天"),
        "called": (
            "For the next {days} days reps call {called:.1f} million of the deals now open. By what became of their "
            "past calls, {learnt:.1f} million. Weight of the call in the combination: {weight:.0%}.",
            "今后{days}天，销售代表对现有在途商机承诺{called:.1f}百万。按以往承诺的结局修正后为{learnt:.1f}百万。"
            "承诺在组合中的权重：{weight:.0%}。",
        ),
        "adds up": (
            "{n} sums, one for each level and period; the furthest from the target is off by {worst:.2f}.",
            "按层级和周期共{n}个合计，与目标相差最大的一个差{worst:.2f}。",
        ),
        "sum": ("sum", "合计"),
        "million": ("million", "百万"),
        "chance": ("chance", "达成概率"),
        "of the forecast": ("target, of the forecast", "目标为预测的"),
        "everybody": (
            "The company reaches its target with {company:.0%}, a rep his quota with {rep:.0%} on average; for "
            "{many} of {n} reps the quota is likelier reached than not.",
            "公司达成目标的概率为{company:.0%}，销售代表达成配额的概率平均为{rep:.0%}；{n}人中有{many}人更可能达成而非落空。",
        ),
        "came": (
            "You said {guess:.1f} million for {days} days, the weighted pipeline {naive:.1f}, the combination "
            "{combined:.1f} ({low:.1f} to {high:.1f}). {actual:.1f} came.",
            "今后{days}天，您的预测为{guess:.1f}百万，加权管道金额为{naive:.1f}，组合为{combined:.1f}"
            "（{low:.1f}至{high:.1f}）。实际为{actual:.1f}。",
        ),
        "best source": (
            "You said: {guess}. Over all past origins the smallest error {days} days ahead was that of: {best}.",
            "您选的是：{guess}。在全部过去起点上，提前{days}天误差最小的是：{best}。",
        ),
        "year came": (
            "The year brought {brought:.1f} million, {share:.0%} of the target of {target:.1f}; the chance of reaching "
            "it had been {chance:.0%}.",
            "全年实际{brought:.1f}百万，为目标{target:.1f}百万的{share:.0%}；当时的达成概率为{chance:.0%}。",
        ),
        "many": (
            "{inside} of {n} intervals of 80 % held what came.",
            "{n}个80%区间中有{inside}个包含实际结果。",
        ),
    }
)
"""What the cells of the lessons print, and how the plans of a lesson are called: key -> English, Chinese."""

TERMS: Mapping[str, tuple[str, str, str, str]] = MappingProxyType(
    {
        "future": (
            "future", "未来情形", "One replay of the market with one draw of luck; every plan meets the same ones.",
            "市场在一次运气下的一次重演；各方案遇到同样的未来情形。",
        ),
        "paired difference": (
            "paired difference", "配对差", "Difference between two plans within the same future.",
            "同一未来情形中两个方案之差。",
        ),
        "interval": (
            "interval", "区间", "Where the true value lies with the stated certainty, if the model is right.",
            "如果模型正确，真值以所述把握所在的范围。",
        ),
        "opportunity": (
            "opportunity", "商机", "A chance to sell, with a value and a stage: open, won, or ended otherwise.",
            "有金额、有阶段的销售机会：在途、赢单或以其他方式结束。",
        ),
        "payout curve": (
            "payout curve", "提成曲线", "Variable pay as a function of attainment.", "浮动薪酬随完成率的变化。",
        ),
        "accelerator": (
            "accelerator", "超额加速提成", "A higher rate on results above a point, usually 100 % of quota.",
            "超过某一点（通常为配额的100%）后适用更高的费率。",
        ),
        "ratcheting": (
            "ratcheting", "鞭打快牛", "Raising the next quota because this one was exceeded.",
            "因本期超额而上调下一期配额。",
        ),
        "sandbagging": (
            "sandbagging", "藏单留力", "Holding back effort, deals or forecasts so that a quota stays low.",
            "为使配额保持在低位而保留努力、压单或报低预测。",
        ),
        "payout at risk": (
            "payout at risk", "薪酬超支风险值", "P95 of the cost of pay less what is budgeted.",
            "薪酬总额的P95减去预算。",
        ),
        "zombie": (
            "zombie", "僵尸商机", "An open deal that is dead, though nobody has closed it.",
            "实际已死、却没有人去关闭的在途商机。",
        ),
        "right-censored": (
            "right-censored", "右删失", "Watched up to today only: how it ends is not known yet.",
            "只观察到今天为止，结局尚不知道。",
        ),
        "bridge": (
            "bridge", "管道变化瀑布图", "The open pipeline at the start led to that at the end, cause by cause.",
            "按原因把期初在途金额逐步变为期末在途金额。",
        ),
        "dip": (
            "dip", "转型低谷", "Largest shortfall of the changed organisation below the unchanged one.",
            "变动后的组织低于不变动时的最大缺口。",
        ),
        "break-even": (
            "break-even", "转型回本月", "First month in which the added-up contribution has caught up with staying.",
            "累计贡献毛益追上维持现状的第一个月。",
        ),
        "market potential": (
            "market potential", "市场潜力", "The most that the whole market could take in a period.",
            "一个时期内整个市场最多能购买的金额。",
        ),
        "weighted pipeline": (
            "weighted pipeline", "加权管道金额", "Amount of each open deal times its chance to be won, added up.",
            "各在途商机的金额乘以赢单概率之和。",
        ),
        "backtest": (
            "backtest", "回测", "Forecasts made as of earlier days, compared with what came.",
            "站在以前的日子作预测，再与实际结果比较。",
        ),
        "coverage": (
            "coverage", "区间覆盖率", "Share of what came that lay inside the interval; it should equal the level.",
            "实际结果落在区间内的比例；应等于所述水平。",
        ),
        "WAPE": (
            "weighted absolute percentage error", "加权绝对百分比误差",
            "WAPE: absolute errors added up, over what came in all.", "WAPE：绝对误差之和除以实际总额。",
        ),
    }
)  # fmt: skip
"""Words of the lessons that are no terms of the model: key -> English, Chinese, and what they mean in both."""

_COLUMNS = 110  # of printed text, so that a notebook 1280 wide need not break a line
_MECHANISM = "report mechanism "  # sentences that name the mechanisms


class Lesson:
    """The texts of a lesson in one language, and where its data are.

    Parameters
    ----------
    language : {"en", "zh"}

    Raises
    ------
    WordsError
        For a language that does not exist.

    Examples
    --------
    >>> Lesson().say("big bang"), Lesson("zh").say("big bang"), Lesson("zh").name("structure", "product")
    ('big bang', '一次性切换', '产品型')
    """

    def __init__(self, language: str = "en") -> None:
        self.language = checked_language(language)

    @property
    def fast(self) -> bool:
        """Whether ``SALESSIM_FAST`` is 1 in the environment, as in tests: fewer futures, the same lesson."""
        return os.environ.get("SALESSIM_FAST") == "1"

    def find(self, folder: str, having: str) -> Path | None:
        """Return the nearest such folder, in the working folder or one above it, that has this file in it."""
        places = (place / folder for place in (Path.cwd(), *Path.cwd().parents))
        return next((place for place in places if (place / having).is_file()), None)

    def say(self, key: str, **fields: object) -> str:
        """Return a line of `LINES` with its fields filled in.

        Raises
        ------
        StudyError
            For a line that does not exist; the nearest is named.
        """
        if key not in LINES:
            raise StudyError(explain("there is no such line in the lessons", value=key, remedy=nearest(key, LINES)))
        english, chinese = LINES[key]
        said = (english if self.language == "en" else chinese).format(**fields)
        return re.sub(r"(?<![\w-])-(?=\d)", "−", said)  # a true minus sign, as in the figures

    def name(self, kind: str, key: str) -> str:
        """Return what a term is called: `salessim.words.label` of ``kind.key``."""
        return label(f"{kind}.{key}", self.language)

    def wrapped(self, text: str) -> str:
        """Break the long lines of a text between words; a notebook would break them anywhere.

        Examples
        --------
        >>> max(len(line) for line in Lesson().wrapped("word " * 100).splitlines()) <= 110
        True
        """
        if self.language != "en":
            return text  # there is no space to break at, and none is needed
        return "\n".join(
            textwrap.fill(line, _COLUMNS, subsequent_indent=re.match(r"[\s•–-]*", line).end() * " ")  # type: ignore[union-attr]
            for line in text.splitlines()
        )

    def glossary(self, *keys: str) -> str:
        """Return the words of a lesson as HTML: in the language and in the others, with what they mean.

        Parameters
        ----------
        *keys : str
            Keys of `TERMS`, or of terms of `salessim.words`.

        Raises
        ------
        WordsError
            For a term that does not exist.

        Examples
        --------
        >>> Lesson("zh").glossary("backtest").startswith("<ul><li><b>回测</b> · backtest：站在")
        True
        """
        parts = []
        for key in keys:
            if key in TERMS:
                english, chinese, *meanings = TERMS[key]
                names, meaning = {"en": english, "zh": chinese}, meanings[self.language != "en"]
            else:
                names, meaning = {one: label(key, one) for one in languages()}, definition(key, self.language)
            others = " · ".join(html.escape(name) for one, name in names.items() if one != self.language)
            head = f"<b>{html.escape(names[self.language])}</b> · {others}"
            colon = ": " if self.language == "en" else "："
            parts.append(f"<li>{head}{colon}{html.escape(meaning)}</li>")
        return f"<ul>{''.join(parts)}</ul>"

    def table(self, frame: pd.DataFrame, *kinds: str) -> pd.DataFrame:
        """Return a table with its rows, columns and headings named in the language.

        A name is looked up as a term of one of these kinds, in their order, then as a mechanism, then in `LINES`. One
        that is found nowhere, such as a name of the user's, stays.
        """

        def named(key: Any) -> Any:
            if not isinstance(key, str):
                return key
            kind = next((kind for kind in kinds if has_term(f"{kind}.{key}")), None)
            if kind is not None:
                return self.name(kind, key)
            if _MECHANISM + key in sentence_keys():
                return sentence(_MECHANISM + key, self.language)
            return self.say(key) if key in LINES else key

        done = frame.rename(index=named, columns=named)
        return done.rename_axis(index=named(frame.index.name), columns=named(frame.columns.name))

    def findings(self, crm: Any) -> str:
        """Say what an import found: the head of its report, and its findings, one a line."""
        lines = list(crm.report.head(self.language))
        for one in crm.report.findings:
            message = one.message_en if self.language == "en" else one.message_zh
            lines.append(f"  {self.say(one.level)}: {' '.join(filter(None, (one.file, message)))}")
        return self.wrapped("\n".join(lines))

    def fitted(self, company: Any) -> str:
        """Say what a fit found, and the notes of what it assumed, one a line."""
        market = company.market
        comma = ", " if self.language == "en" else "，"
        found = comma.join(f"{self.say(name.replace('_', ' '))} {value:.0%}" for name, value in company.check.items())
        return self.wrapped("\n".join([
            self.say(
                "fitted", accounts=len(market.accounts), segments=len(market.segments), products=len(market.products),
                reps=company.plan.headcount, stages=len(market.stages), deals=len(market.today.open_deals),
            ),
            self.say("settled", found=found),
            self.say("untold"),
            *(f"  - {note}" for note in company.words(self.language).splitlines()),
        ]))  # fmt: skip
