"""The sources of the register in other languages: citations stay as they are, what is said around them is put over."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["source_in"]

_OURS = "自设，无出处"
_SHI = "Shi, Sridhar, Grewal & Lilien 2017"
_SOURCES: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "ours, unsourced": _OURS,
        "ours, unsourced: with the pace, about the elasticity of Albers, Mantrala & Sridhar 2010":
            f"{_OURS}：与节奏一起约合Albers, Mantrala & Sridhar 2010的弹性",
        "that prices move with pay periods: Oyer 1998, Larkin 2014; value ours, unsourced":
            f"价格随薪酬周期变动：Oyer 1998，Larkin 2014；数值{_OURS}",
        "Holmstrom & Milgrom 1987 (quadratic); general power ours, unsourced":
            f"Holmstrom & Milgrom 1987（二次型）；一般幂次{_OURS}",
        "Albers, Mantrala & Sridhar 2010: mean elasticity 0.31, bias-corrected":
            "Albers, Mantrala & Sridhar 2010：平均弹性0.31（已校正偏差）",
        "15-27 % of a sales force a year (Zoltners et al., HBR 2017; bettersalescomp.com); 20 % then quit":
            "销售队伍每年离开15–27%（Zoltners等，HBR 2017；bettersalescomp.com），其中20%为主动离职",
        "16 %, best practice 28 % (Alexander Group)": "16%，最佳实践28%（Alexander Group）",
        "30 to 60 days net are usual terms; replace by your own": "账期通常为30至60天；请换成您自己的数值",
        "CSO 41-46 % with customers, travel apart; ours, unsourced":
            f"CSO：面对客户的时间占41–46%，不含路途；{_OURS}",
        "Oldroyd, McElheran & Elkington 2011 (decay); causal share ours, unsourced":
            f"Oldroyd, McElheran & Elkington 2011（衰减形状）；因果占比{_OURS}",
        "average 8.5, range 2-38 (Alexander Group)": "平均8.5，范围2–38（Alexander Group）",
        "carry-over exists: Sinha & Zoltners 2001; value ours, unsourced":
            f"滞后效应存在：Sinha & Zoltners 2001；数值{_OURS}",
        "fitted to the quantiles of Bridge Group 2024: 27 % under 3, 38 % 3-6, 28 % 6-12, 7 % over 12 months":
            "按Bridge Group 2024的分位数拟合：3个月以内27%，3–6个月38%，6–12个月28%，12个月以上7%",
        "form: Mantrala, Sinha & Zoltners 1992 (modified exponential); value ours, unsourced":
            f"形式：Mantrala, Sinha & Zoltners 1992（修正指数）；数值{_OURS}",
        "form: logit of fit and skill; value ours, unsourced: a specialist wins 1.1 to 1.5 times as often":
            f"形式：匹配度与技能的logit；数值{_OURS}：专家赢单率为1.1至1.5倍",
        "half an hour as in textbook time budgets; ours, unsourced": f"半小时，同教科书的时间预算；{_OURS}",
        "hand-off survival 0.9, range 0.8-1; ours, unsourced": f"移交存活率0.9，范围0.8–1；{_OURS}",
        "median 1-3 months to fill, 68 firms (bettersalescomp.com, 2015)":
            "补缺时间中位数1–3个月，68家企业（bettersalescomp.com, 2015）",
        "median 5.0 months, Bridge Group 2024": "中位数5.0个月，Bridge Group 2024",
        "more than 3 hours a month go with 7 % more to goal (SBI, as cited); set to that":
            "每月3小时以上与目标达成率高7%相伴（SBI，转引）；据此设定",
        "ours, unsourced; set so that the best span of control is about 11, in the usual range of 5 to 15":
            f"{_OURS}；设定为使最佳管理幅度约为11，处于常见的5至15之间",
        "order of magnitude; replace by your own": "数量级；请换成您自己的数值",
        "pairwise coordination time; ours, unsourced": f"两两协调时间；{_OURS}",
        "ramp from 20 % of full productivity; ours, unsourced": f"从完全产能的20%起步；{_OURS}",
        "set so that a move costs 13-18 % of a year's sales, as in Shi, Sridhar, Grewal & Lilien 2017, as the mean of "
        "colleagues and new hires; the share itself is not published":
            f"设定为使一次易主损失一年销售额的13–18%，同{_SHI}（同事与新人的均值）；比例本身未见发表",
        "set with goodwill_kept so that a move costs 13-18 % of a year's sales, as in Shi, Sridhar, Grewal & Lilien "
        "2017; the share itself is not published":
            f"与移交后保留的好感一同设定，使一次易主损失一年销售额的13–18%，同{_SHI}；比例本身未见发表",
        "sign: Sunder, Kumar, Goreczny & Maurer 2017; size ours, unsourced":
            f"方向：Sunder, Kumar, Goreczny & Maurer 2017；大小{_OURS}",
        "sign: a change can revitalise (Schmitz et al. 2020); size ours, unsourced":
            f"方向：换人可使关系重获活力（Schmitz等 2020）；大小{_OURS}",
        "sign: a similar rep loses least (Shi, Sridhar, Grewal & Lilien 2017); size ours, unsourced":
            f"方向：相似的代表损失最小（{_SHI}）；大小{_OURS}",
        "three times a day of doing; ours, unsourced: no defensible figure was found":
            f"相当于实干一天的三倍；{_OURS}：未找到站得住的数字",
        "usual road network detour index": "常用的路网绕行系数",
        "form ours; that a pay plan chooses who comes and stays: Lazear 2000":
            "形式为自设；薪酬方案决定谁来谁留：Lazear 2000",
        "form: Holmstrom & Milgrom 1991; share ours, unsourced": f"形式：Holmstrom & Milgrom 1991；比例{_OURS}",
        "ours, unsourced: pride, and a boss who looks": f"{_OURS}：自尊心，以及上司的关注",
        "sign: Kishore, Rao, Narasimhan & John 2013; size ours, unsourced":
            f"方向：Kishore, Rao, Narasimhan & John 2013；大小{_OURS}",
        "terms of 30 days and 90 days overdue, the last bucket of usual ageing reports":
            "30天账期加逾期90天，即常用账龄表的最后一档",
    },
}  # fmt: skip


def source_in(language: str, source: str) -> str:
    """Return a source of the register in a language; one that only cites, or is not put over yet, as it is.

    Examples
    --------
    >>> source_in("zh", "median 5.0 months, Bridge Group 2024"), source_in("en", "Little 1970")
    ('中位数5.0个月，Bridge Group 2024', 'Little 1970')
    """
    return _SOURCES.get(language, {}).get(source, source)
