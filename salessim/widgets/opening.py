"""Files that were chosen in a browser: which of them is a scenario, and a company from the tables of an export."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from salessim.errors import CrmError, explain
from salessim.widgets.bases import Base
from salessim.widgets.files import Upload
from salessim.widgets.texts import text

__all__ = ["MOST_BYTES", "is_scenario", "read_company"]

MOST_BYTES = 200_000_000
"""Size of all files of an export together."""
_SCENARIOS = (".yaml", ".yml")


def is_scenario(files: Sequence[Upload]) -> bool:
    """Say whether a scenario was chosen, and nothing else.

    Examples
    --------
    >>> is_scenario([Upload("mine.YAML", b"")]), is_scenario([Upload("deals.csv", b"")])
    (True, False)
    """
    return len(files) == 1 and files[0].name.lower().endswith(_SCENARIOS)


def read_company(files: Sequence[Upload], language: str) -> tuple[Base, str]:
    """Read an export, fit market and plan to it, and say in a line how much of it was kept.

    Raises
    ------
    CrmError
        If the files are no export, or too large.
    """
    from salessim.crm import read_crm
    from salessim.fit import fit_company

    size = sum(len(one.content) for one in files)
    if size > MOST_BYTES:
        raise CrmError(
            explain("these files are too large to be read in a page", value=f"{size:,} bytes",
                    allowed=f"{MOST_BYTES:,}", remedy="Read the folder with ss.read_crm instead")
        )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="salessim-export-") as place:
        for one in files:
            # only the last part of a name, so that nothing is written outside the folder
            name = Path(one.name).name
            if name in ("", ".", ".."):
                raise CrmError(explain("this file has no name", value=one.name))
            (Path(place) / name).write_bytes(one.content)
        crm = read_crm(place)
        company = fit_company(crm)
    read, kept = (sum(getattr(one, name) for one in crm.report.files) for name in ("rows_read", "rows_kept"))
    said = text("import", language, read=f"{read:,}", kept=f"{kept:,}")
    return Base("own", company.market.name, company.market, company.plan), said
