"""One widget per lever, made from what the catalogue says of it; it tells a hand's moves and shows where it stands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from salessim.study.wording import capital
from salessim.widgets.catalogue import Lever, Start, tooltip
from salessim.widgets.levers import Levers
from salessim.words import definition, label

__all__ = ["Knob", "Quiet"]

Moved = Callable[[str, Start], None]

_NAME = "196px"
_PLAIN = ("structure",)  # choices that need no name above them
_NARROW, _BROAD = "85px", "174px"


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
    """The widget of one lever.

    A choice is a row of buttons: JupyterLab takes the arrow keys away from lists that drop down, so these could not be
    worked with keys alone.

    Parameters
    ----------
    lever : Lever
        With a start.
    quiet : Quiet
    moved : callable
        Told the name and the value of a lever moved by hand; None where it is back at its start.

    Attributes
    ----------
    widget : ipywidgets.Widget
        What is shown.
    control : ipywidgets.Widget
        What of it has the value.
    """

    def __init__(self, lever: Lever, quiet: Quiet, moved: Moved) -> None:
        import ipywidgets as w

        self.lever = lever
        self._quiet = quiet
        self._head: Any = None
        self.control = self.widget = _made(lever)
        if lever.kind == "choice" and lever.name not in _PLAIN:
            self._head = w.HTML(layout=w.Layout(height="22px", margin="0"))
            self.widget = w.VBox([self._head, self.control], layout=w.Layout(flex="0 0 auto"))
        self.widget.add_class(f"ss-{lever.name}")

        def tell(change: Any) -> None:
            if quiet.by_hand:
                value = lever.rounded(change["new"])
                moved(lever.name, None if value == lever.start else value)

        self.control.observe(tell, names="value")

    def show(self, levers: Levers) -> None:
        """Move the widget to where its lever stands, as far as it reaches."""
        value: Any = levers.moved.get(self.lever.name, self.lever.start)
        with self._quiet():
            if self.lever.kind in ("number", "count"):
                self.control.value = min(max(value, self.control.min), self.control.max)
            elif self.lever.kind == "switch" or value in self.lever.choices:
                self.control.value = value

    def relabel(self, language: str) -> None:
        """Write name, options and explanation in a language."""
        name, said = capital(label(f"setting.{self.lever.name}", language)), tooltip(self.lever, language)
        with self._quiet():
            if self.lever.kind == "choice":
                chosen, keys = self.control.value, [f"{self.lever.name}.{one}" for one in self.lever.choices]
                self.control.options = [
                    (capital(label(key, language)), one) for key, one in zip(keys, self.lever.choices, strict=True)
                ]
                self.control.value = chosen
                self.control.tooltips = [definition(key, language) for key in keys]
                if self._head is not None:
                    self._head.value, self._head.tooltip = f'<span style="font-size:13px">{name}</span>', said
            else:
                self.control.description, self.control.tooltip = name, said

    def close(self) -> None:
        """Let go of it."""
        self.control.unobserve_all()
        self.control.close()
        self.widget.close()


def _made(lever: Lever) -> Any:
    import ipywidgets as w

    layout = {"layout": w.Layout(width="auto", margin="1px 2px"), "style": {"description_width": _NAME}}
    if lever.kind == "choice":
        style = {"button_width": _NARROW if lever.name in _PLAIN else _BROAD}
        return w.ToggleButtons(
            options=[(name, name) for name in lever.choices], value=lever.start, style=style,
            layout=w.Layout(width="auto", flex="0 0 auto"),
        )  # fmt: skip
    if lever.kind == "switch":
        return w.Checkbox(value=lever.start, indent=True, **layout)
    if lever.kind == "count":
        return w.IntSlider(lever.start, int(lever.low), int(lever.high), **layout)
    form = f".{max(lever.decimals - 2, 0)}%" if lever.percent else f",.{lever.decimals}f"
    return w.FloatSlider(lever.start, min=lever.low, max=lever.high, step=lever.step, readout_format=form, **layout)
