"""Where the notebooks are, and a copy of them that belongs to the user.

In a clone of the project they stand in ``notebooks``; an installed package brings them along as
``share/salessim/notebooks`` below the prefix of the Python installation.
"""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from salessim.errors import SalesSimError, explain, nearest

__all__ = ["Copied", "LaunchError", "chosen_notebook", "copy_notebooks", "default_folder", "source_folder"]


class LaunchError(SalesSimError, RuntimeError):
    """The laboratory or the application cannot be started: what is missing, and how to get it."""


class Copied(NamedTuple):
    """What `copy_notebooks` did: files written, and files of the user's that were left as they are."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def default_folder() -> Path:
    """Return the folder the copies go to unless another is asked for: in the user's home."""
    return Path.home() / "salessim-notebooks"


def source_folder() -> Path:
    """Return the folder the notebooks come from: that of the clone, else that of the installation.

    Raises
    ------
    LaunchError
        If neither is there.
    """
    clone = Path(__file__).resolve().parents[2] / "notebooks"
    installed = Path(sysconfig.get_path("data")) / "share" / "salessim" / "notebooks"
    for folder in (clone, installed):
        if any(_notebooks(folder)):
            return folder
    raise LaunchError(
        explain("the notebooks of salessim are not found", where=str(installed),
                remedy="Install salessim again: pip install --force-reinstall --no-deps salessim")
    )  # fmt: skip


def copy_notebooks(target: Path, *, fresh: bool = False) -> Copied:
    """Copy the notebooks to a folder of the user's; what is there already is the user's own and stays.

    Parameters
    ----------
    target : Path
        Made if it is not there.
    fresh : bool
        Write every notebook anew; one that was changed is kept beside it under a name with ``.mine``.
    """
    source, written, kept = source_folder(), [], []
    if target.resolve().is_relative_to(source.resolve()):
        raise LaunchError(
            explain("this folder holds the originals of the notebooks", where=str(target), remedy="Choose another one")
        )
    for original in _notebooks(source):
        copy = target / original.relative_to(source)
        if copy.exists():
            if not fresh or copy.read_bytes() == original.read_bytes():
                kept.append(copy)
                continue
            copy.replace(_free(copy))
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(original, copy)
        written.append(copy)
    return Copied(tuple(written), tuple(kept))


def chosen_notebook(folder: Path, language: str, name: str = "") -> Path:
    """Return the notebook to open, relative to the folder: the first one in the language, or the one that is named.

    A language has a folder of its own, named after it; English stands at the top. Where there is none, English opens.

    Raises
    ------
    LaunchError
        For a name that does not exist; the nearest is named.
    """
    own = folder / language
    place = own if any(own.glob("*.ipynb")) else folder
    found = {path.stem: path.relative_to(folder) for path in sorted(place.glob("*.ipynb"))}
    wanted = name.removesuffix(".ipynb")
    if not wanted:
        return next(iter(found.values()))
    starts = [stem for stem in found if stem == wanted or stem.startswith(f"{wanted}_")]
    if not starts:
        raise LaunchError(explain("there is no such notebook", value=name, remedy=nearest(wanted, found)))
    return found[starts[0]]


def _free(path: Path) -> Path:
    """Return a name beside a file that is not taken."""
    for n in range(1, 1_000):
        beside = path.with_name(f"{path.stem}.mine{'' if n == 1 else n}.ipynb")
        if not beside.exists():
            return beside
    raise LaunchError(explain("there are too many kept copies of this notebook", where=str(path), remedy="Tidy up"))


def _notebooks(folder: Path) -> Iterator[Path]:
    """Yield the notebooks below a folder, without those of hidden folders, which Jupyter makes."""
    for path in sorted(folder.rglob("*.ipynb")):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path
