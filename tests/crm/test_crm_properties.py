"""What holds for every export: rows add up, and the way a table is written changes nothing."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salessim.crm import CrmData, read_crm
from salessim.errors import CrmError

HEADER = ["Deal ID", "Deal Name", "Stage", "Amount", "Created", "Closed On", "Owner"]
NAMES = st.sampled_from(["Alpha", "Beta, part 2", "Gamma; x", "华信\n项目", 'The "big" one', "Total Energies", ""])
DAYS = st.dates(min_value=pd.Timestamp("2023-01-01").date(), max_value=pd.Timestamp("2024-12-31").date()).map(str)


@st.composite
def records(draw: st.DrawFn) -> list[str]:
    """A deal, perhaps with an identifier that another one has too."""
    number = draw(st.integers(0, 30))
    stage = draw(st.sampled_from(["Won", "Lost", "Proposal"]))
    closed = draw(DAYS) if stage != "Proposal" else ""
    amount = draw(st.sampled_from(["", "1200", "3400.50", "-"]))
    return [draw(st.sampled_from([f"D{number}", ""])), draw(NAMES), stage, amount, draw(DAYS), closed, "Anna"]


NOISE = st.sampled_from(
    [
        [""] * 7,
        ["  ", *[""] * 6],
        ["Total", "", "", "4600", "", "", ""],
        ["合计：", "", "", "4600", "", "", ""],
        ["", "", "Won", "5", "2024-01-01", "2024-02-01", "Ben"],
        ["Exported by Anna", *[""] * 6],
    ]
)


def text_of(rows: list[list[str]], separator: str = ",", line: str = "\n") -> str:
    buffer = io.StringIO()
    pd.DataFrame(rows[1:], columns=rows[0]).to_csv(buffer, sep=separator, index=False, lineterminator=line)
    return buffer.getvalue()


def read_files(**files: bytes) -> CrmData:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / f"{name}.csv").write_bytes(content)
        return read_crm(folder, as_of="2024-12-31")  # a file may hold no date at all


@pytest.mark.slow
@settings(max_examples=120)
@given(
    st.lists(st.one_of(records(), NOISE), min_size=1, max_size=25), st.lists(st.one_of(records(), NOISE), max_size=15)
)
def test_rows_read_are_kept_or_dropped(first: list[list[str]], second: list[list[str]]) -> None:
    files = {"deals_1": text_of([HEADER, *first]).encode(), "deals_2": text_of([HEADER, *second]).encode()}
    try:
        data = read_files(**files)
    except CrmError as trouble:
        assert "has a header and no deals" in str(trouble)
        return
    written = {"deals_1.csv": len(first), "deals_2.csv": len(second)}
    for file in data.report.files:
        assert file.rows_read == written[file.name]
        assert file.rows_read == file.rows_kept + sum(file.dropped.values())
        assert min(file.rows_kept, *file.dropped.values()) >= 0
    assert sum(file.rows_kept for file in data.report.files) == len(data.deals)
    assert data.deals["deal_id"].is_unique and data.deals["deal_id"].notna().all()
    told = sum(
        finding.count or 0 for finding in data.report.findings if finding.code.startswith(("rows_", "duplicates"))
    )
    assert told == sum(sum(file.dropped.values()) for file in data.report.files)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    rows = draw(st.lists(records(), min_size=1, max_size=15, unique_by=lambda row: row[0]))
    for number, row in enumerate(rows):
        row[0] = row[0] or f"E{number}"
    return rows


@pytest.mark.slow
@settings(max_examples=60)
@given(
    tables(),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
    st.permutations(range(7)),
    st.integers(0, 3),
    st.randoms(use_true_random=False),
)
def test_the_way_it_is_written_changes_nothing(
    rows: list[list[str]], separator: str, encoding: str, line: str, order: list[int], titles: int, shuffle: object
) -> None:
    plain = read_files(deals=text_of([HEADER, *rows]).encode())
    mixed = [list(row) for row in rows]
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]
    turned = [[row[at] for at in order] for row in [HEADER, *mixed]]
    text = "List of deals\n" * titles + text_of(turned, separator, line)
    other = read_files(deals=text.encode(encoding))
    assert other.fingerprint() == plain.fingerprint()
    assert len(other.deals) == len(rows)


@pytest.mark.slow
@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_dates_and_money_in_any_notation(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    created = pd.Timestamp("2023-01-20") + pd.to_timedelta(rng.integers(0, 700, size), unit="D")
    amounts = (rng.lognormal(8, 2, size) * 100).round() / 100
    base = pd.DataFrame({"deal id": [f"D{n}" for n in range(size)], "stage": "Won"})
    first = base.assign(created=created.strftime("%Y-%m-%d"), amount=[f"{amount:.2f}" for amount in amounts])
    second = base.assign(
        创建日期=created.strftime("%Y年%m月%d日"),
        金额=[f"￥{amount:,.2f}" for amount in amounts],
    )
    one, two = (read_files(deals=frame.to_csv(index=False).encode()).deals for frame in (first, second))
    assert one["created_at"].tolist() == two["created_at"].tolist() == list(created)
    assert one["amount"].tolist() == pytest.approx(two["amount"].tolist())
    assert two["currency"].tolist() == ["CNY"] * size


@pytest.mark.slow
def test_speed(company: Callable[[int], dict[str, pd.DataFrame]], tmp_path: Path) -> None:
    """100,000 deals in less than 6 seconds of processor time, so a million in less than a minute."""
    for name, frame in company(100_000).items():
        if name not in ("stage_events", "activities"):
            frame.to_csv(tmp_path / f"{name}.csv", index=False)
    start = time.process_time()
    data = read_crm(tmp_path)
    assert time.process_time() - start < 6
    assert len(data.deals) == 100_000
