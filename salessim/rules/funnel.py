"""A deal in the funnel: the rep's effort on a stage, the outcome by logit, the customer's delay, the answer."""

from __future__ import annotations

from salessim.rules.agenda import REPLY, announce
from salessim.rules.closing import close_deal
from salessim.rules.cohesion import cohesion_factor
from salessim.rules.cross_selling import cross_sell
from salessim.rules.knowledge import insight_now, learn, skill_now
from salessim.rules.ramp import pace_now
from salessim.rules.relationship import relation_now, relation_of
from salessim.rules.timing import first_look, sign_or_wait, take_out
from salessim.rules.waiting import join_queue
from salessim.rules.worktime import month_of, snap
from salessim.world.compiled import rule
from salessim.world.numbers import exp, exponential_quantile, log, logistic, lognormal_unit
from salessim.world.random import DWELL, EFFORT, OUTCOME, key, uniform
from salessim.world.tables import (
    ADVANCE,
    CUSTOMER,
    DISQUALIFIED,
    INQUIRY,
    LOST,
    NO_DECISION,
    WON,
    WORKING,
    Tables,
)

__all__ = [
    "EXPONENTIAL",
    "FIXED",
    "LOGNORMAL",
    "answer",
    "begin_step",
    "duration",
    "finish_step",
    "log_odds",
    "outcome_of_stage",
]

FIXED, EXPONENTIAL, LOGNORMAL = 0, 1, 2


@rule
def duration(law: int, mean: float, cv: float, u: float) -> float:
    """Return the duration that the uniform draw `u` stands for under a law with this mean."""
    if law == FIXED or mean <= 0.0:
        return mean
    if law == EXPONENTIAL:
        return mean * exponential_quantile(u)
    return mean * lognormal_unit(u, cv)


@rule
def response_decay(hours: float) -> float:
    """Return the chance to qualify an inquiry answered after `hours`, relative to at once (two components).

    Fitted to Oldroyd, McElheran & Elkington (2011): 7 times within the hour against an hour later, 60 times against
    24 hours or later.
    """
    return 0.965 * exp(-hours / 0.33) + 0.035 * exp(-hours / 24.0)


@rule
def log_odds(w: Tables, d: int, r: int, relation: int, t: float) -> float:
    """Return the log-odds that the present stage of deal `d` advances in the hands of rep `r`."""
    s = w.settings[0]
    a, p = w.deals[d].account, w.deals[d].product
    complexity = w.products[p].complexity
    over_the_funnel = (
        w.covers[w.deals[d].cover].win
        + s.skill_effect * complexity * (skill_now(w, r, p, t) - s.skill_reference)
        + s.insight_effect * s.difference * (insight_now(w, r, w.accounts[a].segment, t) - s.insight_reference)
        + s.relation_effect * (relation_now(w, relation, t) - s.relation_reference)
        - s.coordination_effect * complexity * (w.accounts[a].reps - 1) * cohesion_factor(w, w.reps[r].group)
        + w.reps[r].talent
        + s.coaching_effect * (w.reps[r].coached - s.coaching_reference)
        + s.effort_quality * (w.reps[r].effort * w.products[p].pull - 1.0)
    )
    z = w.stages[w.deals[d].stage].advance + over_the_funnel / s.n_stages
    if w.deals[d].stage == 0 and w.deals[d].source == INQUIRY and s.response_effect > 0.0:
        waited = 24.0 * (w.deals[d].first_touch - w.deals[d].created)
        # the slow component dominates after a few hours and underflows after months: bounded at ten days
        z += s.response_effect * log(response_decay(min(waited, 240.0)) / response_decay(s.response_reference))
    return z


@rule
def begin_step(w: Tables, r: int, d: int, t: float) -> None:
    """Let rep `r` begin to work on the present stage of deal `d`."""
    s = w.settings[0]
    stage = w.deals[d].stage
    k = key(w.deals[d].key, w.stages[stage].key)
    effort = duration(
        w.stages[stage].effort_law, w.stages[stage].effort, w.stages[stage].effort_cv, uniform(k, EFFORT, 0)
    )
    others = w.accounts[w.deals[d].account].reps - 1
    effort *= 1.0 + s.coordination_time * w.products[w.deals[d].product].complexity * others
    effort /= pace_now(w, r, t)
    relation = relation_of(w, w.deals[d].account, r, t)
    w.reps[r].hours = effort
    w.reps[r].travel = w.relations[relation].travel * w.stages[stage].visit
    w.deals[d].state = WORKING
    if w.deals[d].first_touch < 0.0:
        w.deals[d].first_touch = t
    w.steps[w.deals[d].step].rep = r
    w.steps[w.deals[d].step].started = t


@rule
def outcome_of_stage(w: Tables, d: int, r: int, relation: int, t: float) -> int:
    """Draw the outcome of the present stage of deal `d` in the hands of rep `r`: it advances, or the way it ends."""
    stage = w.deals[d].stage
    p = logistic(log_odds(w, d, r, relation, t))
    u = uniform(key(w.deals[d].key, w.stages[stage].key), OUTCOME, 0)
    if u < p:
        return ADVANCE
    u = (u - p) / (1.0 - p) * (w.stages[stage].lost + w.stages[stage].no_decision + w.stages[stage].disqualified)
    if u < w.stages[stage].lost:
        return LOST
    if u < w.stages[stage].lost + w.stages[stage].no_decision or w.stages[stage].disqualified <= 0.0:
        return NO_DECISION if w.stages[stage].no_decision > 0.0 else LOST
    return DISQUALIFIED


@rule
def finish_step(w: Tables, r: int, d: int, t: float) -> None:
    """Let rep `r` finish his work on deal `d`: the outcome is drawn, and the customer takes time to answer."""
    stage = w.deals[d].stage
    a = w.deals[d].account
    k = key(w.deals[d].key, w.stages[stage].key)
    outcome = outcome_of_stage(w, d, r, relation_of(w, a, r, t), t)
    hours = w.reps[r].hours
    w.deals[d].outcome = outcome
    w.deals[d].state = CUSTOMER
    w.deals[d].hours += hours + w.reps[r].travel
    step = w.deals[d].step
    w.steps[step].finished = t
    w.steps[step].outcome = outcome
    w.steps[step].hours = hours
    learn(w, r, w.deals[d].product, w.accounts[a].segment, hours, t)
    dwell = duration(w.stages[stage].dwell_law, w.stages[stage].dwell, w.stages[stage].dwell_cv, uniform(k, DWELL, 0))
    reply = t + (snap(w, dwell) if dwell > 0.0 else 0.0)
    if w.settings[0].times != 0 and outcome == ADVANCE and stage == w.settings[0].n_stages - 1:
        reply = first_look(w, d, t, reply)
    announce(w, reply, REPLY, d)


@rule
def answer(w: Tables, d: int, t: float) -> int:
    """Let the customer answer on deal `d`: it ends, or goes on to the next stage. Returns the rep to ring or -1."""
    outcome = w.deals[d].outcome
    take_out(w, d)
    if w.settings[0].times != 0 and outcome == ADVANCE and w.deals[d].stage == w.settings[0].n_stages - 1:
        again = sign_or_wait(w, d, t)
        if again > t:
            announce(w, again, REPLY, d)
            return -1
    if w.deals[d].step >= 0:
        w.steps[w.deals[d].step].left = t
        w.steps[w.deals[d].step].outcome = outcome
    if outcome != ADVANCE:
        close_deal(w, d, outcome, t)
        return -1
    w.deals[d].stage += 1
    if w.deals[d].stage < w.settings[0].n_stages:
        return join_queue(w, d, t)
    w.deals[d].stage -= 1
    close_deal(w, d, WON, t)
    w.accounts[w.deals[d].account].customer = 1
    w.diary[w.deals[d].rep * w.settings[0].n_months + month_of(w, t)].sold += w.deals[d].value
    w.relations[relation_of(w, w.deals[d].account, w.deals[d].rep, t)].sales += w.deals[d].value
    cross_sell(w, d, t)
    return -1
