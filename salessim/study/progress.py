"""Who watches a long job: a bar in a notebook or terminal, a function of the user's, or nobody."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Progress", "watched"]

Progress = Callable[[int, int], None]


@contextmanager
def watched(progress: bool | Progress | None, what: str = "runs") -> Iterator[Progress | None]:
    """Give what to call with the number of finished things and of all things; None where nobody looks.

    Parameters
    ----------
    progress : bool, callable or None
        True shows a bar, False nothing, None a bar where somebody can see it: in a notebook, or where standard error
        is a terminal. A callable is given back as it is.
    what : str
        What is counted.

    Examples
    --------
    >>> with watched(False) as tell:
    ...     print(tell)
    None
    """
    if callable(progress):
        yield progress
        return
    if progress is False or (progress is None and not _somebody_looks()):
        yield None
        return
    from tqdm.auto import tqdm

    with tqdm(total=0, unit=f" {what}", mininterval=0.2, dynamic_ncols=True, file=sys.stderr) as bar:

        def tell(done: int, total: int) -> None:
            if total != bar.total:
                bar.total = total
                bar.refresh()
            bar.update(done - bar.n)

        yield tell


def _somebody_looks() -> bool:
    """Tell whether this is a notebook or standard error is a terminal."""
    return "ipykernel.kernelapp" in sys.modules or bool(getattr(sys.stderr, "isatty", bool)())
