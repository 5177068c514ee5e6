"""The seats of a plan as tables: who sits there at the start, groups and managers, and where all go with a change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from salessim.errors import ModelError, explain, nearest
from salessim.world.phases import Phase, Wave
from salessim.world.random import identities
from salessim.world.tables import ABSENT, DTYPES, KNOWN, NEWCOMER, NOTHING

if TYPE_CHECKING:
    from salessim.model.plan import Plan

__all__ = ["Posts", "change_tables", "group_table", "posts_of", "rep_table"]


@dataclass(frozen=True)
class Posts:
    """Where everybody is in each phase: (phases, seats) arrays, and the names of all groups.

    A group shares a lead pool: reps of one group of the team and of one speciality. Managers lead reps of neighbouring
    groups, `span` of them.
    """

    groups: tuple[str, ...]
    group: NDArray[np.int64]
    manager: NDArray[np.int64]
    open: NDArray[np.int64]
    retrain: NDArray[np.int64]
    managers: NDArray[np.int64]


def posts_of(plan: Plan, phases: list[Phase], seats: tuple[str, ...]) -> Posts:
    """Work out the posts of all seats in all phases."""
    team = {str(rep): str(group) for rep, group in zip(plan.team["rep"], plan.team["group"], strict=True)}
    labels = [[""] * len(seats) for _ in phases]
    shape = (len(phases), len(seats))
    opened, retrain = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for k, phase in enumerate(phases):
        for seat, name, speciality in zip(phase.seat, phase.alignment.reps, phase.alignment.speciality, strict=True):
            labels[k][seat] = f"{team.get(name, 'team')} / {speciality}"
            opened[k, seat] = 1
    names = sorted({label for row in labels for label in row if label})
    group = np.array([[names.index(label) if label else -1 for label in row] for row in labels])
    for k in range(len(phases)):
        # a seat that is closed belongs where it belonged last, or where it will belong first
        for seat in np.flatnonzero(group[k] < 0):
            known = [row[seat] for row in (*group[:k][::-1], *group[k:]) if row[seat] >= 0]
            group[k, seat] = known[0]
        if k:
            retrain[k] = (opened[k] == 1) & (opened[k - 1] == 1) & (group[k] != group[k - 1])
    manager, managers = np.zeros(shape, np.int64), np.zeros(len(phases), np.int64)
    for k, phase in enumerate(phases):
        there = np.flatnonzero(opened[k])
        order = there[np.lexsort((there, group[k, there]))]
        managers[k] = math.ceil(len(order) / phase.plan.management.span)
        manager[k, order] = np.arange(len(order)) * managers[k] // len(order)
    return Posts(tuple(names), group, manager, opened, retrain, managers)


def rep_table(
    plan: Plan, phases: list[Phase], seats: tuple[str, ...], posts: Posts, *, known: bool, own_calendar: bool
) -> NDArray[Any]:
    """Return the table of reps at the start; where the log is `known`, who is not in the team is on the first day."""
    home = np.zeros((len(seats), 3))
    for phase in reversed(phases):
        home[phase.seat] = phase.alignment.home
    team = {str(rep) for rep in plan.team["rep"]}
    table = np.zeros(len(seats), DTYPES["reps"])
    table["key"] = identities([np.array(seats, dtype=object)])
    table["x"], table["y"], table["z"] = home.T
    table["group"], table["manager"], table["open"] = posts.group[0], posts.manager[0], posts.open[0]
    table["calendar"] = np.arange(len(seats)) if own_calendar else 0
    table["present"] = [
        ABSENT if not there else NEWCOMER if known and name not in team else KNOWN
        for name, there in zip(seats, posts.open[0], strict=True)
    ]
    table["doing"] = NOTHING
    table["effort"] = table["scale"] = 1.0
    table["type"] = -1
    table["wake"] = table["protected_until"] = -1.0
    for column in ("subject", "first_deal", "first_relation", "next_of_group", "first_won", "first_owned"):
        table[column] = -1
    last: dict[int, int] = {}
    for r in np.flatnonzero(posts.open[0]):
        g = int(table["group"][r])
        if g in last:
            table["next_of_group"][last[g]] = r
        last[g] = int(r)
    return table


def group_table(posts: Posts) -> NDArray[Any]:
    """Return the table of groups at the start."""
    table = np.zeros(len(posts.groups), DTYPES["groups"])
    table["first_deal"] = -1
    for g in range(len(table)):
        members = np.flatnonzero((posts.group[0] == g) & (posts.open[0] == 1))
        table["first_rep"][g] = members[0] if len(members) else -1
    return table


def change_tables(
    phases: list[Phase], waves: list[list[Wave]], posts: Posts, regions: tuple[str, ...], products: tuple[str, ...]
) -> dict[str, NDArray[Any]]:
    """Return the tables of what changes in the course of a plan: changes, waves, moves, posts, focuses."""
    from salessim.model.change import TRIGGER_MEASURES

    later = phases[1:]
    changes = np.zeros(len(later), DTYPES["changes"])
    wave_rows = np.zeros(sum(len(one) for one in waves), DTYPES["waves"])
    moves = np.zeros(sum(len(wave.covers) for one in waves for wave in one), DTYPES["moves"])
    w = m = 0
    for k, (phase, steps) in enumerate(zip(later, waves, strict=True)):
        change = phase.change
        assert change is not None
        row = changes[k]
        row["fired"], row["first_wave"], row["waves"], row["region"] = -1.0, w, len(steps), -1
        row["month"] = change.month if change.month is not None else 0
        row["move_deals"] = change.open_deals == "move"
        row["protection"], row["retraining"] = change.pay_protection, change.retraining_days
        if change.when is not None:
            row["measure"] = TRIGGER_MEASURES.index(change.when.measure)
            row["below"], row["months"] = change.when.below, change.when.months
            if change.when.region and change.when.region not in regions:
                raise ModelError(
                    explain(
                        "a trigger is read in a region that the market does not have",
                        where="trigger.region",
                        value=change.when.region,
                        allowed=", ".join(name or "(none)" for name in regions),
                        remedy=nearest(change.when.region, regions),
                    )
                )
            row["region"] = regions.index(change.when.region) if change.when.region else -1
        owner = phase.seat[phase.alignment.owner].ravel()
        for wave in steps:
            wave_rows[w]["change"], wave_rows[w]["after"] = k, wave.after
            wave_rows[w]["first_move"], wave_rows[w]["moves"] = m, len(wave.covers)
            moves["cover"][m : m + len(wave.covers)] = wave.covers
            moves["seat"][m : m + len(wave.covers)] = owner[wave.covers]
            w, m = w + 1, m + len(wave.covers)
    table = np.zeros(len(later) * posts.group.shape[1], DTYPES["posts"])
    for column, values in (
        ("group", posts.group), ("manager", posts.manager), ("open", posts.open), ("retrain", posts.retrain),
    ):  # fmt: skip
        table[column] = values[1:].ravel()
    focuses = np.zeros(len(later) * len(products), DTYPES["focuses"])
    focuses["focus"] = [phase.plan.focus.get(name, 0.0) for phase in later for name in products]
    return {"changes": changes, "waves": wave_rows, "moves": moves, "posts": table, "focuses": focuses}
