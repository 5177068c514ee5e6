"""The pay plan: what it pays for which result, what reps got, and how many reach their quota."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salessim.show.page import png
from salessim.show.payout_figure import payout_alt_text, payout_figure, payouts_of
from salessim.study.phrases import quantity, share
from salessim.study.wording import currency_label
from salessim.widgets.answer import words_html
from salessim.widgets.views.replayed import Replayed, looks
from salessim.widgets.views.view import Drawn, Scene
from salessim.words import sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from salessim.model.pay import Pay
    from salessim.model.plan import Plan

    Flag = NDArray[np.int64]

__all__ = ["PayView"]


class PayView(Replayed):
    """Payout curve with the histogram of attainment; in words where the plan has no variable pay."""

    name = "pay"

    def ready(self, scene: Scene) -> bool:
        """Say whether the futures are there, or none are needed."""
        return _pay(self._plan(scene)) is None or super().ready(scene)

    def prepare(self, scene: Scene, stop: Flag | None) -> Iterator[None]:
        """Run the futures that are not kept, unless the plan has no variable pay."""
        return iter(()) if _pay(self._plan(scene)) is None else super().prepare(scene, stop)

    def draw(self, scene: Scene) -> Drawn:
        """Draw the plan, with the baseline beside it where that has variable pay as well."""
        plan, language = self._plan(scene), scene.language
        if _pay(plan) is None:
            return Drawn(html=words_html(_without(plan, scene)))
        shown, found = [], []
        for place, facts in enumerate(self.facts(scene)[: scene.live + 1]):
            pay = _pay(list(scene.study.plans.values())[place])
            earned = [one.earnings for one in facts if one.earnings is not None]
            if pay is not None:
                shown.append(place)
                found.append(payouts_of(pay, earned))
        names, styles = [scene.labels[place] for place in shown], [looks(scene)[place] for place in shown]
        currency = scene.study.market.currency
        figure = payout_figure(found, names, styles, currency, language, width=scene.width, height=scene.height)
        n = len(self.facts(scene)[scene.live])
        return Drawn(
            png(figure, scene.fine), key=sentence("payout note", language, n=n),
            alt=payout_alt_text(found[-1], names[-1], currency, language),
        )  # fmt: skip

    def _plan(self, scene: Scene) -> Plan:
        return list(scene.study.plans.values())[scene.live]


def _pay(plan: Plan) -> Pay | None:
    """Return the pay plan of a plan, None where nothing of it is variable."""
    pay = plan.phases[0][0].pay
    return pay if pay is not None and pay.components else None


def _without(plan: Plan, scene: Scene) -> list[str]:
    """Say what a plan without variable pay pays, and what to do."""
    language, first = scene.language, plan.phases[0][0]
    unit = currency_label(scene.study.market.currency, language)
    head = sentence("no pay head", language, plan=scene.labels[scene.live])
    salary = quantity(first.management.salary if first.pay is None else first.pay.salary, language, unit=unit)
    if first.pay is None and first.management.commission:
        commission = share(first.management.commission, language, decimals=1)
        said = sentence("no pay commission", language, salary=salary, commission=commission)
    else:
        said = sentence("no pay salary", language, salary=salary)
    return [head, said, sentence("no pay remedy", language)]
