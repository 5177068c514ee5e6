"""The status line: what is going on, in words; what went wrong, in red, with details to copy."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable

from salessim.errors import SalesSimError
from salessim.widgets.answer import details_html, status_html
from salessim.widgets.controls import Controls
from salessim.widgets.texts import text
from salessim.widgets.waiting import Waiting, is_compiled

__all__ = ["Speaker", "in_words"]


def in_words(error: BaseException, language: str) -> tuple[str, str]:
    """Say what went wrong, and give details to copy where it is a defect: what a user cannot do needs none.

    Examples
    --------
    >>> said, details = in_words(OSError(28, "No space left on device", "answer.html"), "en")
    >>> said.startswith("A file cannot be read or written: answer.html No space left on device."), details
    (True, '')
    """
    if isinstance(error, SalesSimError):
        return text("refused", language, message=str(error)), ""
    if isinstance(error, OSError):
        return text("no file", language, message=f"{error.filename or ''} {error.strerror or error}".strip()), ""
    if isinstance(error, MemoryError):
        return text("no memory", language), ""
    said = text("defect", language, message=f"{type(error).__name__}: {error}")
    return said, "".join(traceback.format_exception(error))


class Speaker:
    """Says things on the page of a cockpit, from any thread.

    Parameters
    ----------
    controls : Controls
    lock : RLock
        Held while something is said.

    Attributes
    ----------
    language : str
    errors : list of BaseException
        What went wrong and is a defect. What a user cannot do is said and is no defect.
    """

    def __init__(self, controls: Controls, lock: threading.RLock, language: str) -> None:
        self._controls = controls
        self._lock = lock
        self._waiting: Waiting | None = None
        self._refusing = False
        self.language = language
        self.errors: list[BaseException] = []

    def say(self, said: str, *, wrong: bool = False, stage: str = "") -> None:
        """Say something in the status line."""
        self._refusing = False
        self._controls.status.value = status_html(said, wrong=wrong, stage=stage)

    def tell(self, said: str, stage: str) -> None:
        """Say how far the answer is. A refusal stays to be read until a hand moves again, whatever runs meanwhile."""
        with self._lock:
            if not self._refusing:
                self.say(said, stage=stage)

    def listen(self) -> None:
        """Note that a hand moved: what was refused before is over."""
        self._refusing = False

    def wait(self) -> None:
        """Count the seconds until the first answer."""
        with self._lock:
            key = "loading" if is_compiled() else "compiling"
            if self._waiting is None:
                self._waiting = Waiting(lambda seconds: self.say(text(key, self.language, seconds=seconds)))

    def end_waiting(self) -> None:
        """Stop counting."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.end()

    def refuse(self, error: SalesSimError) -> None:
        """Say what cannot be done; what is on the page stays."""
        with self._lock:
            self.say(text("refused", self.language, message=str(error)), wrong=True, stage="refused")
            self._refusing = True

    def failed(self, error: BaseException) -> None:
        """Say what went wrong in place of an answer, in words; keep what is a defect, with details to copy."""
        said, details = in_words(error, self.language)
        if details:
            self.errors.append(error)
        self._controls.empty(details_html(said, details, self.language))
        self.say(said, wrong=True, stage="wrong")

    def guarded(self, callback: Callable[..., None]) -> Callable[..., None]:
        """Return a callback that never raises: a front end would swallow it without a word.

        What cannot be done is refused in the status line, and what is on the page stays.
        """

        def call(*arguments: object) -> None:
            try:
                callback(*arguments)
            except SalesSimError as error:
                with self._lock:
                    self.refuse(error)
            except Exception as error:
                with self._lock:
                    self.failed(error)

        return call
