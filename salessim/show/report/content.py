"""The content of a report on a study: what was asked, what was found, what it costs, and how far to trust it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.ledger import LINES
from salessim.model.fingerprint import fingerprint
from salessim.show.path_figure import path_figure
from salessim.show.report.assumptions import assumption_blocks
from salessim.show.report.costs import accounts_of
from salessim.show.report.document import Block, Cell, Document, Picture, Section, Table, Text, number, words
from salessim.show.report.glance import SELLING, compared, glance
from salessim.show.report.works import how_plans_work
from salessim.show.report.writing import (
    market_label,
    money_unit,
    plain,
    plus_minus,
    rounded,
    setting_words,
    signed,
)
from salessim.show.study_figure import alt_text, study_figure
from salessim.study.judgement import Judgement
from salessim.study.path import path_of
from salessim.study.phrases import figures, phrase, probability, quantity, share
from salessim.study.store import results_hash
from salessim.study.wording import (
    audit_lines,
    capital,
    clean,
    currency_label,
    names_for_sentences,
    plan_labels,
    second_line,
    strongest_assumptions,
    verdict_text,
    what_it_hangs_on,
)
from salessim.words import label, sentence
from salessim.words.terms import checked_language

if TYPE_CHECKING:
    from salessim.model.change import Change
    from salessim.model.plan import Plan
    from salessim.show.report.costs import Accounts
    from salessim.study.explain import Explanation
    from salessim.study.path import Path
    from salessim.study.study import Study

__all__ = ["report_document"]

_PLAN_TEXT = frozenset({0, 1, 4, 5})

_MINUS = re.compile(r"(?<![0-9A-Za-z.])-(?=\d)")
_PERCENT = "+0.0%;-0.0%;0.0%"

_MECHANISMS = {
    "travel": "report mechanism travel",
    "skill": "report mechanism skill",
    "insight": "report mechanism insight",
    "relationship": "report mechanism relationship",
    "coordination": "report mechanism coordination",
}


def report_document(
    study: Study,
    language: str = "en",
    *,
    question: str = "",
    explanation: Explanation | None = None,
    date: dt.date | None = None,
) -> Document:
    """Compose the report; parameters and errors as in `salessim.show.report.report`."""
    from salessim import __version__

    checked_language(language)
    found = _Content(study, language)
    asked, *agreed = [clean(line) for line in question.splitlines() if line.strip()] or [found.question()]
    return Document(
        language=language,
        title=sentence("report title", language, market=capital(market_label(study.market.name, language))),
        question=asked,
        agreed=tuple(agreed),
        made=sentence("report made", language, date=(date or dt.date.today()).isoformat(), version=__version__),
        sections=tuple(section for section in found.sections(explanation) if section.blocks),
    )


class _Content:
    def __init__(self, study: Study, language: str) -> None:
        self.study = study
        self.language = language
        self.names = plan_labels(study, language)
        self.base = self.names[study.baseline]
        self.others = [place for place in range(len(self.names)) if place != study.baseline]

    def say(self, key: str, **fields: object) -> str:
        return sentence(key, self.language, **fields)

    def joined(self, texts: list[str]) -> str:
        return phrase(self.language, "comma").join(texts)

    def question(self) -> str:
        """Return the question where the user gave none."""
        return self.say(
            "report question", measure=names_for_sentences(self.study, self.language)["measure"],
            months=self.study.months, baseline=self.base,
            plans=self._one_of([self.say("report quoted", name=self.names[i]) for i in self.others]),
        )  # fmt: skip

    def _and(self, texts: Iterable[str]) -> str:
        """Return sentences as one; nothing of nothing."""
        found = ""
        for text in texts:
            found = self.say("report and", first=found, second=text) if found else text
        return found

    def _one_of(self, names: list[str]) -> str:
        first = self.joined(names[:-1])
        return self.say("report or", first=first, last=names[-1]) if first else names[-1]

    def sections(self, explanation: Explanation | None) -> list[Section]:
        parts: list[tuple[str, str, tuple[Block, ...]]] = [
            ("report answer", "report answer short", self.answer()),
            ("report plans", "report plans short", self.plans()),
            ("report costs", "report costs short", self.costs()),
            ("report why", "report why short", self.why(explanation)),
            ("report path", "report path short", self.paths()),
            ("report changes it", "report changes it short", self.what_would_change_it()),
            ("report assumptions", "report assumptions short", assumption_blocks(self.study, self.language)),
            ("report method", "report method short", self.method()),
        ]
        return [Section(self.say(title), self.say(short), blocks) for title, short, blocks in parts]

    # ------------------------------------------------------------------------------------------------------- answer

    def answer(self) -> tuple[Block, ...]:
        study = self.study
        said = study.judged.lines(self.language, **names_for_sentences(study, self.language))
        # no verdict without its interval: "none beats …" has none, the sentence after it brings it
        first = 2 if said[0] == phrase(self.language, "none better", baseline=self.base) else 1
        space = phrase(self.language, "space")
        sure = space.join([*said[first:], second_line(study, self.language)])
        return (
            Text(space.join(said[:first]), "lead"),
            glance(study, self.names, sure, self.language),
            self._verdicts(),
            Picture(study_figure(study, self.language), alt_text(study, self.language)),
        )

    def _verdicts(self) -> Table:
        study, judged = self.study, self.study.judged
        level = share(judged.headline.level, self.language)
        interval = self.say("row interval", level=level, interval=label("study.interval", self.language))
        head = (
            self.say("report plan"), self.say("row verdict"), self.say("row difference", baseline=self.base), interval,
            label("study.mean_is_best", self.language), label("study.wins", self.language),
        )  # fmt: skip
        rows = []
        for place, name in enumerate(self.names):
            best, wins = (float(x[place]) for x in (judged.chances.mean_is_best, judged.chances.wins))
            chances = (
                number(best, probability(best, self.language), "0%"),
                number(wins, share(wins, self.language), "0%"),
            )
            one = next((one for one in judged.judgements if one.plan == place), None)
            if one is None:
                middle = (Cell(label("study.baseline", self.language)), Cell(""), Cell(""))
            else:
                middle = self._judged(one)
            rows.append((Cell(name), *middle, *chances))
        return Table(
            self.say("report verdicts", measure=label(f"measure.{study.measure_name}", self.language)),
            tuple(capital(text) for text in head), tuple(rows), text=frozenset({0, 1}),
        )  # fmt: skip

    def _judged(self, one: Judgement) -> tuple[Cell, Cell, Cell]:
        relative = one.relative and np.isfinite(one.relative_difference)
        if relative:
            value, low, high = one.relative_difference, one.relative_low, one.relative_high
            texts = figures(value, low, high, self.language, relative=True)
        else:
            value, low, high = one.difference, one.low, one.high
            unit = names_for_sentences(self.study, self.language)["unit"]
            texts = figures(value, low, high, self.language, unit=unit)
        verdict = Cell(label(f"verdict.{one.kind.value}", self.language))
        between = Cell(self.say("range", low=texts[1], high=texts[2]))
        return verdict, number(value, texts[0], _PERCENT if relative else "+#,##0;-#,##0"), between

    # -------------------------------------------------------------------------------------------------------- plans

    def plans(self) -> tuple[Block, ...]:
        head = ("report plan", "report structure", "report reps", "report moved", "report differs", "report in time")
        base = self.study.plans[self.study.names[self.study.baseline]]
        found = [_differing(plan, base) for plan in self.study.plans.values()]
        # the baseline says where it stands in what the others change
        found[self.study.baseline] = {name: _setting(base, name) for differing in found for name in differing}
        rows = []
        for place, (key, plan) in enumerate(self.study.plans.items()):
            differs = setting_words(found[place], self.language)
            in_time = self._and(self._change(change) for change in plan.changes)
            moved = self.study.moved.get(key, 0)
            rows.append(
                (
                    Cell(self.names[place]), Cell(label(f"structure.{plan.structure}", self.language)),
                    number(plan.headcount, plain(plan.headcount)), number(moved, plain(moved)),
                    Cell(differs or "–"), Cell(in_time or "–"),
                )
            )  # fmt: skip
        market = self.study.market
        facts = self.say(
            "report market", market=capital(market_label(market.name, self.language)),
            accounts=f"{len(market.accounts):,}",
            products=len(market.products), segments=len(market.segments),
        )  # fmt: skip
        # what no plan has needs no column
        kept = [at for at in range(len(head)) if at < 4 or any(row[at].text != "–" for row in rows)]
        shown = tuple(tuple(row[at] for at in kept) for row in rows)
        text = frozenset(place for place, at in enumerate(kept) if at in _PLAN_TEXT)
        return Text(facts), Table("", tuple(capital(self.say(head[at])) for at in kept), shown, text=text)

    def _change(self, change: Change) -> str:
        to = setting_words(change.to, self.language)
        if change.when is None:
            return self.say("report change", month=change.month, to=to)
        return self.say(
            "report change trigger", measure=label(f"trigger.{change.when.measure}", self.language),
            below=share(change.when.below, self.language), months=change.when.months, to=to,
        )  # fmt: skip

    # -------------------------------------------------------------------------------------------------------- costs

    def costs(self) -> tuple[Block, ...]:
        study, account = self.study, accounts_of(self.study)
        if account is None:
            return (Text(self.say("report no account"), "note"),)
        base = account.mean(study.baseline)
        gaps = {place: account.difference(place, study.baseline) for place in self.others}
        most = max(float(np.abs(gap).max()) for gap, _ in gaps.values())
        factor, unit, _ = money_unit(float(np.abs(base).max()), study.market.currency, self.language, most)
        decimals = 2 if np.abs(base).max() / factor < 1000.0 else 0
        form = "#,##0.00" if decimals else "#,##0"  # a sheet has the figures in the unit that its head names
        rows: list[tuple[Cell, ...]] = []
        strong: set[int] = set()
        for at, line in enumerate(account.lines):
            if not account.amounts[:, :, at].any():
                continue
            if line == "contribution":
                strong.add(len(rows))
            cells = [Cell(capital(label(f"ledger.{line}", self.language)))]
            cells.append(number(base[at] / factor, plain(base[at] / factor, decimals) if base[at] else "0", form))
            for place in self.others:
                gap, half = (float(x[at]) for x in gaps[place])
                said = plus_minus(gap / factor, half / factor, decimals, self.language)
                cells.append(number(gap / factor, said, _money_form(decimals)))
            rows.append(tuple(cells))
        head = (
            self.say("report line", unit=unit), self.base,
            *(self.say("report against", plan=self.names[i], baseline=self.base) for i in self.others),
        )  # fmt: skip
        title = self.say("report account", months=study.months, unit=unit)
        n, every = account.replications, study.replications
        note = self.say("report account note all" if n == every else "report account note", n=n, all=every)
        table = Table(title, tuple(capital(text) for text in head), tuple(rows), strong=frozenset(strong))
        return Text(self._costs_in_words(account, unit, factor, decimals)), table, Text(note, "note")

    def _costs_in_words(self, account: Accounts, unit: str, factor: float, decimals: int) -> str:
        """Say for the plan of the headline what it brings, what of it costs eat, and what remains."""
        base, place = self.study.baseline, compared(self.study)
        gap, half = account.difference(place, base)
        biggest = max(SELLING, key=lambda i: abs(gap[i]))

        def written(value: float, width: float) -> str:
            return plus_minus(float(value) / factor, float(width) / factor, decimals, self.language)

        fields = {
            "plan": self.names[place], "baseline": self.base, "unit": unit, "revenue": written(gap[0], half[0]),
            "goods": written(gap[1], half[1]), "selling": written(*account.difference_of(SELLING, place, base)),
            "contribution": written(gap[-1], half[-1]), "amount": written(gap[biggest], half[biggest]),
            "line": label(f"ledger.{LINES[biggest]}", self.language),
        }  # fmt: skip
        shown = fields["amount"] != "0"
        return capital(self.say("report costs words" if shown else "report costs same", **fields))

    # ---------------------------------------------------------------------------------------------------------- why

    def why(self, explanation: Explanation | None) -> tuple[Block, ...]:
        blocks: list[Block] = [how_plans_work(self.study, self.names, self.others, self.language)]
        if explanation is None:
            return Text(self.say("report why intro")), *blocks
        plan, against = (self._name(name) for name in (explanation.plan, explanation.against))
        head = tuple(capital(self.say(key)) for key in ("report mechanism", "report adds", "report error"))
        rows: list[tuple[Cell, ...]] = []
        for name, adds in sorted(explanation.shares.items(), key=lambda pair: -abs(pair[1])):
            error = explanation.errors[name]
            cells = (number(adds, self._points(adds), _PERCENT), number(error, plain(100.0 * error, 1), "0.0%"))
            rows.append((Cell(capital(self.say(_MECHANISMS[name]))), *cells))
        rows.append(
            (
                Cell(self.say("report rest")),
                number(explanation.rest, self._points(explanation.rest), _PERCENT),
                Cell(""),
            )
        )
        rows.append(
            (
                Cell(capital(self.say("report total"))),
                number(explanation.total, self._points(explanation.total), _PERCENT),
                Cell(""),
            )
        )
        title = capital(self.say("report explained", plan=plan, against=against))
        table = Table(title, head, tuple(rows), strong=frozenset({len(rows) - 1}))
        intro = [self.say("report explained intro"), *self._other_total(explanation)]
        said = Text(phrase(self.language, "space").join(intro))
        return said, table, Text(self.say("report why intro")), *blocks

    def _other_total(self, explanation: Explanation) -> list[str]:
        """Say what the study itself finds for the two plans: an explanation runs on fewer futures of its own."""
        names = self.study.names
        if explanation.plan not in names or explanation.against not in names:
            return []
        revenue = self.study.values("revenue").mean(axis=0)
        here, there = (revenue[names.index(name)] for name in (explanation.plan, explanation.against))
        total, found = (
            figures(x, x, x, self.language, relative=True)[0] for x in (explanation.total, here / there - 1)
        )
        return [self.say("report explained on", total=total, found=found)]

    def _points(self, value: float) -> str:
        return signed(100.0 * value, 1)

    def _name(self, key: str) -> str:
        return self.names[self.study.names.index(key)] if key in self.study.names else clean(key)

    # --------------------------------------------------------------------------------------------------------- path

    def paths(self) -> tuple[Block, ...]:
        blocks: list[Block] = []
        for place in self.others:
            name = self.study.names[place]
            if not self.study.plans[name].changes:
                continue
            path = replace(path_of(self.study, name), name=self.names[place], baseline=self.base)
            named = replace(path, **self._end(path))
            said = [_MINUS.sub("−", line) for line in named.text(self.language).splitlines()]
            space = phrase(self.language, "space")
            blocks.append(Text(space.join(said)))
            blocks.append(Picture(path_figure(path, self.language), space.join(said)))
        return tuple(blocks)

    def _end(self, path: Path) -> dict[str, Any]:
        """Return where the path ends in as many digits, and in the unit, that a reader can use."""
        end = (path.end.value, path.end.low, path.end.high)
        factor, unit = 1.0, currency_label(path.currency, self.language)
        if self.language == "zh":  # its unit of ten thousand leaves whole figures; a million would not
            least = 0.01 * min(abs(x) for x in end)
            factor, unit, _ = money_unit(least, path.currency, self.language)
        return {"currency": unit, "end": replace(path.end, **{
            name: rounded(x) / factor for name, x in zip(("value", "low", "high"), end, strict=True)
        })}  # fmt: skip

    # ------------------------------------------------------------------------------------------- what would change it

    def what_would_change_it(self) -> tuple[Block, ...]:
        study = self.study
        blocks: list[Block] = [Text(second_line(study, self.language))]
        strongest = strongest_assumptions(study, self.language)
        if strongest:
            head = ("report assumption", "report direction", "report explains")
            rows = tuple(words((capital(one.name), one.direction, one.share)) for one in strongest)
            title = self.say("hangs title")
            blocks.append(Table(title, tuple(capital(self.say(key)) for key in head), rows, text=frozenset({0, 1})))
        elif study.assumed is not None:
            blocks.append(Text(what_it_hangs_on(study, self.language)))
        lines = verdict_text(study, self.language).splitlines()
        first, last = (3 if study.assumed is not None else 2), len(audit_lines(study, self.language))
        blocks += [Text(line) for line in lines[first : len(lines) - last]]
        return tuple(blocks)

    # ------------------------------------------------------------------------------------------------------- method

    def method(self) -> tuple[Block, ...]:
        from salessim import __version__

        study, head = self.study, self.study.judged.headline
        relative = names_for_sentences(study, self.language)
        told = self.say(
            "report method words", n=study.replications, months=study.months,
            level=share(head.level, self.language), inner=share(2.0 * head.level - 1.0, self.language),
            delta=quantity(study.delta, self.language, relative=True), measure=relative["measure"],
        )  # fmt: skip
        facts = [
            ("report fact replications", f"{study.replications:,}"),
            ("report fact months", str(study.months)),
            ("report fact seed", str(study.seed)),
            ("report fact measure", relative["measure"]),
            ("report fact delta", quantity(study.delta, self.language, relative=True)),
            ("report fact draws", str(0 if study.assumed is None else len(study.assumed.points))),
            ("report fact audit", self._and(audit_lines(study, self.language))),
            ("report fact version", clean(study.other_version) if study.other_version else __version__),
            ("report fact rules", results_hash()),
            ("report fact model", fingerprint(study.market, *study.plans.values())),
        ]
        head_cells = (capital(self.say("report fact")), capital(self.say("report value")))
        rows = tuple(words((capital(self.say(key)), text)) for key, text in facts)
        return Text(told), Table("", head_cells, rows, text=frozenset({0, 1})), Text(self.say("report repeat"), "note")


def _setting(plan: Plan, name: str) -> object:
    return getattr(plan if name in type(plan).model_fields else plan.management, name)


def _money_form(decimals: int) -> str:
    digits = "#,##0.00" if decimals else "#,##0"
    return f"+{digits};-{digits};0"


def _differing(plan: Plan, base: Plan) -> dict[str, object]:
    """Return the settings in which a plan differs from the baseline, apart from what has a column of its own."""
    own = {"name", "structure", "reps", "team", "changes", "management"}
    found = {
        name: getattr(plan, name)
        for name in type(plan).model_fields
        if name not in own and getattr(plan, name) != getattr(base, name)
    }
    for name in type(plan.management).model_fields:
        if getattr(plan.management, name) != getattr(base.management, name):
            found[name] = getattr(plan.management, name)
    return found
