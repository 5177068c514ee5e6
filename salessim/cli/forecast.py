"""The command that says what will be sold: ``forecast``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salessim.cli.options import Verbs, add_language
from salessim.cli.tables import print_aligned
from salessim.cli.texts import text
from salessim.errors import CrmError, explain

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["add_commands"]

_DAYS = (30, 60, 90)
_PICTURES = (".png", ".pdf", ".svg")


def add_commands(verbs: Verbs) -> None:
    """Add the command to the parser."""
    forecast = verbs.add_parser("forecast", help="what the open deals and the months to come will bring")
    forecast.add_argument("folder", help="folder with a CRM export")
    forecast.add_argument("--months", type=int, default=12, help="months ahead (default: 12)")
    forecast.add_argument(
        "--by", nargs="+", default=[], metavar="LEVEL",
        help="levels to forecast: region, segment, product, rep, source; region/rep nests",
    )  # fmt: skip
    forecast.add_argument("--picture", help="picture of the forecast to write: .png, .pdf or .svg")
    add_language(forecast, "the answer")
    forecast.set_defaults(run=_forecast)


def _forecast(chosen: argparse.Namespace) -> int:
    from salessim.crm import read_crm
    from salessim.forecast import forecast, forecast_pipeline

    language = chosen.lang
    picture = Path(chosen.picture) if chosen.picture else None
    if picture is not None and picture.suffix.lower() not in _PICTURES:  # before the work, not after
        raise CrmError(
            explain("a picture cannot be written as this kind of file", where="--picture", value=picture.name,
                    allowed=", ".join(_PICTURES), remedy="Give the file one of these endings")
        )  # fmt: skip
    crm = read_crm(chosen.folder)
    sales = forecast(crm, horizon=chosen.months, hierarchy=chosen.by or None)
    print(text("forecast pipeline", language))
    pipeline = forecast_pipeline(crm, horizon_days=_DAYS)
    print_aligned(_rows(pipeline.table(), "days", "combined", language))
    print("\n" + pipeline.report(language) + "\n")
    print(text("forecast series", language))
    table = sales.table()
    names = table["period"].astype(str)
    if chosen.by:
        names = table["series"].where(table["series"] != "total", text("forecast total", language)) + "  " + names
    print_aligned(_rows(table.assign(period=names), "period", "mean", language))
    print("\n" + sales.report(language))
    if picture is not None:
        figure: Any = sales.plot(language=language)
        figure.savefig(picture)
        print("\n" + text("picture", language, path=picture))
    return 0


def _rows(table: pd.DataFrame, name: str, value: str, language: str) -> list[list[str]]:
    """Return the lines of a table: what it is, the forecast, its intervals, in whole amounts a reader can use."""
    from salessim.show.report.writing import plain, rounded
    from salessim.words import sentence

    ends = [("lower_80", "upper_80"), ("lower_95", "upper_95")]
    rows = [[text(f"forecast {name}", language), text("forecast mean", language),
             *(text("forecast interval", language, level=level) for level in (80, 95))]]  # fmt: skip
    for one in table.to_dict("records"):
        between = [sentence("range", language, low=plain(rounded(one[low])), high=plain(rounded(one[high])))
                   for low, high in ends]  # fmt: skip
        rows.append([str(one[name]), plain(rounded(one[value])), *between])
    return rows
