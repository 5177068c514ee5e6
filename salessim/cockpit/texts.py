"""What the panel says beside the words of the table: buttons, states, headings, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from salessim.words.terms import checked_language

__all__ = ["TEXTS", "text"]

_EN = {
    "your plan": "Your plan",
    "the market": "The market, for both plans",
    "reps": "Reps",
    "complexity": "Complexity",
    "difference": "Difference",
    "distance": "Distance, km",
    "stop": "Stop",
    "go on": "Go on",
    "back": "Back to the start",
    "with reps": "{structure} with {reps} reps",
    "heading": "{live} against {base}",
    "as given": "market as given",
    "set complexity": "complexity {value}",
    "set difference": "difference {value}",
    "set distance": "{value} km across",
    "same plan": "This is the plan that is pinned as baseline: move a lever to compare another one with it.",
    "direction better": "▲ better",
    "direction worse": "▼ worse",
    "direction practically equal": "≈ practically equal",
    "direction cannot tell": "? cannot tell yet",
    "was": "baseline {value}",
    "points": "points",
    "axis": "difference from the baseline, {unit} (better →)",
    "key": "Dots: one future each. Line: 95 % interval of the mean. Grey: too small to matter ({delta}).",
    "compiling": "Preparing: the first run on a machine compiles the rules, which takes about half a minute …",
    "running": "replaying {n} futures …",
    "preview": "preview · {n} of {all} futures · {ms} ms · seed {seed} · going on …",
    "ready": "ready · {n} futures · {ms} ms · seed {seed} · {months} months",
    "stopped": "stopped at {n} futures. Press Go on, or move a lever.",
    "stopped empty": "stopped before there was an answer to these levers; what you see is named in its heading. Press "
    "Go on, or move a lever.",
    "refused": "Not possible: {message}",
    "defect": "Something went wrong that is not your fault ({message}). Move a lever to go on; please report it.",
    "closed": "This panel was closed because its cell was run again.",
    "not varied": "The assumptions are not varied here, so the interval holds luck only. compare() tells how far the "
    "answer holds.",
}
_ZH = {
    "your plan": "您的方案",
    "the market": "市场（两个方案相同）",
    "reps": "销售人数",
    "complexity": "产品复杂度",
    "difference": "客户差异度",
    "distance": "区域跨度，公里",
    "stop": "停止",
    "go on": "继续",
    "back": "恢复初始",
    "with reps": "{structure}（{reps}人）",
    "heading": "{live}对比{base}",
    "as given": "市场保持原样",
    "set complexity": "产品复杂度{value}",
    "set difference": "客户差异度{value}",
    "set distance": "区域跨度{value}公里",
    "same plan": "这就是作为基准的方案：请移动一个滑块，与之比较。",
    "direction better": "▲ 更优",
    "direction worse": "▼ 更差",
    "direction practically equal": "≈ 实际相当",
    "direction cannot tell": "? 尚不能判断",
    "was": "基准{value}",
    "points": "个百分点",
    "axis": "与基准的差异，{unit}（更优→）",
    "key": "圆点：每点一个未来情形。细线：均值的95%置信区间。灰色：差异过小，无实际意义（{delta}）。",
    "compiling": "正在准备：在一台机器上首次运行需编译规则，约半分钟……",
    "running": "正在模拟{n}个未来情形……",
    "preview": "预览 · {all}个未来情形中的{n}个 · {ms}毫秒 · 随机种子{seed} · 继续计算中……",
    "ready": "就绪 · {n}个未来情形 · {ms}毫秒 · 随机种子{seed} · {months}个月",
    "stopped": "已停止，完成{n}个未来情形。请按“继续”，或移动滑块。",
    "stopped empty": "已停止，当前设置尚无结果；所示内容见其标题。请按“继续”，或移动滑块。",
    "refused": "无法实现：{message}",
    "defect": "出现了并非由您造成的错误（{message}）。移动滑块即可继续；请报告此问题。",
    "closed": "该面板已关闭，因为其单元格被再次运行。",
    "not varied": "此处未变动各项假设，区间仅反映运气。结论在多大范围内成立，请用compare()。",
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
    >>> text("ready", n=24, ms=310, seed=1, months=24)
    'ready · 24 futures · 310 ms · seed 1 · 24 months'
    """
    return TEXTS[checked_language(language)][key].format(**fields)
