"""What a hand does on the page, turned into what the cockpit can do. Every callback returns at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from salessim.errors import SalesSimError
from salessim.widgets.bases import base_named
from salessim.widgets.catalogue import Start
from salessim.widgets.files import OWN, Upload
from salessim.widgets.opening import is_scenario, read_company
from salessim.widgets.scenario import read_scenario, write_scenario
from salessim.widgets.worker import Task

if TYPE_CHECKING:
    from salessim.widgets.cockpit import Cockpit

__all__ = ["Hands"]


class Hands:
    """The callbacks of the widgets of a cockpit; they may arrive on any thread."""

    def __init__(self, cockpit: Cockpit) -> None:
        self._cockpit = cockpit

    def moved(self, name: str, value: Start) -> None:
        """Note a lever that was moved."""
        self._cockpit.move(name, value)

    def locked(self, name: str, hold: bool) -> None:
        """Lock a lever, or let go of it."""
        self._cockpit.lock(name, hold=hold)

    def pressed(self, button: str) -> None:
        """Answer to a button."""
        cockpit = self._cockpit
        if button == "stop":
            (cockpit.go_on if cockpit.held else cockpit.stop)()
        elif button == "report":
            cockpit.report(f"answer.{cockpit.controls.files.kind.value}")
        else:
            {"undo": cockpit.undo, "redo": cockpit.redo, "reset": cockpit.reset, "pin": cockpit.pin,
             "luck": cockpit.luck}[button]()  # fmt: skip

    def chosen(self, name: str) -> None:
        """Stand on a ready-made firm."""
        if name != OWN:
            self._cockpit.stand(base_named(name))

    def saved(self) -> None:
        """Offer the scenario for download."""
        cockpit = self._cockpit
        content = write_scenario(cockpit.scenario()).encode()
        cockpit.controls.files.offer("scenario.yaml", content, cockpit.language)

    def coded(self, code: str) -> None:
        """Go to a share code that was pasted; where it is refused, the field shows the present one again."""
        cockpit = self._cockpit
        try:
            if code.strip() and code.strip() != cockpit.code():
                cockpit.load(code)
        finally:
            cockpit.display()

    def opened(self, files: Sequence[Upload]) -> None:
        """Open files: a scenario at once, an export on the worker."""
        cockpit = self._cockpit
        if is_scenario(files):
            cockpit.load(read_scenario(files[0].content))
            return

        def read(task: Task) -> None:
            try:
                company, said = read_company(files, cockpit.language)
            except SalesSimError as error:
                cockpit.refuse(error)
                return
            if not task.stopped:
                cockpit.stand(company)
                cockpit.controls.files.note(said)

        cockpit.work(read, "reading", n=len(files))
