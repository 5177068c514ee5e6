"""Mutated exports: bytes flipped, cut, repeated and swapped in small files of every format."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from salessim.crm import read_crm
from salessim.crm.write import forms_of, layout_of, write_export
from salessim.errors import CrmError

__all__ = ["check_mutant", "mutate", "seeds"]

_ROWS = 60
_FRAGMENTS = (
    b'"', b",", b"\n",
    b"\r\n", b";", b"\t", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"=1+1", b"<script>", b"{", b"[", b"}",
    b"9" * 400, b"-", b"1e999", b"NaN", b"\xed\xa0\x80", "总计".encode("gb18030"), "商机".encode(),
    b"2024-13-45", b"null",
)  # fmt: skip


@functools.cache
def seeds() -> tuple[tuple[str, bytes], ...]:
    """Small exports of deals in every format: file name and content."""
    created = pd.Timestamp("2024-01-20") + pd.to_timedelta(np.arange(_ROWS) * 3, unit="D")
    status = np.array(["won", "lost", "open", "no_decision"] * (_ROWS // 4), dtype=object)
    deals = pd.DataFrame(
        {
            "deal_id": [f"D{n}" for n in range(_ROWS)],
            "name": [f"Project {n}, 华信" for n in range(_ROWS)],
            "account_id": [f"A{n % 3}" for n in range(_ROWS)],
            "owner_id": [f"U{n % 2}" for n in range(_ROWS)],
            "product": "Alpha",
            "stage": "Offer",
            "status": status,
            "amount": np.arange(_ROWS) * 1000.5 + 10,
            "currency": "CNY",
            "created_at": created,
            "expected_close": created + pd.Timedelta(days=40),
            "closed_at": pd.Series(created + pd.Timedelta(days=30)).where(status != "open"),
            "source": "web",
        }
    )
    events = pd.DataFrame({"deal_id": deals["deal_id"], "stage": "Offer", "entered_at": deals["created_at"]})
    found: list[tuple[str, bytes]] = []
    for crm in ("zoho", "fxiaoke", "salesforce", "hubspot", "pipedrive"):
        for form in forms_of(crm):
            layout = layout_of(crm, form)
            for format in layout.formats:
                encodings = [one for one in layout.encodings if one != "cp1252"] if format == "csv" else [None]
                for encoding in encodings:
                    with tempfile.TemporaryDirectory() as folder:
                        options = {"encoding": encoding} if encoding else {}
                        write_export(
                            {"deals": deals, "stage_events": events}, crm, folder, form=form, format=format, **options
                        )
                        listed = [name for name, (table, _) in layout.tables.items() if table == "deals"]
                        file = Path(folder) / f"{listed[0]}.{format}"
                        found.append((f"deals.{format}", file.read_bytes()))
    return tuple(found)


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """One or two random changes."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 3))):
        at = int(rng.integers(0, max(len(data), 1)))
        length = int(rng.integers(1, 40))
        kind = int(rng.integers(0, 6))
        if kind == 0 and data:
            data[at] = int(rng.integers(0, 256))
        elif kind == 1:
            del data[at : at + length]
        elif kind == 2:
            data[at:at] = _FRAGMENTS[int(rng.integers(0, len(_FRAGMENTS)))]
        elif kind == 3:
            data[at:at] = data[at : at + length] * int(rng.integers(1, 4))
        elif kind == 4:
            del data[at:]
        else:
            other = int(rng.integers(0, max(len(data), 1)))
            data[at : at + length], data[other : other + length] = data[other : other + length], data[at : at + length]
    return bytes(data)


def check_mutant(number: int, folder: Path) -> bool:
    """Read one mutant: it must be read with every row accounted for, or refused in a paragraph. True if it was read."""
    rng = np.random.default_rng(number)
    name, content = seeds()[number % len(seeds())]
    file = folder / name
    file.write_bytes(mutate(content, rng))
    try:
        data = read_crm(file, as_of="2024-12-31")
    except CrmError as trouble:
        assert str(trouble) and "\n" not in str(trouble), number
        return False
    for one in data.report.files:
        assert one.rows_read == one.rows_kept + sum(one.dropped.values()), number
        assert one.rows_kept >= 0, number
    kept = sum(one.rows_kept for one in data.report.files if one.table == "deals")
    assert kept == len(data.deals), number
    data.report.to_html("zh")
    return True
