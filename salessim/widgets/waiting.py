"""A line that counts seconds while the first answer is prepared, so that nobody looks at a standing page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["Waiting", "is_compiled"]

_EVERY = 0.5


class Waiting:
    """Tells, twice a second and on a thread of its own, how many seconds have passed, until it is ended.

    Examples
    --------
    >>> told = []
    >>> waiting = Waiting(told.append)
    >>> waiting.end()
    >>> told[:1]
    [0]
    """

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._over = threading.Event()
        self._began = time.monotonic()
        self._thread: threading.Thread | None = threading.Thread(target=self._count, name="salessim wait", daemon=True)
        tell(0)
        try:
            self._thread.start()
        except RuntimeError:  # no thread can be started
            self._thread = None

    def end(self) -> None:
        """Stop counting. May be called twice, and from any thread."""
        self._over.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(1.0)

    def _count(self) -> None:
        while not self._over.wait(_EVERY):
            self._tell(int(time.monotonic() - self._began))


def is_compiled() -> bool:
    """Say whether machine code of the rules is kept from an earlier process."""
    from salessim.world.compiled import cache_folder

    folder = cache_folder()
    return folder is not None and any(folder.rglob("*.nbc"))
