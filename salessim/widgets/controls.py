"""The widgets of the cockpit: made once, moved, relabelled and filled afterwards. They know nothing of futures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from salessim.study.wording import capital
from salessim.widgets.catalogue import Lever
from salessim.widgets.drawing import VIEWS, Shown
from salessim.widgets.history import History
from salessim.widgets.knobs import Knob, Moved, Quiet
from salessim.widgets.levers import Levers
from salessim.widgets.texts import TEXTS, text
from salessim.words import label

__all__ = ["PICTURE", "Controls"]

PICTURE = (736, 254)
"""Size of the picture in pixels: it never changes, so nothing on the page jumps."""

_LANGUAGES = (("English", "en"), ("中文", "zh"))
_BUTTONS = ("undo", "redo", "reset", "pin", "luck", "stop")
_LEFT, _RIGHT, _HEIGHT = "366px", "740px", "536px"
_CARDS, _VERDICT, _SECOND = "108px", "80px", "38px"


class Controls:
    """Levers, buttons, cards, verdict, picture and status line.

    Parameters
    ----------
    front, folded : sequence of Lever
        The levers in sight, and those that are folded into groups; with their starts. The widgets of a group are made
        when it is first opened.
    moved, pressed, spoken, viewed : callable
        Told of a lever, a button, a language and a view chosen by hand; on any thread.
    failed : callable
        Told of what goes wrong while a group is opened.

    Attributes
    ----------
    widget : ipywidgets.Widget
        All of it.
    cards, verdict, second, table, key, status : ipywidgets.HTML
    picture : ipywidgets.Image
    """

    def __init__(
        self, front: Sequence[Lever], folded: Sequence[Lever], *, moved: Moved, pressed: Callable[[str], None],
        spoken: Callable[[str], None], viewed: Callable[[str], None], failed: Callable[[BaseException], None],
    ) -> None:  # fmt: skip
        import ipywidgets as w

        self._quiet = Quiet()
        self._moved = moved
        self._failed = failed
        self._levers = Levers()
        self._language = "en"
        self.knobs = {one.name: Knob(one, self._quiet, moved) for one in front}
        self._groups: dict[str, list[Lever]] = {}
        for one in folded:
            self._groups.setdefault(one.group, []).append(one)

        self.buttons = {name: w.Button(layout=w.Layout(width="auto", min_width="62px")) for name in _BUTTONS}
        self.language = w.ToggleButtons(options=_LANGUAGES, value="en", style={"button_width": "70px"})
        self.views = w.ToggleButtons(options=[(name, name) for name in VIEWS], style={"button_width": "162px"})
        head = {"margin": "2px 0 0 0", "height": "24px"}
        self._heads = {owner: w.HTML(layout=w.Layout(**head)) for owner in ("plan", "market")}
        self.more = w.Accordion(
            children=[w.VBox() for _ in self._groups], selected_index=None, layout=w.Layout(width="auto")
        )
        self.cards = w.HTML(layout=w.Layout(height=_CARDS, margin="0"))
        self.verdict = w.HTML(layout=w.Layout(height=_VERDICT, margin="0", overflow="auto"))
        self.second = w.HTML(layout=w.Layout(height=_SECOND, margin="0", overflow="auto"))
        width, height = PICTURE
        self.picture = w.Image(format="png", width=width, height=height, layout=w.Layout(margin="0"))
        self.table = w.HTML(layout=w.Layout(display="none", width=f"{width}px", margin="0"))
        self.key = w.HTML(layout=w.Layout(height="20px", margin="0"))
        self.status = w.HTML(layout=w.Layout(height="40px", margin="0", overflow="auto"))

        rows: list[Any] = []
        for owner in ("plan", "market"):
            mine = [knob.widget for knob in self.knobs.values() if knob.lever.owner == owner]
            rows += [self._heads[owner], *mine] if mine else []
        if self._groups:
            rows += [self.more]
        fixed = {"width": f"{width}px", "height": f"{height}px", "overflow": "auto", "margin": "0"}
        left = w.VBox(rows, layout=w.Layout(width=_LEFT, height=_HEIGHT, flex="0 0 auto", overflow="auto"))
        stage = w.VBox([self.picture, self.table], layout=w.Layout(**fixed))
        right = w.VBox(
            [self.cards, self.verdict, self.second, self.views, stage, self.key],
            layout=w.Layout(width=_RIGHT, height=_HEIGHT, flex="0 0 auto", overflow="hidden"),
        )
        bar = w.HBox([*self.buttons.values(), self.language], layout=w.Layout(height="36px", flex_flow="row nowrap"))
        page = w.HBox([left, right], layout=w.Layout(flex_flow="row nowrap"))
        self.widget = w.VBox([bar, page, self.status])
        for name, widget in self._named().items():
            widget.add_class(f"ss-{name}")

        self.more.observe(lambda change: self._open(change["new"]), names="selected_index")
        self._tell(self.language, spoken)
        self._tell(self.views, viewed)
        for name, button in self.buttons.items():
            button.on_click(lambda _, name=name: pressed(name))

    def _named(self) -> dict[str, Any]:
        return {
            "cockpit": self.widget, **self.buttons, "language": self.language, "views": self.views, "more": self.more,
            "cards": self.cards, "verdict": self.verdict, "second": self.second, "picture": self.picture,
            "table": self.table, "key": self.key, "status": self.status,
        }  # fmt: skip

    def _tell(self, widget: Any, told: Callable[[Any], None]) -> None:
        def tell(change: Any) -> None:
            if self._quiet.by_hand:
                told(change["new"])

        widget.observe(tell, names="value")

    def _open(self, index: int | None) -> None:
        """Make the widgets of a group that is opened for the first time."""
        if index is None or self.more.children[index].children:
            return
        try:
            self._fill(index)
        except Exception as error:
            self._failed(error)

    def _fill(self, index: int) -> None:
        group = list(self._groups)[index]
        made = {one.name: Knob(one, self._quiet, self._moved) for one in self._groups[group]}
        for knob in made.values():
            knob.relabel(self._language)
            knob.show(self._levers)
        self.knobs.update(made)
        self.more.children[index].children = tuple(knob.widget for knob in made.values())

    def fill(self, shown: Shown) -> None:
        """Show an answer; the picture first, so that it is never older than the words."""
        if shown.picture is not None:
            self.picture.value = shown.picture
        self.picture.layout.visibility = "visible"
        self.cards.value, self.verdict.value, self.second.value = shown.cards, shown.verdict, shown.second
        self.table.value, self.key.value = shown.table, shown.key

    def empty(self, message: str) -> None:
        """Show a message, and nothing that belongs to another setting."""
        self.picture.layout.visibility = "hidden"
        self.cards.value = self.second.value = self.table.value = self.key.value = ""
        self.verdict.value = message

    def show(self, levers: Levers) -> None:
        """Move the widgets to where the levers stand."""
        self._levers = levers
        for knob in list(self.knobs.values()):
            knob.show(levers)

    def view(self, name: str) -> None:
        """Put picture or table on the stage."""
        with self._quiet():
            self.views.value = name
        pinned = name == "pinned"
        self.picture.layout.display = "none" if pinned else ""
        self.table.layout.display = "" if pinned else "none"

    def relabel(self, language: str) -> None:
        """Write every label in a language."""
        self._language = language
        for knob in list(self.knobs.values()):
            knob.relabel(language)
        with self._quiet():
            chosen = self.views.value
            self.views.options = [(text(f"view {name}", language), name) for name in VIEWS]
            self.views.value = chosen
            self.views.tooltips = [text(f"view {name} tip", language) for name in VIEWS]
            self.language.value = language
        for owner, head in self._heads.items():
            head.value = f'<b style="font-size:14px">{text(f"head {owner}", language)}</b>'
        for index, group in enumerate(self._groups):
            self.more.set_title(index, _group(group, language))
        for name, button in self.buttons.items():
            button.tooltip = text(f"{name} tip", language)
            if name not in ("pin", "stop"):
                button.description = text(name, language)

    def press(self, history: History, *, stopped: bool, language: str) -> None:
        """Name and enable the buttons after what they do next."""
        self.buttons["stop"].description = text("go on" if stopped else "stop", language)
        self.buttons["pin"].description = text("unpin" if history.now.pinned else "pin", language)
        self.buttons["pin"].disabled = not history.now.levers.of("plan").items
        self.buttons["undo"].disabled = not history.can_undo
        self.buttons["redo"].disabled = not history.can_redo
        self.buttons["reset"].disabled = not history.now.levers.items

    def close(self) -> None:
        """Let go of every widget."""
        for knob in self.knobs.values():
            knob.control.unobserve_all()
        for widget in (self.more, self.language, self.views):
            widget.unobserve_all()
        waiting = [self.widget]
        while waiting:
            widget = waiting.pop()
            waiting.extend(getattr(widget, "children", ()))
            widget.close()


def _group(group: str, language: str) -> str:
    """Return the title of a group of levers."""
    key = f"head {group}"
    name = text(key, language) if key in TEXTS[language] else capital(label(f"setting.{group}", language))
    return text("group", language, name=name)
