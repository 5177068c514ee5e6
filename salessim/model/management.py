"""How a sales force is led: managers, hiring, training, appraisal, team days, and what people are paid."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from salessim.model.assumption import assumption
from salessim.model.part import Part

__all__ = ["TRAINED", "VACANCY_RULES", "Management"]

Vacancy = Literal["hold", "colleagues"]
VACANCY_RULES: tuple[Vacancy, ...] = ("hold", "colleagues")
Trained = Literal["everybody", "new", "weak"]
TRAINED: tuple[Trained, ...] = ("everybody", "new", "weak")


class Management(Part):
    """What the planner decides about people."""

    salary: float = assumption(
        120_000.0, 60_000.0, 240_000.0, unit="currency per year", off=0.0,
        meaning="fixed pay of one rep a year, social charges included", evidence="practice",
        source="order of magnitude; replace by your own",
    )  # fmt: skip
    commission: float = assumption(
        0.02, 0.0, 0.1, unit="share of revenue", le=1, off=0.0,
        meaning="share of the value of a won deal that its rep is paid", evidence="practice",
        source="order of magnitude; replace by your own",
    )  # fmt: skip
    tools_cost: float = assumption(
        10_000.0, 0.0, 40_000.0, unit="currency per year", off=0.0,
        meaning="tools, licences and workplace of one rep a year",
    )  # fmt: skip
    overhead_cost: float = assumption(
        20_000.0, 0.0, 100_000.0, unit="currency per year", off=0.0,
        meaning="overhead of the sales organisation a year, per planned rep",
    )  # fmt: skip
    span: float = assumption(
        8.5, 4.0, 16.0, unit="reps", ge=1, meaning="reps led by one manager",
        source="average 8.5, range 2-38 (Alexander Group)", evidence="published",
    )  # fmt: skip
    manager_cost: float = assumption(
        220_000.0, 100_000.0, 400_000.0, unit="currency per year", off=0.0, meaning="cost of one manager a year",
        evidence="practice", source="order of magnitude; replace by your own",
    )  # fmt: skip
    coaching_share: float = assumption(
        0.16, 0.0, 0.4, unit="share", le=1, off=0.0, meaning="share of a manager's working time meant for coaching",
        source="16 %, best practice 28 % (Alexander Group)", evidence="published",
    )  # fmt: skip
    leading_hours: float = assumption(
        10.0, 4.0, 15.0, unit="hours a month", off=0.0,
        meaning="a manager's hours a month for each rep apart from coaching: reports, deals, appraisal",
        source="ours, unsourced; set so that the best span of control is about 11, in the usual range of 5 to 15",
    )  # fmt: skip
    recruiting_hours: float = assumption(
        12.0, 0.0, 30.0, unit="hours a month", off=0.0,
        meaning="a manager's hours a month for each vacancy in the team",
    )  # fmt: skip
    vacancy: Vacancy = Field(
        "hold",
        description="accounts of a rep who left wait for the successor, or colleagues look after them until then",
    )
    training_days: float = assumption(
        4.0, 0.0, 20.0, unit="days a year", off=0.0, meaning="days of training a year for each rep who is trained",
    )  # fmt: skip
    trained: Trained = Field("everybody", description="who is trained: everybody, those in their first year, the weak")
    onboarding_days: float = assumption(
        5.0, 0.0, 30.0, unit="days", off=0.0, meaning="days of training of a new rep before the first customer",
    )  # fmt: skip
    training_cost: float = assumption(
        1_500.0, 0.0, 5_000.0, unit="currency per day", off=0.0, meaning="cost of a day of training for one rep",
        evidence="practice", source="order of magnitude; replace by your own",
    )  # fmt: skip
    hiring_cost: float = assumption(
        30_000.0, 5_000.0, 100_000.0, unit="currency per hire", off=0.0,
        meaning="search, selection and administration of one hire", evidence="practice",
        source="order of magnitude; replace by your own",
    )  # fmt: skip
    team_days: float = assumption(
        2.0, 0.0, 12.0, unit="days a year", off=0.0, meaning="days a year a team spends together to grow together",
    )  # fmt: skip
    appraisal_months: int = Field(
        12, ge=0, le=60, description="months between appraisals with feedback and promotion; 0 is none"
    )
    exit_share: float = assumption(
        0.0, 0.0, 0.2, unit="share", le=0.5, off=0.0,
        meaning="share of the reps, lowest attainment first, who are dismissed at each appraisal",
    )  # fmt: skip
    promotion_share: float = assumption(
        0.1, 0.0, 0.3, unit="share", le=1, off=0.0,
        meaning="share of the reps, highest attainment first, who are promoted at each appraisal",
    )  # fmt: skip
    promotion_raise: float = assumption(
        0.15, 0.0, 0.3, unit="share", le=1, off=0.0, meaning="rise of the salary that comes with a promotion",
    )  # fmt: skip

    @property
    def rep_cost(self) -> float:
        """Cost of one rep a year apart from commission, travel and management: salary, tools, overhead."""
        return self.salary + self.tools_cost + self.overhead_cost
