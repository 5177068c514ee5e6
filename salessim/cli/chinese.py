"""The command line's help and refusals in Chinese: what `argparse` and the model say in English, put over."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NoReturn

__all__ = ["HELP", "ChineseParser", "asked_language", "refusal"]

HELP: Mapping[str, str] = MappingProxyType({
    "What happens if we change the sales organisation? Replays the same market under different ones.":
        "改变销售组织会怎样？让同一市场在不同的销售组织下重演。",
    "positional arguments": "位置参数",
    "options": "选项",
    "show this help message and exit": "显示本帮助并退出",
    "show program's version number and exit": "显示版本号并退出",
    "open the notebooks in JupyterLab, as copies in your own folder":
        "在JupyterLab中打开笔记本（复制到您自己的文件夹）",
    "open the cockpit alone, without code, in Voilà": "在Voilà中只打开驾驶舱，不显示代码",
    "compare today's structure with territory, product, customer and hybrid":
        "将现有结构与区域型、产品型、客户型、复合型比较",
    "the same comparison as a report to hand on: HTML, PDF or Excel": "同一比较，写成可转交的报告：HTML、PDF或Excel",
    "take the difference between two structures apart, mechanism by mechanism": "按机制分解两种结构之间的差异",
    "what a pay plan would have paid last year, who gains, and next year's P95":
        "某薪酬方案上一年会支付多少、谁受益，以及来年的P95",
    "what the open deals and the months to come will bring": "在途商机与未来各月将带来多少销售额",
    "fit market and plan to a CRM export and write them as YAML": "按CRM导出数据拟合市场与方案，写成YAML",
    "write the CRM export of the sample company": "写出示例企业的CRM导出数据",
    "print the assumption register": "列出全部假设",
    "measure speed and precision on this machine": "在本机测量速度与精度",
    "say what is wrong with the installation and how to mend it": "检查安装有何问题、如何修复",
    "the one to open, e.g. 01 (default: the first)": "要打开的笔记本，如01（默认：第一个）",
    "write every notebook anew, keeping yours beside it": "重新写出全部笔记本，您的版本保留在旁",
    "folder for the copies (default: salessim-notebooks at home)":
        "存放副本的文件夹（默认：主目录下的salessim-notebooks）",
    "port on this machine (default: a free one)": "本机端口（默认：任一空闲端口）",
    "do not open a browser, only print the address": "不打开浏览器，只显示地址",
    "language of the notebooks (default: en)": "笔记本的语言（默认：en）",
    "language of the answer (default: en)": "回答的语言（默认：en）",
    "language of the import report (default: en)": "导入报告的语言（默认：en）",
    "language of what is said (default: en)": "提示的语言（默认：en）",
    "language of the register (default: en)": "假设清单的语言（默认：en）",
    "language of the table (default: en)": "表格的语言（默认：en）",
    "language of the findings (default: en)": "检查结果的语言（默认：en）",
    "folder with a CRM export": "存放CRM导出数据的文件夹",
    "length of the comparison (default: 24)": "比较的月数（默认：24）",
    "paired runs (30, up to 90 where needed)": "配对重复次数（30，必要时至90）",
    "draws of the assumptions (default: 48)": "假设的抽样次数（默认：48）",
    "smallest difference that matters, %% of revenue (default: 1)": "最小有意义差异，占销售收入%%（默认：1）",
    "sales force size under the new structures (default: as today)": "新结构下的销售代表人数（默认：与现状相同）",
    "seed of the random numbers (default: 1)": "随机种子（默认：1）",
    "no import report, no progress": "不显示导入报告和进度",
    "picture to write (default: salessim-compare.png)": "要写出的图片（默认：salessim-compare.png）",
    "ends in .html, .pdf or .xlsx (default: salessim-report.html)":
        "以.html、.pdf或.xlsx结尾（默认：salessim-report.html）",
    "the question in your own words": "用您自己的话写的问题",
    "take the difference apart, mechanism by mechanism": "按机制分解差异",
    "structure to explain: territory, product, customer or hybrid":
        "要解释的结构：territory、product、customer或hybrid",
    "what it is compared with (default: today)": "与何者比较（默认：today）",
    "paired runs (default: 12)": "配对重复次数（默认：12）",
    "the pay plan: a YAML file, or the name of a preset such as accelerator":
        "薪酬方案：YAML文件，或预设名称，如accelerator",
    "the pay plan of today, to tell winners and losers; likewise": "现行薪酬方案，用以区分受益者与受损者；写法同上",
    "simulate next year too, with reps who answer to the plan": "同时模拟来年：销售代表会对方案作出反应",
    "years simulated with --ahead (default: 40)": "配合--ahead模拟的年数（默认：40）",
    "picture of winners and losers to write: .png, .pdf or .svg (needs --before)":
        "要写出的受益与受损图：.png、.pdf或.svg（需要--before）",
    "months ahead (default: 12)": "预测的月数（默认：12）",
    "levels to forecast: region, segment, product, rep, source; region/rep nests":
        "预测的层级：region、segment、product、rep、source；region/rep为嵌套",
    "picture of the forecast to write: .png, .pdf or .svg": "要写出的预测图：.png、.pdf或.svg",
    "folder for market.yaml and plan.yaml (default: here)": "存放market.yaml与plan.yaml的文件夹（默认：当前）",
    "replace files that are there": "替换已有文件",
    "folder to write it to": "要写入的文件夹",
    "leave out 5,000 reps, compiling and other simulators": "略去5,000名销售代表、编译与其他模拟器",
})  # fmt: skip
"""What the help says in English -> in Chinese."""

_TEXTS = ("help", "title", "description")
_REFUSED = (
    (r"the following arguments are required: (.*)", r"缺少必需的参数：\1"),
    (r"unrecognized arguments: (.*)", r"无法识别的参数：\1"),
    (r"argument (.+?): invalid choice: (.+) \(choose from (.*)\)", r"参数\1：没有\2这一选项（可选：\3）"),
    (r"argument (.+?): invalid int value: (.*)", r"参数\1：应为整数，现为\2"),
    (r"argument (.+?): invalid float value: (.*)", r"参数\1：应为数字，现为\2"),
    (r"argument (.+?): expected (?:one|at least one) argument", r"参数\1：缺少取值"),
    (r"ambiguous option: (\S+) could match (.*)", r"选项\1有歧义，可能是\2"),
)
_PHRASES = (
    ("there is no such file or folder", "没有这个文件或文件夹"),
    ("Check the path", "请检查路径"),
    ("a run needs at least one month", "至少模拟一个月"),
    ("too few replications", "重复次数太少"),
    ("a sales force needs somebody", "销售队伍至少要有一人"),
    ("Raise the number of reps, or leave it out to keep the team as it is",
     "请增加销售代表人数，或省略此项以保持现有团队"),
    ("there is no such pay plan", "没有这个薪酬方案"),
    ("there is no such structure", "没有这种结构"),
    ("there is no such plan", "没有这个方案"),
    ("the table of sales has no such column", "销售表中没有这一列"),
    ("a whole number is needed", "应为整数"),
    ("a number of draws cannot be negative", "抽样次数不能为负"),
    ("no table looks like deals", "没有找到商机表"),
    ("the export is empty: no file holds any table", "导出数据为空：没有任何文件含有表格"),
    ("there are no deals to analyse", "没有可供分析的商机"),
    ("there is too little history to fit a market", "历史数据太少，无法拟合市场"),
    ("amounts in several currencies cannot be added", "不同货币的金额不能相加"),
    ("the file is locked with a password", "文件设有密码"),
    ("a replay of last year takes a year of history", "重算上一年需要一整年的历史数据"),
    ("2 or more, better 30", "2或以上，最好30"),
    ("0 or more", "0或以上"),
    ("1 or more", "1或以上"),
    ("a report cannot be written as this kind of file", "报告不能写成这种文件"),
    ("a picture cannot be written as this kind of file", "图片不能写成这种文件"),
    ("the report cannot be written", "报告无法写出"),
    ("there is no such folder", "没有这个文件夹"),
    ("this file is there already", "该文件已存在"),
    ("there is no such port", "没有这个端口"),
    ("this port is taken", "该端口已被占用"),
    ("the notebooks cannot be copied", "笔记本无法复制"),
    ("the server ended with an error, which it printed above", "服务器出错结束，错误已显示在上方"),
    ("is not installed", "未安装"),
    ("Give the file one of these endings", "请使用上述后缀之一"),
    ("Give another folder with --out, or --force to replace it", "请用--out指定其他文件夹，或用--force替换"),
    ("Give another folder with --folder", "请用--folder指定其他文件夹"),
    ("Leave it out for a free one", "省略它即可使用空闲端口"),
    ("`salessim doctor` says what is wrong with the installation", "`salessim doctor`可检查安装问题"),
    ("Install it into this Python: ", "请安装到此Python："),
    ("Make it first", "请先创建"),
    ("Did you mean ", "您是否指"),
    ("Known names: ", "已知名称："),
)


def asked_language(arguments: Sequence[str]) -> str:
    """Return the language that a command line asks for, before it is parsed: its help must be in it too.

    Examples
    --------
    >>> asked_language(["report", "--lang", "zh"]), asked_language(["--lang=zh"]), asked_language(["fit", "zh"])
    ('zh', 'zh', 'en')
    """
    given = [*arguments, ""]
    chosen = [one.partition("=")[2] if "=" in one else given[at + 1]
              for at, one in enumerate(given) if one == "--lang" or one.startswith("--lang=")]  # fmt: skip
    return "zh" if chosen and chosen[-1] == "zh" else "en"


def refusal(message: str) -> str:
    """Return an error of the model with its frame in Chinese; what this package has no Chinese for stays English.

    Examples
    --------
    >>> refusal("path: there is no such folder. Found: 'a'. Make it first.")
    "path：没有这个文件夹。现为：'a'。请先创建。"
    """
    said = message
    for english, chinese in _PHRASES:
        said = re.sub(re.escape(english), chinese, said, flags=re.IGNORECASE)
    said = said.replace(" Found: ", " 现为：").replace(" Allowed: ", " 允许：")
    said = re.sub(r": (?=[\u4e00-\u9fff])", "：", said)
    said = re.sub(r"(?<=[\u4e00-\u9fff])\. ?", "。", said)  # a sentence that ends in Chinese ends with its full stop
    return re.sub(r"\. (?=现为：|允许：|请|您是否|已知)", "。", said)


class ChineseParser(argparse.ArgumentParser):
    """A parser that helps and refuses in Chinese; the parsers of its commands are made of the same class."""

    def format_help(self) -> str:
        """Return the help, with every text in Chinese; the parser stays as it was."""
        fields = [(thing, name, getattr(thing, name)) for thing in self._things() for name in _TEXTS
                  if isinstance(getattr(thing, name, None), str)]  # fmt: skip
        try:
            for thing, name, english in fields:
                setattr(thing, name, HELP.get(english, english))
            return super().format_help().replace("usage: ", "用法：", 1)
        finally:
            for thing, name, english in fields:
                setattr(thing, name, english)

    def format_usage(self) -> str:
        """Return the usage."""
        return super().format_usage().replace("usage: ", "用法：", 1)

    def error(self, message: str) -> NoReturn:
        """Refuse, and end."""
        for english, chinese in _REFUSED:
            message = re.sub(f"^{english}$", chinese, message)
        self.exit(2, f"{self.format_usage()}{self.prog}：{message}\n")

    def _things(self) -> list[Any]:
        """Return all that has a text in the help: this parser, its options, their groups, the list of commands."""
        commands = [one for action in self._actions if isinstance(action, argparse._SubParsersAction)
                    for one in action._choices_actions]  # fmt: skip
        return [self, *self._actions, *self._action_groups, *commands]
