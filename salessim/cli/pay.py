"""The command that asks what a pay plan would have paid last year and may pay next year: ``pay``."""

from __future__ import annotations

import argparse
from pathlib import Path

from salessim.cli.options import Verbs, add_language
from salessim.cli.tables import print_aligned
from salessim.cli.texts import text

__all__ = ["add_commands"]


def add_commands(verbs: Verbs) -> None:
    """Add the command to the parser."""
    pay = verbs.add_parser("pay", help="what a pay plan would have paid last year, who gains, and next year's P95")
    pay.add_argument("folder", help="folder with a CRM export")
    pay.add_argument("plan", help="the pay plan: a YAML file, or the name of a preset such as accelerator")
    pay.add_argument("--before", help="the pay plan of today, to tell winners and losers; likewise")
    pay.add_argument("--ahead", action="store_true", help="simulate next year too, with reps who answer to the plan")
    pay.add_argument("--futures", type=int, default=40, help="years simulated with --ahead (default: 40)")
    pay.add_argument("--picture", help="picture of winners and losers to write: .png, .pdf or .svg (needs --before)")
    add_language(pay, "the answer")
    pay.set_defaults(run=_pay)


def _pay(chosen: argparse.Namespace) -> int:
    from salessim.crm import read_crm
    from salessim.fit import fit_company
    from salessim.model.pay import Pay
    from salessim.model.pay_files import load_pay, pay_preset
    from salessim.study.pay_replay import replay_pay
    from salessim.study.pay_wording import replay_table

    def plan(name: str) -> Pay:
        return load_pay(name) if name.endswith((".yaml", ".yml")) else pay_preset(name)

    pay, before = plan(chosen.plan), plan(chosen.before) if chosen.before else None
    crm = read_crm(chosen.folder)
    known = crm.deals["currency"].dropna()
    company = fit_company(crm) if chosen.ahead else None
    found = replay_pay(
        crm, pay, before=before, currency=str(known.mode().iloc[0]) if len(known) else "", futures=chosen.futures,
        market=company.market if company else None, plan=company.plan if company else None,
    )  # fmt: skip
    print(found.text(chosen.lang))
    print()
    table = replay_table(found, chosen.lang)
    rows = [[str(rep), *map(str, row)] for rep, row in zip(table.index, table.to_numpy(), strict=True)]
    print_aligned([[str(table.index.name), *table.columns], *rows])
    if chosen.picture:
        path = Path(chosen.picture)
        found.plot(chosen.lang).savefig(path)
        print("\n" + text("picture", chosen.lang, path=path))
    return 0
