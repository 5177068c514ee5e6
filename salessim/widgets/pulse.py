"""A sign of life: where Python has ended, nobody is left to say so, and the page says it by itself.

The page holds a hidden red line that a style sheet shows after a while, unless a beat replaces it before. Beats come
while something runs and for some time after a hand moved something; then the line is taken away, so that the kernel of
a closed page is idle and can be ended.
"""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Callable

__all__ = ["SILENCE", "Pulse"]

SILENCE = 20
"""Seconds without a beat after which the line is seen."""
_EVERY = 4.0
_AFTER = 90.0
_LINE = (
    "<style>@keyframes ss-dead {{ to {{ visibility: visible; }} }}</style>"
    '<div class="ss-dead" role="alert" data-beat="{beat}" style="position:absolute;z-index:9;visibility:hidden;'
    "max-width:1080px;padding:2px 6px;background:#fff;color:#b00020;font-weight:600;font-size:14px;line-height:1.35;"
    'animation:ss-dead 1s step-end {seconds}s forwards">⚠ {said}</div>'
)


class Pulse:
    """Beats on a thread of its own.

    Parameters
    ----------
    show : callable
        Told the HTML of the line; empty where no beat is to be waited for.
    said : callable
        Returns what the line says, at the moment of a beat.
    busy : callable
        Says whether something runs.

    Examples
    --------
    >>> beats = []
    >>> pulse = Pulse(beats.append, lambda: "no answer", lambda: False)
    >>> pulse.touch()
    >>> pulse.close()
    >>> beats[-1]
    ''
    """

    def __init__(self, show: Callable[[str], None], said: Callable[[], str], busy: Callable[[], bool]) -> None:
        self._show = show
        self._said = said
        self._busy = busy
        self._lock = threading.Lock()
        self._wake, self._ended = threading.Event(), threading.Event()
        self._until = 0.0
        self._beat = 0
        self._thread: threading.Thread | None = None

    def touch(self) -> None:
        """Note that a hand moved something."""
        with self._lock:
            if self._ended.is_set():
                return
            self._until = time.monotonic() + _AFTER
            self._wake.set()
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="salessim pulse", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # no thread can be started: then there is nobody to beat, and no line
                    self._ended.set()
                else:
                    self._thread = thread

    def close(self) -> None:
        """Stop, and take the line away. May be called twice."""
        self._ended.set()
        self._wake.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(1.0)
        self._show("")

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wake.clear()
            if self._busy() or time.monotonic() < self._until:
                self._beat += 1
                self._show(_LINE.format(beat=self._beat, seconds=SILENCE, said=html.escape(self._said())))
                self._ended.wait(_EVERY)
            else:
                self._show("")
                self._wake.wait()
