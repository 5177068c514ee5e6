"""One widget per lever, made from what the catalogue says of it; it tells a hand's moves and shows where it stands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from salessim.study.wording import capital
from salessim.widgets.catalogue import Lever, Start, choice_tooltip, choice_words, name_of, tooltip
from salessim.widgets.levers import Levers
from salessim.widgets.texts import text

__all__ = ["STYLE", "Knob", "Locked", "Moved", "Quiet"]

Moved = Callable[[str, Start], None]
Locked = Callable[[str, bool], None]

_NAME = "160px"
_PLAIN = ("structure",)  # choices that need no name above them
_NARROW, _BROAD = "78px", "160px"
_LOCK = (
    "url(\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath d='{arc}' fill='none' stroke='{ink}' stroke-width='1.8'/%3E"
    "%3Crect x='3' y='7' width='10' height='8' rx='1.5' fill='{ink}'/%3E%3C/svg%3E\")"
)
STYLE = (
    "<style>.ss-lock.widget-toggle-button{{color:transparent!important;background-repeat:no-repeat;"
    "background-position:center;background-size:16px;padding:0;background-color:transparent;box-shadow:none;"
    "background-image:{open}}}"
    ".ss-lock.widget-toggle-button.mod-active{{background-image:{shut};background-color:#ffe6a8}}"
    ".ss-cockpit .widget-toggle-buttons .widget-toggle-button,.ss-questions .widget-toggle-button{{padding:0 4px}}"
    ".ss-views .widget-toggle-button{{height:24px;line-height:24px;margin:1px 2px}}"
    ".ss-cockpit .widget-label-basic{{white-space:normal;line-height:1.05}}"
    ".ss-cockpit .widget-label{{white-space:normal;line-height:1.05;display:flex;align-items:center;"
    "justify-content:flex-end}}"
    "@media(min-width:1700px) and (min-height:950px){{.ss-cockpit{{zoom:1.35}}}}</style>"
).format(
    open=_LOCK.format(arc="M5 7V4.5a3 3 0 0 1 5.8-1", ink="%238a8a8a"),
    shut=_LOCK.format(arc="M5 7V4.5a3 3 0 0 1 6 0V7", ink="%23222222"),
)
"""Draws the locks: a picture needs no font, and its button keeps its word for who cannot see it. Long names wrap.

On a large projector all is larger, with room left for JupyterLab's side bar: it is read from the last row.
"""


class Quiet:
    """Tells a move by a hand from one by us: while it is entered, widgets are moved by us."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._ours = 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Move widgets without anybody being told."""
        with self._lock:
            self._ours += 1
            try:
                yield
            finally:
                self._ours -= 1

    @property
    def by_hand(self) -> bool:
        """Whether a move that arrives now was made by a hand."""
        with self._lock:
            return not self._ours


class Knob:
    """The widget of one lever, with its lock.

    A choice is a row of buttons: JupyterLab takes the arrow keys away from lists that drop down, so these could not be
    worked with keys alone.

    Parameters
    ----------
    lever : Lever
        With a start.
    quiet : Quiet
    moved : callable
        Told the name and the value of a lever moved by hand; None where it is back at its start.
    locked : callable
        Told the name of a lever that is locked by hand, or let go.

    Attributes
    ----------
    widget : ipywidgets.Widget
        What is shown.
    control : ipywidgets.Widget
        What of it has the value.
    lock : ipywidgets.Widget
    """

    def __init__(self, lever: Lever, quiet: Quiet, moved: Moved, locked: Locked) -> None:
        import ipywidgets as w

        self.lever = lever
        self._quiet = quiet
        self._head: Any = None
        self.control = body = _made(lever)
        if lever.kind == "choice" and lever.name not in _PLAIN:
            self._head = w.HTML(layout=w.Layout(height="22px", margin="0"))
            body = w.VBox([self._head, self.control], layout=w.Layout(flex="1 1 auto"))
        self.lock = w.ToggleButton(layout=w.Layout(width="26px", height="26px", flex="0 0 auto", margin="1px 0"))
        self.lock.add_class("ss-lock")
        self.widget = w.HBox([body, self.lock], layout=w.Layout(width="auto", flex="0 0 auto", align_items="center"))
        self.widget.add_class(f"ss-{lever.name}")

        def tell(change: Any) -> None:
            if quiet.by_hand:
                value = self.lever.rounded(change["new"])
                moved(self.lever.name, None if value == self.lever.start else value)

        def tell_lock(change: Any) -> None:
            if quiet.by_hand:
                locked(self.lever.name, bool(change["new"]))

        self.control.observe(tell, names="value")
        self.lock.observe(tell_lock, names="value")

    def show(self, levers: Levers, *, locked: bool = False, idle: bool = False) -> None:
        """Move the widget to where its lever stands, as far as it reaches.

        Parameters
        ----------
        levers : Levers
        locked : bool
            Whether it is locked.
        idle : bool
            Whether there is nothing that it could set.
        """
        value: Any = levers.moved.get(self.lever.name, self.lever.start)
        with self._quiet():
            if self.lever.kind in ("number", "count"):
                self.control.value = min(max(value, self.control.min), self.control.max)
            elif self.lever.kind == "switch" or value in self.lever.choices:
                self.control.value = value
            self.lock.value = locked
            self.control.disabled = locked or idle

    def start(self, lever: Lever, language: str) -> None:
        """Take over where the lever starts and how far it reaches on another firm."""
        self.lever = lever
        with self._quiet():
            if lever.kind == "choice":
                self.control.options = [(name, name) for name in lever.choices]
                self.control.value = lever.start
            elif lever.kind == "switch":
                self.control.value = lever.start
            else:
                whole = int if lever.kind == "count" else float
                with self.control.hold_trait_notifications():
                    self.control.min, self.control.max = whole(lever.low), whole(lever.high)
                    self.control.value = lever.start
                if lever.kind == "number":
                    self.control.step = lever.step
        self.relabel(language)

    def relabel(self, language: str) -> None:
        """Write name, options and explanation in a language."""
        name, said = capital(name_of(self.lever, language)), tooltip(self.lever, language)
        with self._quiet():
            if self.lever.kind == "choice":
                chosen = self.control.value
                self.control.options = [
                    (capital(choice_words(self.lever, one, language)), one) for one in self.lever.choices
                ]
                self.control.value = chosen
                self.control.tooltips = [choice_tooltip(self.lever, one, language) for one in self.lever.choices]
                if self._head is not None:
                    self._head.value, self._head.tooltip = f'<span style="font-size:13px">{name}</span>', said
            else:
                self.control.description, self.control.tooltip = name, said
            self.lock.description = text("lock", language)
            self.lock.tooltip = text("lock tip", language, name=name_of(self.lever, language))

    def close(self) -> None:
        """Let go of it."""
        for widget in (self.control, self.lock):
            widget.unobserve_all()
            widget.close()
        self.widget.close()


def _made(lever: Lever) -> Any:
    import ipywidgets as w

    layout = {
        "layout": w.Layout(width="auto", min_width="0", margin="1px 2px", flex="1 1 auto"),
        "style": {"description_width": _NAME},
    }  # fmt: skip
    if lever.kind == "choice":
        style = {"button_width": _NARROW if lever.name in _PLAIN else _BROAD}
        return w.ToggleButtons(
            options=[(name, name) for name in lever.choices], value=lever.start, style=style,
            layout=w.Layout(width="auto", flex="1 1 auto"),
        )  # fmt: skip
    if lever.kind == "switch":
        return w.Checkbox(value=lever.start, indent=True, **layout)
    if lever.kind == "count":
        return w.IntSlider(lever.start, int(lever.low), int(lever.high), **layout)
    form = f".{max(lever.decimals - 2, 0)}%" if lever.percent else f",.{lever.decimals}f"
    return w.FloatSlider(lever.start, min=lever.low, max=lever.high, step=lever.step, readout_format=form, **layout)
