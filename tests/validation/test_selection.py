"""Is the best plan chosen as often as promised, in the least favourable place: all others exactly delta behind?"""

from __future__ import annotations

import numpy as np
import pytest
from validation.bounds import lower
from validation.synthetic import shape
from validation.table import record

from salessim.study.selection import eliminate

STUDIES, BAR, BAR_OF_THE_EXTREME = 2_500, 0.94, 0.92


@pytest.mark.parametrize("correlation", [0.0, 0.9])
@pytest.mark.parametrize(("name", "log_sd"), [("normal", None), ("skewness 0.95", 0.3), ("skewness 1.75", 0.5)])
@pytest.mark.parametrize(("plans", "first"), [(2, 20), (3, 20), (5, 20), (5, 10)])
def test_the_best_is_chosen(plans: int, first: int, name: str, log_sd: float | None, correlation: float) -> None:
    """Differences have a standard deviation of about 5 delta, whatever the correlation: many looks.

    Five plans of skewness 1.75 after ten first replications reach 94 % and not 95: their variances are estimated from
    too little. That case has a bar of its own, and the default is twenty first replications.
    """
    bar = BAR_OF_THE_EXTREME if (first, log_sd) == (10, 0.5) else BAR
    rng = np.random.default_rng([plans, first, len(name), int(10 * correlation)])
    spread = 5.0 / np.sqrt(2.0 * (1.0 - correlation))
    means = np.array([*([0.0] * (plans - 1)), 1.0])
    right = 0
    for _ in range(STUDIES):

        def rows(start: int, stop: int, alive: tuple[int, ...]) -> np.ndarray:
            common = np.sqrt(correlation) * rng.standard_normal((stop - start, 1))
            own = np.sqrt(1.0 - correlation) * rng.standard_normal((stop - start, plans))
            values: np.ndarray = (means + spread * shape(common + own, log_sd))[:, list(alive)]
            return values

        ended = eliminate(rows, plans, delta=1.0, first=first, most=10_000)
        right += ended.survivors == (plans - 1,)
    bound = lower(right, STUDIES)
    figure = f"{plans} plans, {name}, correlation {correlation}, first {first}: best chosen"
    record("selection", figure, bar=f">= {bar}", value=right / STUDIES, bound=bound, n=STUDIES)
    assert bound >= bar
