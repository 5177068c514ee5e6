"""The command line: ``salessim compare``, ``sample``, ``bench``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from salessim.errors import SalesSimError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or 1 where the user must do something (said in one paragraph)."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except SalesSimError as error:
        print(f"salessim: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("salessim: stopped.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    from salessim import __version__

    parser = argparse.ArgumentParser(
        prog="salessim",
        description="What happens if we change the sales organisation? Replays the same market under different ones.",
    )
    parser.add_argument("--version", action="version", version=f"salessim {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    compare = verbs.add_parser("compare", help="compare today's structure with territory, product, customer and hybrid")
    compare.add_argument("folder", help="folder with a CRM export")
    compare.add_argument("--months", type=int, default=24, help="length of the comparison (default: 24)")
    compare.add_argument("--replications", type=int, default=30, help="paired runs (30, up to 90 where needed)")
    compare.add_argument("--draws", type=int, default=48, help="draws of the assumptions (default: 48)")
    compare.add_argument(
        "--delta", type=float, default=1.0, help="smallest difference that matters, %% of revenue (default: 1)"
    )
    compare.add_argument("--reps", type=int, help="sales force size under the new structures (default: as today)")
    compare.add_argument(
        "--picture", default="salessim-compare.png", help="picture to write (default: salessim-compare.png)"
    )
    compare.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the answer")
    compare.add_argument("--seed", type=int, default=1)
    compare.add_argument("--quiet", action="store_true", help="no import report, no progress")
    compare.set_defaults(run=_compare)

    why = verbs.add_parser("explain", help="take the difference between two structures apart, mechanism by mechanism")
    why.add_argument("folder", help="folder with a CRM export")
    why.add_argument("structure", help="structure to explain: territory, product, customer or hybrid")
    why.add_argument("--against", default="today", help="what it is compared with (default: today)")
    why.add_argument("--months", type=int, default=24)
    why.add_argument("--replications", type=int, default=12)
    why.set_defaults(run=_explain)

    sample = verbs.add_parser("sample", help="write the CRM export of the sample company")
    sample.add_argument("folder")
    sample.set_defaults(run=_sample)

    register = verbs.add_parser("assumptions", help="print the assumption register")
    register.set_defaults(run=_assumptions)

    bench = verbs.add_parser("bench", help="measure speed and precision on this machine")
    bench.add_argument("--quick", action="store_true", help="leave out 5,000 reps, compiling and other simulators")
    bench.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the table")
    bench.set_defaults(run=_bench)
    return parser


def _compare(chosen: argparse.Namespace) -> int:
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
        print(fitted)
        print()
        print("compiling the rules on first use, then replaying the market …", file=sys.stderr)
    plans = {"today": fitted.plan}
    for structure in ("territory", "product", "customer", "hybrid"):
        changed = fitted.plan.but(name=structure, structure=structure)
        plans[structure] = changed.but(reps=chosen.reps) if chosen.reps is not None else changed
    study = compare(
        fitted.market, plans, months=chosen.months, replications=chosen.replications, draws=chosen.draws,
        delta=chosen.delta / 100.0, seed=chosen.seed, progress=False if chosen.quiet else None,
    )  # fmt: skip
    print(summary_text(study, chosen.lang))
    print()
    print(study.verdict(chosen.lang))
    if chosen.picture:
        from salessim.show.study_figure import save_study_figure

        path = Path(chosen.picture)
        save_study_figure(study, path, chosen.lang)
        print(f"\n{'Picture' if chosen.lang == 'en' else '图片'}: {path}")
    return 0


def _explain(chosen: argparse.Namespace) -> int:
    from salessim.crm import read_crm
    from salessim.fit import fit_company
    from salessim.study.explain import explain_difference

    fitted = fit_company(read_crm(chosen.folder))
    plans = {name: fitted.plan.but(structure=name) for name in (chosen.structure, chosen.against)}
    found = explain_difference(
        fitted.market, plans, chosen.structure, chosen.against, months=chosen.months, replications=chosen.replications
    )
    print(f"revenue of {chosen.structure} against {chosen.against}: {found.total:+.1%}")
    for row in found.frame().itertuples():
        print(f"  {row.mechanism:<14} {row.adds:+7.1%}  (standard error {row.standard_error:.1%})")
    print(f"  {'the rest':<14} {found.rest:+7.1%}  (balance and workload, with every mechanism off)")
    return 0


def _sample(chosen: argparse.Namespace) -> int:
    from salessim.sample import write_sample

    folder = write_sample(chosen.folder)
    print(f"sample company written to {folder}: " + ", ".join(sorted(path.name for path in folder.iterdir())))
    return 0


def _assumptions(chosen: argparse.Namespace) -> int:
    from salessim.model.register import register

    for entry in register():
        print(f"{entry.part}.{entry.name} = {entry.default:g} {entry.unit} ({entry.low:g} to {entry.high:g})")
        print(f"    {entry.meaning}. Source: {entry.source} [{entry.evidence}]")
    return 0


def _bench(chosen: argparse.Namespace) -> int:
    from salessim.bench import bench

    print(bench(quick=chosen.quick, language=chosen.lang))
    return 0
