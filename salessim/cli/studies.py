"""Commands that compare structures: ``compare``, ``report``, ``explain``."""

from __future__ import annotations

import argparse
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from salessim.cli.options import Verbs, add_language, add_study
from salessim.cli.texts import text

if TYPE_CHECKING:
    from salessim.study.study import Study

__all__ = ["add_commands"]

_STRUCTURES = ("territory", "product", "customer", "hybrid")


def add_commands(verbs: Verbs) -> None:
    """Add the commands to the parser."""
    compare = verbs.add_parser("compare", help="compare today's structure with territory, product, customer and hybrid")
    add_study(compare)
    compare.add_argument(
        "--picture", default="salessim-compare.png", help="picture to write (default: salessim-compare.png)"
    )
    compare.set_defaults(run=_compare)

    report = verbs.add_parser("report", help="the same comparison as a report to hand on: HTML, PDF or Excel")
    add_study(report)
    report.add_argument(
        "--out", default="salessim-report.html", help="ends in .html, .pdf or .xlsx (default: salessim-report.html)"
    )
    report.add_argument("--question", default="", help="the question in your own words")
    report.add_argument("--why", action="store_true", help="take the difference apart, mechanism by mechanism")
    report.set_defaults(run=_report)

    why = verbs.add_parser("explain", help="take the difference between two structures apart, mechanism by mechanism")
    why.add_argument("folder", help="folder with a CRM export")
    why.add_argument("structure", help="structure to explain: territory, product, customer or hybrid")
    why.add_argument("--against", default="today", help="what it is compared with (default: today)")
    why.add_argument("--months", type=int, default=24, help="length of the comparison (default: 24)")
    why.add_argument("--replications", type=int, default=12, help="paired runs (default: 12)")
    add_language(why, "the answer")
    why.set_defaults(run=_explain)


def _study(chosen: argparse.Namespace) -> Study:
    """Read the export, fit the company, compare the structures; print the answer."""
    from salessim.crm import read_crm
    from salessim.fit import fit_company
    from salessim.study.comparison import compare
    from salessim.study.wording import summary_text

    crm = read_crm(chosen.folder)
    if not chosen.quiet:
        print(crm.report.to_text(chosen.lang))
        print()
    fitted = fit_company(crm)
    if not chosen.quiet:
        print(fitted.say(chosen.lang))
        print()
        print(text("compiling", chosen.lang), file=sys.stderr)
    plans = {"today": fitted.plan}
    for structure in _STRUCTURES:
        changed = fitted.plan.but(name=structure, structure=structure)
        plans[structure] = changed.but(reps=chosen.reps) if chosen.reps is not None else changed
    study = compare(
        fitted.market, plans, months=chosen.months, replications=chosen.replications, draws=chosen.draws,
        delta=chosen.delta / 100.0, seed=chosen.seed, progress=False if chosen.quiet else None,
    )  # fmt: skip
    print(summary_text(study, chosen.lang))
    print()
    print(study.verdict(chosen.lang))
    return study


def _compare(chosen: argparse.Namespace) -> int:
    study = _study(chosen)
    if chosen.picture:
        from salessim.show.study_figure import save_study_figure

        path = Path(chosen.picture)
        save_study_figure(study, path, chosen.lang)
        print("\n" + text("picture", chosen.lang, path=path))
    return 0


def _report(chosen: argparse.Namespace) -> int:
    from salessim.show.report import check_target
    from salessim.study.explain import explain_difference

    check_target(chosen.out)  # before minutes of work, not after
    study = _study(chosen)
    explanation = None
    if chosen.why:
        head = study.judged.headline
        plan, against = study.names[head.plan], study.names[head.against]
        explanation = explain_difference(
            study.market, study.plans, plan, against, months=study.months, replications=12, seed=study.seed
        )
    path = study.report(chosen.out, chosen.lang, question=chosen.question, explanation=explanation)
    print("\n" + text("report", chosen.lang, path=path))
    return 0


def _explain(chosen: argparse.Namespace) -> int:
    from salessim.crm import read_crm
    from salessim.fit import fit_company
    from salessim.study.explain import explain_difference
    from salessim.words import label, sentence

    fitted = fit_company(read_crm(chosen.folder))
    plans = {name: fitted.plan.but(structure=name) for name in (chosen.structure, chosen.against)}
    found = explain_difference(
        fitted.market, plans, chosen.structure, chosen.against, months=chosen.months, replications=chosen.replications
    )
    language = chosen.lang
    plan, against = (label(f"structure.{name}", language) for name in (chosen.structure, chosen.against))
    print(text("explained", language, plan=plan, against=against, total=f"{found.total:+.1%}"))
    for row in found.frame().itertuples():
        name = row.mechanism if language == "en" else sentence(f"report mechanism {row.mechanism}", language)
        said = f"{_padded(str(name))} {row.adds:+7.1%}"
        print("  " + text("mechanism", language, mechanism=said, error=f"{row.standard_error:.1%}"))
    print(f"  {_padded(text('rest', language))} {found.rest:+7.1%}  {text('rest words', language)}")
    return 0


def _padded(name: str) -> str:
    """Fill a name up to a column; a Chinese character takes two places of a terminal."""
    return name + " " * max(0, 14 - sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in name))
