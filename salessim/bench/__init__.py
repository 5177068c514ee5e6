"""Benchmarks, measured on the spot."""

from salessim.bench.table import Row, bench, bench_rows

__all__ = ["Row", "bench", "bench_rows"]
