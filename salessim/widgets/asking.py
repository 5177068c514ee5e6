"""The start for firms without an export: a dozen questions, then the market they make, opened in the cockpit."""

from __future__ import annotations

import html
import math
from typing import Any

from salessim.errors import ModelError, explain
from salessim.start.firm import Firm
from salessim.start.questions import Question, questions
from salessim.study.wording import capital
from salessim.widgets.answer import details_html, status_html
from salessim.widgets.bases import Base, base_of_firm
from salessim.widgets.catalogue import FRONT
from salessim.widgets.cells import replace_before
from salessim.widgets.cockpit import Cockpit
from salessim.widgets.knobs import STYLE
from salessim.widgets.replaying import Effort
from salessim.widgets.speaking import in_words
from salessim.widgets.texts import text
from salessim.widgets.worker import Task, Worker
from salessim.words import definition, label
from salessim.words.terms import checked_language

__all__ = ["ASKED", "Questionnaire", "questionnaire"]

ASKED = (
    "reps", "structure", "accounts", "concentration", "segments", "difference", "products", "complexity", "area",
    "price", "cycle", "growth",
)  # fmt: skip
"""The dozen questions in sight; the rest is folded, with its usual answers."""

_LANGUAGES = (("English", "en"), ("中文", "zh"))
_SHARES = ("concentration", "key_accounts", "win_rate", "growth", "margin")
_LEVELS = ("difference", "complexity")
_WIDTH, _ANSWER = "1106px", "350px"
_MAP = "phases"


def questionnaire(lang: str = "en", *, months: int = 24, replications: int = 24, seed: int = 1) -> Questionnaire:
    """Ask a dozen questions about a firm and open the cockpit on the market and plan that the answers make.

    The cockpit begins with the map of structures, on which the firm has its place.

    Parameters
    ----------
    lang : {"en", "zh"}
    months, replications, seed : int
        Of the cockpit; see `salessim.cockpit`.

    Returns
    -------
    Questionnaire
        Shows itself as the last line of a cell.

    Raises
    ------
    WordsError
        For a language that does not exist.

    Examples
    --------
    >>> form = questionnaire()
    >>> form.answers["reps"], len(form.answers)
    (20, 18)
    >>> form.close()
    """
    return Questionnaire(Effort(months, replications, 2, 24, True), seed, lang)


class Questionnaire:
    """The questions; made by `questionnaire`.

    Attributes
    ----------
    widget : ipywidgets.Widget
    fields : dict of str to ipywidgets.Widget
        Where each question is answered.
    cockpit : Cockpit or None
        Opened on the answers.
    errors : list of BaseException
        What went wrong and is a defect.
    """

    def __init__(self, effort: Effort, seed: int, lang: str) -> None:
        import ipywidgets as w

        self.errors: list[BaseException] = []
        self.cockpit: Cockpit | None = None
        self._effort, self._seed = effort, seed
        self._language = checked_language(lang)
        self._ours = False
        self._worker = Worker(self._failed, name="salessim questions")
        asked = {one.name: one for one in questions(self._language)}
        self._order = (*ASKED, *(name for name in asked if name not in ASKED))
        self.fields: dict[str, Any] = {name: _field(asked[name]) for name in self._order}
        self._texts = {name: w.HTML(layout=w.Layout(flex="1 1 auto", margin="0")) for name in self._order}
        rows = {name: self._row(name) for name in self._order}
        self.more = w.Accordion(
            children=[w.VBox([rows[name] for name in self._order[len(ASKED) :]])], selected_index=None
        )
        self.language = w.ToggleButtons(options=_LANGUAGES, value=self._language, style={"button_width": "70px"})
        self.go = w.Button(button_style="primary", layout=w.Layout(width="auto", min_width="220px"))
        self.back = w.Button(layout=w.Layout(width="auto"))
        self.where = w.HTML(layout=w.Layout(flex="1 1 auto", margin="0 8px"))
        self.status = w.HTML(layout=w.Layout(min_height="24px", margin="0"))
        self._head = w.HTML(layout=w.Layout(flex="1 1 auto", margin="0"))
        self._form = w.VBox(
            [w.HBox([self._head, self.language]), *(rows[name] for name in ASKED), self.more, self.go],
            layout=w.Layout(width=_WIDTH),
        )
        self._top = w.HBox([self.back, self.where], layout=w.Layout(display="none", width=_WIDTH, align_items="center"))
        self._place = w.VBox([])
        style = w.HTML(STYLE, layout=w.Layout(height="0px", margin="0", overflow="hidden"))
        self.widget = w.VBox([self._top, self._form, self.status, self._place, style])
        for name, widget in {"questions": self.widget, "go": self.go, "back": self.back, "where": self.where,
                             "form-language": self.language, "form-status": self.status}.items():  # fmt: skip
            widget.add_class(f"ss-{name}")
        for name, field in self.fields.items():
            field.add_class(f"ss-firm-{name}")
        self.go.on_click(lambda _: self._guarded(self.build))
        self.back.on_click(lambda _: self._guarded(self._show_form))
        self.language.observe(lambda change: self._guarded(self._spoken, change["new"]), names="value")
        self._relabel()
        replace_before(self)

    @property
    def answers(self) -> dict[str, Any]:
        """The answers given so far."""
        return {name: _answer(name, field.value) for name, field in self.fields.items()}

    def build(self) -> None:
        """Make market and plan of the answers, and open the cockpit on them."""
        firm = Firm(**self.answers)
        self._say(text("building", self._language), stage="running")
        self.go.disabled = True

        def make(task: Task) -> None:
            try:
                base = base_of_firm(firm)
            finally:
                self.go.disabled = False
            if not task.stopped:
                self._open(base)

        self._worker.submit(make)

    def speak(self, lang: str) -> None:
        """Switch the language.

        Raises
        ------
        WordsError
            For a language that does not exist.
        """
        self._language = checked_language(lang)
        self._relabel()
        if self.cockpit is not None:
            self.cockpit.speak(lang)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until market and plan are made; return False where it took longer than `timeout` seconds."""
        return self._worker.wait(timeout)

    def close(self) -> None:
        """Close the form, and its cockpit. May be called twice."""
        if self._worker.closed:
            return
        self._worker.close()
        if self.cockpit is not None:
            self.cockpit.close()
        for one in (*self.fields.values(), self.language):
            one.unobserve_all()
        waiting = [self.widget]
        while waiting:
            widget = waiting.pop()
            waiting.extend(getattr(widget, "children", ()))
            widget.close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    def _open(self, base: Base) -> None:
        """Open the cockpit on a firm, beginning with the map on which it has its place."""
        if self.cockpit is None:
            self.cockpit = Cockpit(base, self._effort, FRONT, True, self._seed, self._language, own_cell=False)
        else:
            self.cockpit.stand(base)
        self.cockpit.look(_MAP)
        assert base.firm is not None
        self.where.value = f'<span style="font-size:14px">{html.escape(base.firm.where(self._language))}</span>'
        self._place.children = (self.cockpit.widget,)
        self._form.layout.display, self._top.layout.display = "none", ""
        self._place.layout.display = ""
        self.status.value = ""

    def _show_form(self) -> None:
        self._form.layout.display, self._top.layout.display = "", "none"
        self._place.layout.display = "none"

    def _spoken(self, lang: str) -> None:
        if not self._ours:
            self.speak(lang)

    def _row(self, name: str) -> Any:
        import ipywidgets as w

        return w.HBox([self._texts[name], self.fields[name]], layout=w.Layout(align_items="center", flex="0 0 auto"))

    def _relabel(self) -> None:
        language = self._language
        self._head.value = (
            f'<b style="font-size:16px">{html.escape(text("questions head", language))}</b> '
            f'<span style="font-size:14px">{html.escape(text("questions words", language))}</span>'
        )
        self.go.description, self.go.tooltip = text("build", language), text("build tip", language)
        self.back.description, self.back.tooltip = text("back", language), text("back tip", language)
        self.more.set_title(0, text("group", language, name=text("questions more", language)))
        self._ours = True
        try:
            self.language.value = language
        finally:
            self._ours = False
        for one in questions(language):
            field = self.fields[one.name]
            self._texts[one.name].value = f'<span style="font-size:14px">{html.escape(one.text)}</span>'
            field.tooltip = one.text
            if one.choices:
                chosen = field.value
                field.options = [(capital(label(f"structure.{key}", language)), key) for key in one.choices]
                field.value = chosen
                field.tooltips = [definition(f"structure.{key}", language) for key in one.choices]

    def _say(self, said: str, *, wrong: bool = False, stage: str = "") -> None:
        self.status.value = status_html(said, wrong=wrong, stage=stage)

    def _guarded(self, callback: Any, *arguments: Any) -> None:
        try:
            callback(*arguments)
        except Exception as error:
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        said, details = in_words(error, self._language)
        if details:
            self.errors.append(error)
        self._show_form()
        self._say(said, wrong=True, stage="wrong")
        if details:
            self.status.value += details_html("", details, self._language)


def _field(question: Question) -> Any:
    """Return the widget that takes the answer to a question."""
    import ipywidgets as w

    layout = w.Layout(width=_ANSWER, flex="0 0 auto")
    name, start = question.name, question.default
    if question.choices:
        return w.ToggleButtons(options=[(one, one) for one in question.choices], value=start,
                               style={"button_width": "82px"}, layout=layout)  # fmt: skip
    if name in _SHARES or name in _LEVELS:
        form, step = (".0%", 0.01) if name in _SHARES else (".2f", 0.05)
        return w.FloatSlider(start, min=question.low, max=question.high, step=step, readout_format=form, layout=layout)
    if name in ("revenue", "currency"):
        return w.Text("" if start is None else str(start), continuous_update=False, layout=layout)
    high = math.inf if question.high is None else question.high
    if isinstance(start, int):
        return w.BoundedIntText(start, min=int(question.low or 0), max=int(min(high, 10**9)), layout=layout)
    return w.BoundedFloatText(start, min=question.low or 0.0, max=min(high, 1e15), layout=layout)


def _answer(name: str, value: Any) -> Any:
    """Return what a widget means."""
    if name == "currency":
        return str(value).strip().upper()
    if name != "revenue":
        return round(value, 6) if isinstance(value, float) else value
    plain = "".join(str(value).replace(",", "").split())
    if not plain:
        return None
    try:
        found = float(plain)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise ModelError(explain("revenue is a number, or left empty", where="firm.revenue", value=str(value)[:40]))
    return found
