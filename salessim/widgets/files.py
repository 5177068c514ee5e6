"""The panel of firm and files: ready-made firms, opening, saving, the share code, and the kind of report."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from salessim.model.presets import PRESETS
from salessim.widgets.bases import Base
from salessim.widgets.knobs import Quiet
from salessim.widgets.texts import text

__all__ = ["KINDS", "OWN", "Files", "Upload", "link_html"]

OWN = "own"
"""Stands among the presets for a firm that is none of them."""
KINDS = ("html", "pdf", "xlsx")
"""Kinds of report, by the ending of the file."""
_ACCEPT = ".yaml,.yml,.csv,.tsv,.txt,.xlsx,.xls,.json,.zip"
_TYPES = {
    "html": "text/html", "pdf": "application/pdf", "yaml": "text/yaml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


class Upload(NamedTuple):
    """A file that was chosen in the browser: its name without folders, and its bytes."""

    name: str
    content: bytes


class Files:
    """The widgets of the panel. They know nothing of what is done with a choice.

    Parameters
    ----------
    quiet : Quiet
    chosen, opened, saved, coded : callable
        Told of a preset's name, of files, of a wish to save, and of a share code.

    Attributes
    ----------
    widget : ipywidgets.Widget
    firm, upload, save, link, code, kind : ipywidgets.Widget
    """

    def __init__(
        self, quiet: Quiet, *, chosen: Callable[[str], None], opened: Callable[[Sequence[Upload]], None],
        saved: Callable[[], None], coded: Callable[[str], None],
    ) -> None:  # fmt: skip
        import ipywidgets as w

        self._quiet = quiet
        self._opened = opened
        self._base: Base | None = None
        wide = w.Layout(width="auto", margin="0 2px")
        self.firm = w.ToggleButtons(options=[(name, name) for name in PRESETS], style={"button_width": "340px"})
        self.upload = w.FileUpload(accept=_ACCEPT, multiple=True, icon="", layout=wide)
        self.save = w.Button(layout=wide)
        self.link = w.HTML(layout=w.Layout(height="40px", margin="0", overflow="auto"))
        self.code = w.Text(continuous_update=False, layout=wide)
        self.kind = w.ToggleButtons(options=[("HTML", "html"), ("PDF", "pdf"), ("Excel", "xlsx")],
                                    style={"button_width": "110px"})  # fmt: skip
        self._heads = {name: w.HTML(layout=w.Layout(margin="6px 0 0 0")) for name in _HEADS}
        rows: list[Any] = [
            self._heads["firm"], self.firm, self._heads["open"], self.upload, self._heads["save"], self.save, self.link,
            self._heads["code"], self.code, self._heads["kind"], self.kind,
        ]  # fmt: skip
        self.widget = w.VBox(rows)
        for name, widget in {"firm": self.firm, "upload": self.upload, "save": self.save, "code": self.code,
                             "kind": self.kind, "link": self.link}.items():  # fmt: skip
            widget.add_class(f"ss-{name}")

        self.firm.observe(lambda change: self._tell(chosen, change["new"]), names="value")
        self.upload.observe(self._take, names="value")
        self.code.observe(lambda change: self._tell(coded, change["new"]), names="value")
        self.save.on_click(lambda _: saved())

    def _tell(self, told: Callable[[Any], None], value: Any) -> None:
        if self._quiet.by_hand:
            told(value)

    def _take(self, change: Mapping[str, Any]) -> None:
        """Hand files over, and forget them: they need not stay in the page."""
        if not (self._quiet.by_hand and change["new"]):
            return
        files = [Upload(Path(one["name"].replace("\\", "/")).name, bytes(one["content"])) for one in change["new"]]
        with self._quiet():
            self.upload.value = ()
        self._opened(files)

    def show(self, base: Base, language: str) -> None:
        """Show which firm is in use: a preset, or one that is none."""
        self._base = base
        with self._quiet():
            names = [(self._words(name, language), name) for name in PRESETS]
            if base.kind != "preset":
                names.append((base.words(language), OWN))
            if [one[0] for one in self.firm.options] != [one[0] for one in names]:
                self.firm.options = names
            self.firm.value = base.name if base.kind == "preset" else OWN

    def _words(self, name: str, language: str) -> str:
        return text(f"firm {name}", language, **_sizes(name))

    def relabel(self, language: str) -> None:
        """Write every label in a language."""
        for name, head in self._heads.items():
            head.value = f'<b style="font-size:14px">{html.escape(text(f"head {name}", language))}</b>'
        for name, widget in (("firm", self.firm), ("code", self.code), ("kind", self.kind), ("save", self.save),
                             ("open", self.upload)):  # fmt: skip
            widget.tooltip = text(f"{name} tip", language)
        self.save.description = text("save", language)
        self.upload.description = text("open", language)
        if self._base is not None:
            self.show(self._base, language)

    def put_code(self, code: str) -> None:
        """Show the share code of where everything stands."""
        with self._quiet():
            self.code.value = code

    def note(self, said: str) -> None:
        """Say something about what was opened."""
        self.link.value = f'<span style="font-size:13px">{html.escape(said)}</span>'

    def offer(self, name: str, content: bytes, language: str) -> None:
        """Offer a file for download."""
        self.link.value = link_html(name, content, language)


def link_html(name: str, content: bytes, language: str) -> str:
    """Return a link that downloads a file which the page itself holds."""
    kind = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    data = base64.b64encode(content).decode()
    said = html.escape(text("download", language, file=name))
    return (
        f'<a class="ss-file" download="{html.escape(name, quote=True)}" href="data:{kind};base64,{data}" '
        f'style="font-size:14px;font-weight:600;white-space:nowrap">{said}</a>'
    )


_HEADS = ("firm", "open", "save", "code", "kind")


def _sizes(name: str) -> dict[str, str]:
    """Return how many reps and accounts a preset has, as its description says, without making it."""
    found = re.match(r"([\d,]+) reps, ([\d,]+) accounts", PRESETS[name])
    assert found is not None
    return {"reps": found[1], "accounts": found[2]}
