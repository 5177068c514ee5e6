"""What the cells of the lessons print, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["LINES"]

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
