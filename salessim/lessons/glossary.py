"""Words of the lessons that are no terms of the model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["TERMS"]

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
