"""What the cockpit says beside the words of the table: buttons, states, headings, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from salessim.words.terms import checked_language

__all__ = ["TEXTS", "text"]

_EN = {
    "head plan": "Your plan",
    "head market": "The market, under every plan",
    "group": "More: {name}",
    "undo": "↶ Undo",
    "undo tip": "Back to the setting before",
    "redo": "↷ Redo",
    "redo tip": "Forward to the setting that was undone",
    "reset": "Reset",
    "reset tip": "Put every lever back to where it started; pins stay",
    "pin": "Pin",
    "unpin": "Unpin",
    "pin tip": "Keep this plan for comparison, four at most; the oldest makes room",
    "luck": "New luck",
    "luck tip": "Other draws of chance, the same for every plan",
    "stop": "■ Stop",
    "go on": "▶ Go on",
    "stop tip": "Stop replaying, or go on; what there is stays",
    "view revenue": "Revenue over time",
    "view revenue tip": "Revenue per month of the baseline, your plan and the pinned plans",
    "view lead": "Lead over time",
    "view lead tip": "What a plan has sold since the start beyond the baseline, in the same futures",
    "view futures": "Futures",
    "view futures tip": "The difference from the baseline in every single future",
    "view pinned": "Pinned plans",
    "view pinned tip": "A table of the baseline, your plan and the pinned plans",
    "with reps": "{structure} with {reps} reps",
    "with levers": "{plan} ({levers})",
    "lever set": "{name} {value}",
    "on": "on",
    "off": "off",
    "heading": "{live} against {base}",
    "as given": "market as given",
    "pinned": "{letter}: {plan}",
    "plan": "Plan",
    "same plan": "This is the plan that is pinned as baseline: move a lever to compare another one with it.",
    "no pins": "Move a lever of your plan, then press Pin: up to four pinned plans stand here beside the baseline.",
    "direction better": "▲ better",
    "direction worse": "▼ worse",
    "direction practically equal": "≈ practically equal",
    "direction cannot tell": "? cannot tell yet",
    "was": "baseline {value}",
    "points": "points",
    "interval": "95 %: {low} to {high}",
    "axis": "difference from the baseline, {unit} (better →)",
    "key futures": "Dots: one future each. Line: 95 % interval of the mean. Grey: too small to matter ({delta}).",
    "key pinned": "Difference from the baseline, with 95 % intervals that hold for all these plans together.",
    "preparing": "Preparing …",
    "compiling": "Preparing: the first run on a machine compiles the rules, about half a minute … {seconds} s",
    "loading": "Preparing: loading the compiled rules … {seconds} s",
    "running": "replaying {n} futures …",
    "preview": "preview · {n} of {all} futures · {ms} ms · seed {seed} · going on …",
    "ready": "ready · {n} futures of {months} months · first picture {ms} ms · seed {seed}",
    "audit running": "SimPy audit: running …",
    "sweeping": "Assumptions: moving them over their ranges … {n} of {all} draws.",
    "not moved": "The assumptions are not moved here yet, so the interval holds luck only.",
    "stopped": "stopped at {n} futures. Press Go on, or move a lever.",
    "stopped empty": "stopped before there was an answer to these levers; what you see is named in its heading. Press "
    "Go on, or move a lever.",
    "refused": "Not possible: {message}",
    "defect": "Something went wrong that is not your fault ({message}). Move a lever to go on; please report it.",
    "details": "Details to copy into a report",
    "closed": "This cockpit was closed because its cell was run again.",
}
_ZH = {
    "head plan": "您的方案",
    "head market": "市场（各方案相同）",
    "group": "更多：{name}",
    "undo": "↶ 撤销",
    "undo tip": "回到上一个设置",
    "redo": "↷ 重做",
    "redo tip": "恢复被撤销的设置",
    "reset": "复位",
    "reset tip": "所有滑块恢复初始位置；固定的方案保留",
    "pin": "固定",
    "unpin": "取消固定",
    "pin tip": "保留该方案用于对比，最多四个；最早的让位",
    "luck": "换一组运气",
    "luck tip": "换一组随机抽样，各方案仍相同",
    "stop": "■ 停止",
    "go on": "▶ 继续",
    "stop tip": "停止或继续模拟；已有结果保留",
    "view revenue": "收入走势",
    "view revenue tip": "基准、您的方案与固定方案的每月销售收入",
    "view lead": "领先走势",
    "view lead tip": "在相同的未来情形中，方案自期初起比基准累计多卖出的金额",
    "view futures": "逐个未来情形",
    "view futures tip": "每一个未来情形中与基准的差异",
    "view pinned": "固定的方案",
    "view pinned tip": "基准、您的方案与固定方案的对比表",
    "with reps": "{structure}（{reps}人）",
    "with levers": "{plan}，{levers}",
    "lever set": "{name}{value}",
    "on": "开启",
    "off": "关闭",
    "heading": "{live}对比{base}",
    "as given": "市场保持原样",
    "pinned": "{letter}：{plan}",
    "plan": "方案",
    "same plan": "这就是作为基准的方案：请移动一个滑块，与之比较。",
    "no pins": "请移动您方案的某个滑块，再按“固定”：最多四个固定方案与基准并列于此。",
    "direction better": "▲ 更优",
    "direction worse": "▼ 更差",
    "direction practically equal": "≈ 实际相当",
    "direction cannot tell": "? 尚不能判断",
    "was": "基准{value}",
    "points": "个百分点",
    "interval": "95%：{low}至{high}",
    "axis": "与基准的差异，{unit}（更优→）",
    "key futures": "圆点：每点一个未来情形。细线：均值的95%置信区间。灰色：差异过小，无实际意义（{delta}）。",
    "key pinned": "与基准的差异；95%置信区间对全部所列方案同时成立。",
    "preparing": "正在准备……",
    "compiling": "正在准备：在一台机器上首次运行需编译规则，约半分钟……{seconds}秒",
    "loading": "正在准备：载入已编译的规则……{seconds}秒",
    "running": "正在模拟{n}个未来情形……",
    "preview": "预览 · {all}个未来情形中的{n}个 · {ms}毫秒 · 随机种子{seed} · 继续计算中……",
    "ready": "就绪 · {n}个未来情形，各{months}个月 · 首图{ms}毫秒 · 随机种子{seed}",
    "audit running": "SimPy审计：进行中……",
    "sweeping": "假设：正在其取值范围内变动……{all}次抽样中的{n}次。",
    "not moved": "此处尚未变动各项假设，区间仅反映运气。",
    "stopped": "已停止，完成{n}个未来情形。请按“继续”，或移动滑块。",
    "stopped empty": "已停止，当前设置尚无结果；所示内容见其标题。请按“继续”，或移动滑块。",
    "refused": "无法实现：{message}",
    "defect": "出现了并非由您造成的错误（{message}）。移动滑块即可继续；请报告此问题。",
    "details": "可复制到报告中的详细信息",
    "closed": "该驾驶舱已关闭，因为其单元格被再次运行。",
}

TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": MappingProxyType(_EN), "zh": MappingProxyType(_ZH)})
"""language -> key -> template. Both languages have the same keys and the same fields."""


def text(key: str, language: str = "en", **fields: object) -> str:
    """Return a text with its fields filled in.

    Raises
    ------
    WordsError
        For a language that does not exist.

    Examples
    --------
    >>> text("running", n=24)
    'replaying 24 futures …'
    """
    return TEXTS[checked_language(language)][key].format(**fields)
