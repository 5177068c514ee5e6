"""The widgets of the panel: made once, moved and relabelled afterwards. They know nothing of markets or futures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from salessim.cockpit.answer import HEIGHT
from salessim.cockpit.levers import Levers
from salessim.cockpit.texts import text
from salessim.model.plan import STRUCTURES
from salessim.words import definition, label

if TYPE_CHECKING:
    from salessim.model.plan import Plan
    from salessim.study.position import Position

__all__ = ["Controls"]

_LANGUAGES = (("English", "en"), ("中文", "zh"))
_SLIDERS = ("reps", "complexity", "difference", "distance")
_LEFT = "306px"


class Controls:
    """Levers, buttons, answer and status line.

    Parameters
    ----------
    plan : Plan
        Where structure and reps start.
    start : Position
        Where the market stands.

    Attributes
    ----------
    widget : ipywidgets.Widget
        All of it.
    answer, status : ipywidgets.HTML
    """

    def __init__(self, plan: Plan, start: Position) -> None:
        import ipywidgets as w

        # While this is set, widgets are moved by us and not by a hand.
        self._ours = False
        self._lock = threading.RLock()
        self._start: dict[str, Any] = {
            "structure": plan.structure, "reps": plan.headcount, "complexity": round(start.complexity, 2),
            "difference": round(start.difference, 2), "distance": float(round(start.distance)),
        }  # fmt: skip
        wide = {"layout": w.Layout(width="auto"), "style": {"description_width": "104px"}}
        head = {"layout": w.Layout(margin="4px 0 0 0")}
        most = max(2 * plan.headcount, plan.headcount + 10)
        far = max(1000.0, 2.0 * self._start["distance"])
        self.structure = w.ToggleButtons(
            options=[(name, name) for name in STRUCTURES], value=plan.structure,
            style={"button_width": "92px"}, layout=w.Layout(width="auto"),
        )  # fmt: skip
        self.sliders: dict[str, Any] = {
            "reps": w.IntSlider(plan.headcount, 1, most, **wide),
            "complexity": w.FloatSlider(self._start["complexity"], min=0.0, max=1.0, step=0.01, **wide),
            "difference": w.FloatSlider(self._start["difference"], min=0.0, max=1.0, step=0.01, **wide),
            "distance": w.FloatSlider(
                self._start["distance"], min=min(10.0, self._start["distance"]), max=far, step=1.0,
                readout_format=".0f", **wide,
            ),
        }  # fmt: skip
        self.stop = w.Button(layout=w.Layout(width="104px"))
        self.back = w.Button(layout=w.Layout(width="160px"))
        self.language = w.ToggleButtons(options=_LANGUAGES, value="en", style={"button_width": "78px"})
        self._heads = {"your plan": w.HTML(**head), "the market": w.HTML(**head)}
        self.answer = w.HTML(layout=w.Layout(width="748px", height=f"{HEIGHT + 8}px"))
        self.status = w.HTML(layout=w.Layout(height="44px"))
        left = w.VBox(
            [
                self._heads["your plan"], self.structure, self.sliders["reps"],
                self._heads["the market"], *(self.sliders[name] for name in _SLIDERS[1:]),
                w.HBox([self.stop, self.back]), self.language,
            ],
            layout=w.Layout(width=_LEFT, flex="0 0 auto", overflow="hidden"),
        )  # fmt: skip
        top = w.HBox([left, self.answer], layout=w.Layout(flex_flow="row wrap"))
        self.widget = w.VBox([top, self.status])
        for name, widget in self._named().items():
            widget.add_class(f"ss-{name}")

    def _named(self) -> dict[str, Any]:
        return {
            "panel": self.widget, "structure": self.structure, **self.sliders, "stop": self.stop, "back": self.back,
            "language": self.language, "answer": self.answer, "status": self.status,
        }  # fmt: skip

    def listen(
        self, moved: Callable[[Mapping[str, Any]], None], pressed: Callable[[str], None], spoken: Callable[[str], None]
    ) -> None:
        """Say who is told of a lever, a button and a language chosen by hand."""

        def lever(name: str) -> Callable[[Any], None]:
            def tell(change: Any) -> None:
                if self._by_hand():
                    value = change["new"]
                    moved({name: None if value == self._start[name] else value})

            return tell

        def speak(change: Any) -> None:
            if self._by_hand():
                spoken(change["new"])

        for name, slider in (("structure", self.structure), *self.sliders.items()):
            slider.observe(lever(name), names="value")
        self.language.observe(speak, names="value")
        self.stop.on_click(lambda _: pressed("stop"))
        self.back.on_click(lambda _: pressed("back"))

    def _by_hand(self) -> bool:
        with self._lock:
            return not self._ours

    def show(self, levers: Levers) -> None:
        """Move the widgets to where the levers stand, as far as the widgets reach."""
        with self._lock:
            self._ours = True
            try:
                chosen = self._start["structure"] if levers.structure is None else levers.structure
                if chosen in STRUCTURES:
                    self.structure.value = chosen
                for name, slider in self.sliders.items():
                    value = getattr(levers, name)
                    slider.value = self._start[name] if value is None else min(max(value, slider.min), slider.max)
            finally:
                self._ours = False

    def relabel(self, language: str) -> None:
        """Write every label in a language."""
        with self._lock:
            self._ours = True
            try:
                chosen = self.structure.value
                self.structure.options = [(label(f"structure.{name}", language), name) for name in STRUCTURES]
                self.structure.value = chosen
                self.structure.tooltips = [definition(f"structure.{name}", language) for name in STRUCTURES]
                for name, slider in self.sliders.items():
                    slider.description = text(name, language)
                    slider.tooltip = definition(f"setting.{name}", language)
                for name, head in self._heads.items():
                    head.value = f"<b>{text(name, language)}</b>"
                self.back.description = text("back", language)
                self.stop.description = text("stop", language)
                self.language.value = language
            finally:
                self._ours = False

    def stopped(self, stopped: bool, language: str) -> None:
        """Name the stop button after what it does next."""
        self.stop.description = text("go on" if stopped else "stop", language)

    def close(self) -> None:
        """Let go of every widget."""
        self.structure.unobserve_all()
        self.language.unobserve_all()
        for slider in self.sliders.values():
            slider.unobserve_all()
        waiting = [self.widget]
        while waiting:
            widget = waiting.pop()
            waiting.extend(getattr(widget, "children", ()))
            widget.close()
