"""Rep types and payout curves that several tests of pay build on, in the units of the science notes."""

from __future__ import annotations

from typing import Any

import numpy as np

from salessim.model.pay import Component
from salessim.pay.curve import Curves, compile_component
from salessim.pay.solve import Types


def make_types(
    base: float | list[float] = 0.6, *, noise: float = 0.6, discount: float = 1.0, flow: float = 0.0,
    risk: float = 0.0, bias: float = 1.0, power: float = 2.0, effect: float = 1.0, ease: float = 1.0,
) -> Types:  # fmt: skip
    bases = np.atleast_1d(np.asarray(base, dtype=np.float64))
    others = (effect, noise, ease, power, discount, bias, risk, flow)
    return Types(bases, *(np.full(len(bases), float(value)) for value in others))


def make_curve(**settings: Any) -> Curves:
    return compile_component(Component(title="c", **settings))
