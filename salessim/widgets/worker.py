"""One thread that does the newest job only: what was asked before and is no longer wanted is stopped or never begun.

There is no asyncio in it: callbacks of widgets may arrive on any thread, each with an event loop of its own or none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Job", "Task", "Worker"]


class Task:
    """What a running job looks at: whether it is still wanted.

    Attributes
    ----------
    flag : (1,) int64 array
        0 while the job is wanted. The compiled clock polls it, so a run ends in the middle.
    """

    def __init__(self) -> None:
        self.flag: NDArray[np.int64] = np.zeros(1, dtype=np.int64)

    @property
    def stopped(self) -> bool:
        """Whether the job should end."""
        return bool(self.flag[0])

    def stop(self) -> None:
        """Tell the job to end."""
        self.flag[0] = 1


Job = Callable[[Task], None]


class Worker:
    """Runs jobs one at a time on a thread of its own; a new job replaces the waiting one and stops the running one.

    Where no thread can be started (a browser's Python), a job runs at once, inside `submit`.

    Parameters
    ----------
    on_error : callable
        Called, on the worker's thread, with whatever a job raises. The worker goes on.
    name : str
        Name of the thread.

    Examples
    --------
    >>> done = []
    >>> worker = Worker(on_error=done.append)
    >>> worker.submit(lambda task: done.append("one"))
    >>> worker.wait(5.0), done
    (True, ['one'])
    >>> worker.close()
    True
    """

    def __init__(self, on_error: Callable[[BaseException], None], name: str = "salessim worker") -> None:
        self._on_error = on_error
        self._name = name
        self._changed = threading.Condition()
        self._waiting: Job | None = None
        self._running: Task | None = None
        self._thread: threading.Thread | None = None
        self._threadless = False
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        with self._changed:
            return self._waiting is not None or self._running is not None

    @property
    def closed(self) -> bool:
        """Whether no job is taken any more."""
        return self._closed

    def submit(self, job: Job) -> None:
        """Ask for a job: it replaces one that waits, and tells one that runs to stop. Does nothing after `close`."""
        with self._changed:
            if self._closed:
                return
            self._waiting = job
            if self._running is not None:
                self._running.stop()
            self._start()
            self._changed.notify_all()
            threadless = self._threadless
        if threadless:
            self._drain()

    def stop(self) -> None:
        """Stop the running job and forget the waiting one."""
        with self._changed:
            self._waiting = None
            if self._running is not None:
                self._running.stop()
            self._changed.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing runs or waits; return False where that took longer than `timeout` seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while self._waiting is not None or self._running is not None:
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0.0:
                    return False
                self._changed.wait(left)
        return True

    def close(self, timeout: float = 5.0) -> bool:
        """Stop everything and end the thread; return False where a job did not end within `timeout` seconds.

        May be called twice, and from a job.
        """
        with self._changed:
            self._closed = True
            thread = self._thread
        self.stop()
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout)
        return not thread.is_alive()

    def _start(self) -> None:
        if self._thread is not None or self._threadless:
            return
        thread = threading.Thread(target=self._work, name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # "can't start new thread"
            self._threadless = True
        else:
            self._thread = thread

    def _work(self) -> None:
        while True:
            with self._changed:
                while self._waiting is None and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                job, task = self._take()
            self._do(job, task)

    def _drain(self) -> None:
        """Do what waits, here and now. A job that asks for another one does not begin it inside itself."""
        while True:
            with self._changed:
                if self._waiting is None or self._running is not None:
                    return
                job, task = self._take()
            self._do(job, task)

    def _take(self) -> tuple[Job, Task]:
        assert self._waiting is not None
        job, task = self._waiting, Task()
        self._waiting, self._running = None, task
        return job, task

    def _do(self, job: Job, task: Task) -> None:
        try:
            job(task)
        except Exception as error:
            self._on_error(error)
        finally:
            with self._changed:
                self._running = None
                self._changed.notify_all()
