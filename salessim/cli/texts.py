"""What the commands print, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["TEXTS", "text"]

_EN = {
    "stopped": "stopped.",
    "memory": "The memory of this machine is not enough for that. Take fewer replications, months or accounts.",
    "file": "{file}: {error}. Check the path, its rights and the disk.",
    "a file": "A file",
    "defect": "This is a defect of salessim, not of your data ({error}). Please report it; with SALESSIM_DEBUG=1 in "
    "the environment it says where. `salessim doctor` checks the installation.",
    "written": "written: {files}",
    "sample": "sample company written to {folder}: {files}",
    "assumption": "{meaning}. Source: {source} [{evidence}]",
    "compiling": "compiling the rules on first use, then replaying the market …",
    "picture": "Picture: {path}",
    "report": "Report: {path}",
    "forecast pipeline": "Won value of the days ahead, from the open deals, those still to come and past sales:",
    "forecast series": "Won value of the months ahead, from past sales:",
    "forecast days": "days ahead",
    "forecast period": "month",
    "forecast mean": "forecast",
    "forecast interval": "{level} % interval",
    "forecast total": "total",
    "explained": "revenue of {plan} against {against}: {total}",
    "mechanism": "{mechanism}  (standard error {error})",
    "rest": "the rest",
    "rest words": "(balance and workload, with every mechanism off)",
    "copied": "Your notebooks are in {folder}: {written} copied, {kept} of yours kept.",
    "only english": "These notebooks are in English only so far.",
    "no pack": "",
    "ctrl-c": "Ctrl-C to stop",
}
_ZH = {
    "stopped": "已停止。",
    "memory": "本机内存不足。请减少重复次数、月数或客户数。",
    "file": "{file}：{error}。请检查路径、权限与磁盘。",
    "a file": "某个文件",
    "defect": "这是salessim的缺陷，并非您的数据所致（{error}）。请报告；在环境变量中设SALESSIM_DEBUG=1可看到出处。"
    "`salessim doctor`可检查安装。",
    "written": "已写入：{files}",
    "sample": "示例企业已写入{folder}：{files}",
    "assumption": "{meaning}。来源：{source} [{evidence}]",
    "compiling": "首次使用先编译规则，随后模拟市场……",
    "picture": "图片：{path}",
    "report": "报告：{path}",
    "forecast pipeline": "未来数日的赢单金额（依据在途商机、尚未创建的商机与历史销售）：",
    "forecast series": "未来各月的赢单金额（依据历史销售）：",
    "forecast days": "未来天数",
    "forecast period": "月份",
    "forecast mean": "预测",
    "forecast interval": "{level}%区间",
    "forecast total": "合计",
    "explained": "{plan}对比{against}的收入：{total}",
    "mechanism": "{mechanism}  （标准误{error}）",
    "rest": "其余",
    "rest words": "（各机制均关闭时，由均衡与工作量所致）",
    "copied": "您的笔记本在 {folder}：新复制{written}个，保留您已有的{kept}个。",
    "only english": "这些笔记本目前只有英文版。",
    "no pack": "JupyterLab菜单为英文；如需中文：pip install jupyterlab-language-pack-zh-CN",
    "ctrl-c": "按Ctrl-C停止",
}

TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": MappingProxyType(_EN), "zh": MappingProxyType(_ZH)})
"""language -> key -> template. Both languages have the same keys and the same fields."""


def text(key: str, language: str = "en", **fields: object) -> str:
    """Return a text with its fields filled in.

    Examples
    --------
    >>> text("picture", "zh", path="a.png")
    '图片：a.png'
    """
    return TEXTS[language][key].format(**fields)
