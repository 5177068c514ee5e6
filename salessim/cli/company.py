"""Commands around a company and the model itself: ``fit``, ``sample``, ``assumptions``, ``bench``."""

from __future__ import annotations

import argparse
from pathlib import Path

from salessim.cli.options import Verbs, add_language
from salessim.cli.texts import text
from salessim.errors import CrmError, explain

__all__ = ["add_commands"]


def add_commands(verbs: Verbs) -> None:
    """Add the commands to the parser."""
    fit = verbs.add_parser("fit", help="fit market and plan to a CRM export and write them as YAML")
    fit.add_argument("folder", help="folder with a CRM export")
    fit.add_argument("--out", default=".", help="folder for market.yaml and plan.yaml (default: here)")
    fit.add_argument("--force", action="store_true", help="replace files that are there")
    add_language(fit, "the import report")
    fit.set_defaults(run=_fit)

    sample = verbs.add_parser("sample", help="write the CRM export of the sample company")
    sample.add_argument("folder", help="folder to write it to")
    add_language(sample, "what is said")
    sample.set_defaults(run=_sample)

    register = verbs.add_parser("assumptions", help="print the assumption register")
    add_language(register, "the register")
    register.set_defaults(run=_assumptions)

    bench = verbs.add_parser("bench", help="measure speed and precision on this machine")
    bench.add_argument("--quick", action="store_true", help="leave out 5,000 reps, compiling and other simulators")
    add_language(bench, "the table")
    bench.set_defaults(run=_bench)


def _fit(chosen: argparse.Namespace) -> int:
    from salessim.crm import read_crm
    from salessim.fit import fit_company
    from salessim.model.files import dump

    out = Path(chosen.out)
    files = [out / "market.yaml", out / "plan.yaml"]
    there = [str(path) for path in files if path.exists()]
    if there and not chosen.force:
        raise CrmError(
            explain("this file is there already", where=", ".join(there),
                    remedy="Give another folder with --out, or --force to replace it")
        )  # fmt: skip
    crm = read_crm(chosen.folder)
    print(crm.report.to_text(chosen.lang))
    print()
    fitted = fit_company(crm)
    print(fitted.say(chosen.lang))
    out.mkdir(parents=True, exist_ok=True)
    dump(fitted.market, files[0])
    dump(fitted.plan, files[1])
    print("\n" + text("written", chosen.lang, files=f"{files[0]}, {files[1]}"))
    return 0


def _sample(chosen: argparse.Namespace) -> int:
    from salessim.sample import write_sample

    folder = write_sample(chosen.folder)
    files = ", ".join(sorted(path.name for path in folder.iterdir()))
    print(text("sample", chosen.lang, folder=folder, files=files))
    return 0


def _assumptions(chosen: argparse.Namespace) -> int:
    from salessim.model.assumption import OURS
    from salessim.model.register import register
    from salessim.show.report.sources import source_in
    from salessim.words import definition, label, sentence

    language = chosen.lang
    for entry in register():
        unit = entry.unit if language == "en" else label(f"unit.{entry.unit}", language)
        between = sentence("range", language, low=f"{entry.low:g}", high=f"{entry.high:g}")
        print(f"{entry.part}.{entry.name} = {entry.default:g} {unit} ({between})")
        meaning = entry.meaning if language == "en" else definition(f"setting.{entry.name}", language).rstrip("。")
        source = sentence("ours unsourced", language) if entry.source == OURS else source_in(language, entry.source)
        evidence = entry.evidence if language == "en" else label(f"evidence.{entry.evidence}", language)
        print("    " + text("assumption", language, meaning=meaning, source=source, evidence=evidence))
    return 0


def _bench(chosen: argparse.Namespace) -> int:
    from salessim.bench import bench

    print(bench(quick=chosen.quick, language=chosen.lang))
    return 0
