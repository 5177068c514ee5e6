"""The widgets of the cockpit: made once, moved, relabelled and filled afterwards. They know nothing of futures."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from salessim.study.wording import capital
from salessim.widgets.bases import Base
from salessim.widgets.catalogue import Lever
from salessim.widgets.drawing import VIEWS, Shown
from salessim.widgets.files import Files, link_html
from salessim.widgets.history import History
from salessim.widgets.knobs import STYLE, Knob, Locked, Moved, Quiet
from salessim.widgets.levers import Levers
from salessim.widgets.texts import TEXTS, text
from salessim.widgets.views import view_name, view_tip
from salessim.words import label

__all__ = ["PICTURE", "Controls"]

PICTURE = (736, 240)
"""Size of the picture in pixels: it never changes, so nothing on the page jumps."""

_LANGUAGES = (("English", "en"), ("中文", "zh"))
_BUTTONS = ("undo", "redo", "reset", "pin", "luck", "stop", "report")
_LEFT, _RIGHT, _HEIGHT = "366px", "740px", "540px"
_CARDS, _VERDICT, _SECOND = "101px", "88px", "36px"
_VIEW = "118px"  # six in a row
_IDLE_WITHOUT_PAY = "pay"


class Controls:
    """Levers, buttons, cards, verdict, picture, files and status line.

    Parameters
    ----------
    front, folded : sequence of Lever
        The levers in sight, and those that are folded into groups; with their starts. The widgets of a group are made
        when it is first opened.
    moved, locked, pressed, spoken, viewed, turned : callable
        Told of a lever, a lock, a button, a language, a view and the panel of files by hand; on any thread.
    files : Files
    quiet : Quiet
        Shared with `files`.
    failed : callable
        Told of what goes wrong while a group is opened.

    Attributes
    ----------
    widget : ipywidgets.Widget
        All of it.
    cards, verdict, second, picture, table, key, status, pulse, download : ipywidgets.HTML
    """

    def __init__(
        self, front: Sequence[Lever], folded: Sequence[Lever], files: Files, quiet: Quiet, *, moved: Moved,
        locked: Locked, pressed: Callable[[str], None], spoken: Callable[[str], None],
        viewed: Callable[[str], None], turned: Callable[[], None], failed: Callable[[BaseException], None],
    ) -> None:  # fmt: skip
        import ipywidgets as w

        self._quiet = quiet
        self._moved, self._locked_by_hand = moved, locked
        self._failed = failed
        self._levers, self._locked, self._paid = Levers(), frozenset[str](), False
        self._language = "en"
        self.files = files
        self.knobs = {one.name: Knob(one, quiet, moved, locked) for one in front}
        self._groups: dict[str, list[Lever]] = {}
        for one in folded:
            self._groups.setdefault(one.group, []).append(one)

        self.buttons = {name: w.Button(layout=w.Layout(width="auto", min_width="62px")) for name in _BUTTONS}
        self.panel = w.ToggleButton(layout=w.Layout(width="auto", min_width="62px"))
        self.language = w.ToggleButtons(options=_LANGUAGES, value="en", style={"button_width": "70px"})
        self.views = w.ToggleButtons(
            options=[(name, name) for name in VIEWS], style={"button_width": _VIEW},
            layout=w.Layout(flex="0 0 auto", margin="0"),
        )  # fmt: skip
        head = {"margin": "2px 0 0 0", "height": "24px"}
        self._heads = {owner: w.HTML(layout=w.Layout(**head)) for owner in ("plan", "market")}
        self.more = w.Accordion(
            children=[w.VBox() for _ in self._groups], selected_index=None, layout=w.Layout(width="auto")
        )
        self.cards = w.HTML(layout=w.Layout(height=_CARDS, margin="0"))
        self.verdict = w.HTML(layout=w.Layout(height=_VERDICT, margin="0", overflow="auto"))
        self.second = w.HTML(layout=w.Layout(height=_SECOND, margin="0", overflow="auto"))
        width, height = PICTURE
        # no Image: it has no words for those who cannot see it
        self.picture = w.HTML(layout=w.Layout(margin="0", width=f"{width}px", height=f"{height}px"))
        self.table = w.HTML(layout=w.Layout(display="none", width=f"{width}px", margin="0"))
        self.key = w.HTML(layout=w.Layout(height="20px", margin="0"))
        self.status = w.HTML(layout=w.Layout(height="38px", margin="0", overflow="auto", flex="1 1 auto"))
        self.download = w.HTML(layout=w.Layout(height="24px", margin="0 8px", flex="0 0 auto"))
        self.pulse = w.HTML(layout=w.Layout(height="0px", margin="0", overflow="visible"))

        rows: list[Any] = []
        for owner in ("plan", "market"):
            mine = [knob.widget for knob in self.knobs.values() if knob.lever.owner == owner]
            rows += [self._heads[owner], *mine] if mine else []
        if self._groups:
            rows += [self.more]
        fixed = {"width": f"{width}px", "height": f"{height}px", "overflow": "auto", "margin": "0"}
        side = {"width": _LEFT, "height": _HEIGHT, "flex": "0 0 auto", "overflow": "auto"}
        self.left = w.VBox(rows, layout=w.Layout(**side))
        self.files.widget.layout = w.Layout(display="none", **side)
        stage = w.VBox([self.picture, self.table], layout=w.Layout(**fixed))
        right = w.VBox(
            [self.cards, self.verdict, self.second, self.views, stage, self.key],
            layout=w.Layout(width=_RIGHT, height=_HEIGHT, flex="0 0 auto", overflow="hidden"),
        )
        bar = w.HBox(
            [*self.buttons.values(), self.panel, self.language], layout=w.Layout(height="33px", flex_flow="row nowrap")
        )
        page = w.HBox([self.left, self.files.widget, right], layout=w.Layout(flex_flow="row nowrap"))
        foot = w.HBox([self.status, self.download], layout=w.Layout(flex_flow="row nowrap"))
        style = w.HTML(STYLE, layout=w.Layout(height="0px", margin="0", overflow="hidden"))
        self.widget = w.VBox([bar, page, self.pulse, foot, style])
        for name, widget in self._named().items():
            widget.add_class(f"ss-{name}")

        self.more.observe(lambda change: self._open(change["new"]), names="selected_index")
        self.panel.observe(lambda change: self._turn(change["new"], turned), names="value")
        self._tell(self.language, spoken)
        self._tell(self.views, viewed)
        for name, button in self.buttons.items():
            button.on_click(lambda _, name=name: pressed(name))

    def _named(self) -> dict[str, Any]:
        return {
            "cockpit": self.widget, **self.buttons, "language": self.language, "views": self.views, "more": self.more,
            "cards": self.cards, "verdict": self.verdict, "second": self.second, "stage": self.picture,
            "table": self.table, "key": self.key, "status": self.status, "download": self.download,
            "files": self.files.widget, "panel": self.panel, "pulse": self.pulse,
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
        made = {one.name: Knob(one, self._quiet, self._moved, self._locked_by_hand) for one in self._groups[group]}
        for knob in made.values():
            knob.relabel(self._language)
            self._show(knob)
        self.knobs.update(made)
        self.more.children[index].children = tuple(knob.widget for knob in made.values())

    def _turn(self, files: bool, turned: Callable[[], None]) -> None:
        """Show the panel of firm and files in place of the levers, or the levers."""
        turned()
        self.left.layout.display = "none" if files else ""
        self.files.widget.layout.display = "" if files else "none"

    def fill(self, shown: Shown) -> None:
        """Show an answer; the picture first, so that it is never older than the words."""
        drawn = shown.picture is not None
        if shown.picture is not None:
            self.picture.value = _picture_html(shown.picture, shown.alt)
        self.picture.layout.display, self.table.layout.display = ("", "none") if drawn else ("none", "")
        self.picture.layout.visibility = "visible"
        self.cards.value, self.verdict.value, self.second.value = shown.cards, shown.verdict, shown.second
        self.table.value, self.key.value = shown.table, shown.key

    def empty(self, message: str) -> None:
        """Show a message, and nothing that belongs to another setting."""
        self.picture.layout.visibility = "hidden"
        self.cards.value = self.second.value = self.table.value = self.key.value = ""
        self.verdict.value = message

    def offer(self, path: Path) -> None:
        """Offer a file that was written for download."""
        self.download.value = link_html(path.name, path.read_bytes(), self._language)

    def start(self, base: Base, levers: Mapping[str, Lever]) -> None:
        """Stand on another firm: every lever starts and reaches where it says."""
        for group, mine in self._groups.items():
            self._groups[group] = [levers[one.name] for one in mine]
        for knob in list(self.knobs.values()):
            knob.start(levers[knob.lever.name], self._language)
        self.files.show(base, self._language)

    def show(self, levers: Levers, locked: frozenset[str], *, paid: bool) -> None:
        """Move the widgets to where the levers stand.

        Parameters
        ----------
        levers : Levers
        locked : frozenset of str
        paid : bool
            Whether the plan has a pay plan: without one, there is nothing that its levers could set.
        """
        self._levers, self._locked, self._paid = levers, locked, paid
        for knob in list(self.knobs.values()):
            self._show(knob)

    def _show(self, knob: Knob) -> None:
        one = knob.lever
        idle = one.home == _IDLE_WITHOUT_PAY and not self._paid
        knob.show(self._levers, locked=one.name in self._locked, idle=idle)

    def view(self, name: str) -> None:
        """Say which view is looked at; what is on the stage stays until it is drawn."""
        with self._quiet():
            self.views.value = name

    def relabel(self, language: str) -> None:
        """Write every label in a language."""
        self._language = language
        for knob in list(self.knobs.values()):
            knob.relabel(language)
        with self._quiet():
            chosen = self.views.value
            self.views.options = [(view_name(name, language), name) for name in VIEWS]
            self.views.value = chosen
            self.views.tooltips = [view_tip(name, language) for name in VIEWS]
            self.language.value = language
        for owner, head in self._heads.items():
            head.value = f'<b style="font-size:14px">{text(f"head {owner}", language)}</b>'
        for index, group in enumerate(self._groups):
            self.more.set_title(index, _group(group, language))
        for name, button in self.buttons.items():
            button.tooltip = text(f"{name} tip", language)
            if name not in ("pin", "stop"):
                button.description = text(name, language)
        self.panel.description, self.panel.tooltip = text("files", language), text("files tip", language)
        self.files.relabel(language)

    def press(self, history: History, *, stopped: bool, locked: frozenset[str]) -> None:
        """Name and enable the buttons after what they do next."""
        language = self._language
        self.buttons["stop"].description = text("go on" if stopped else "stop", language)
        self.buttons["pin"].description = text("unpin" if history.now.pinned else "pin", language)
        self.buttons["pin"].disabled = not history.now.levers.of("plan").items
        self.buttons["undo"].disabled = not history.can_undo
        self.buttons["redo"].disabled = not history.can_redo
        self.buttons["reset"].disabled = not (set(history.now.levers.moved) - locked)

    def close(self) -> None:
        """Let go of every widget."""
        for knob in self.knobs.values():
            knob.control.unobserve_all()
            knob.lock.unobserve_all()
        for widget in (self.more, self.language, self.views, self.panel, self.files.firm, self.files.code,
                       self.files.upload):  # fmt: skip
            widget.unobserve_all()
        waiting = [self.widget]
        while waiting:
            widget = waiting.pop()
            waiting.extend(getattr(widget, "children", ()))
            widget.close()


def _picture_html(png: bytes, alt: str) -> str:
    """Return a picture with its words; decoded before it is put on the page, so that nothing flickers."""
    width, height = PICTURE
    return (
        f'<img class="ss-picture" decoding="sync" width="{width}" height="{height}" style="display:block" '
        f'alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
    )


def _group(group: str, language: str) -> str:
    """Return the title of a group of levers."""
    key = f"head {group}"
    if key in TEXTS[language]:
        name = text(key, language)
    else:
        name = capital(label(f"pay.{group}" if group == "quotas" else f"setting.{group}", language))
    return text("group", language, name=name)
