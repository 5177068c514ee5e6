"""salessim: what happens if we change the sales organisation? Replay the same market under different ones.

The public names load what they need when first used: ``import salessim`` itself is light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from salessim.clocks.run import Run
    from salessim.clocks.settle import end_state, settle
    from salessim.clocks.simulate import simulate
    from salessim.clocks.simulation import Simulation
    from salessim.crm import read_crm
    from salessim.crm.analytics import funnel
    from salessim.errors import CrmError, ModelError, SalesSimError, StudyError
    from salessim.fit import Fit, fit_company, fit_market, fit_plan
    from salessim.forecast import forecast, forecast_pipeline, plan
    from salessim.ledger import ledger_of
    from salessim.lessons import check
    from salessim.measures import measures_frame, measures_of
    from salessim.model.change import Change, Trigger
    from salessim.model.files import dump, load
    from salessim.model.market import Market
    from salessim.model.pay import Bonus, Component, Contest, Pay, PayError, Quotas, Spiff, Tier
    from salessim.model.pay_files import PAY_PRESETS, dump_pay, load_pay, pay_preset
    from salessim.model.plan import Plan
    from salessim.model.presets import preset
    from salessim.model.register import register, register_frame
    from salessim.pay.scaling import scaled_pay
    from salessim.pay.slip import pay_slip
    from salessim.sample import sample_company, write_sample
    from salessim.sizing.methods import size_sales_force
    from salessim.start import Firm, questions
    from salessim.study.at_risk import customers_at_risk
    from salessim.study.comparison import compare
    from salessim.study.components import variance_components
    from salessim.study.elasticity import effort_elasticity
    from salessim.study.equal_cost import equal_cost
    from salessim.study.explain import explain_difference
    from salessim.study.path import path_of
    from salessim.study.pay_answer import pay_answer
    from salessim.study.pay_replay import pay_of, replay_pay, statement
    from salessim.study.phase_map import phase_map
    from salessim.study.selection import choose_best
    from salessim.study.study import Study
    from salessim.study.twins import trace_deal, twin_deals
    from salessim.study.warm_up import steady_state
    from salessim.widgets.asking import questionnaire
    from salessim.widgets.cockpit import Cockpit
    from salessim.widgets.making import cockpit

__version__ = "0.1.0"

_HOME = {
    "Bonus": "salessim.model.pay",
    "Change": "salessim.model.change",
    "Cockpit": "salessim.widgets",
    "Component": "salessim.model.pay",
    "Contest": "salessim.model.pay",
    "CrmError": "salessim.errors",
    "Firm": "salessim.start",
    "Fit": "salessim.fit",
    "Market": "salessim.model.market",
    "ModelError": "salessim.errors",
    "PAY_PRESETS": "salessim.model.pay_files",
    "Pay": "salessim.model.pay",
    "PayError": "salessim.model.pay",
    "Plan": "salessim.model.plan",
    "Quotas": "salessim.model.pay",
    "Run": "salessim.clocks.run",
    "SalesSimError": "salessim.errors",
    "Simulation": "salessim.clocks.simulation",
    "Spiff": "salessim.model.pay",
    "Study": "salessim.study.study",
    "StudyError": "salessim.errors",
    "Tier": "salessim.model.pay",
    "Trigger": "salessim.model.change",
    "check": "salessim.lessons",
    "choose_best": "salessim.study.selection",
    "cockpit": "salessim.widgets",
    "compare": "salessim.study.comparison",
    "customers_at_risk": "salessim.study.at_risk",
    "dump": "salessim.model.files",
    "dump_pay": "salessim.model.pay_files",
    "effort_elasticity": "salessim.study.elasticity",
    "end_state": "salessim.clocks.settle",
    "equal_cost": "salessim.study.equal_cost",
    "explain_difference": "salessim.study.explain",
    "fit_company": "salessim.fit",
    "fit_market": "salessim.fit",
    "fit_plan": "salessim.fit",
    "forecast": "salessim.forecast",
    "forecast_pipeline": "salessim.forecast",
    "funnel": "salessim.crm.analytics",
    "ledger_of": "salessim.ledger",
    "load": "salessim.model.files",
    "load_pay": "salessim.model.pay_files",
    "measures_frame": "salessim.measures",
    "measures_of": "salessim.measures",
    "path_of": "salessim.study.path",
    "pay_answer": "salessim.study.pay_answer",
    "pay_of": "salessim.study.pay_replay",
    "pay_preset": "salessim.model.pay_files",
    "pay_slip": "salessim.pay.slip",
    "phase_map": "salessim.study.phase_map",
    "plan": "salessim.forecast",
    "preset": "salessim.model.presets",
    "questionnaire": "salessim.widgets",
    "questions": "salessim.start",
    "read_crm": "salessim.crm",
    "register": "salessim.model.register",
    "register_frame": "salessim.model.register",
    "replay_pay": "salessim.study.pay_replay",
    "sample_company": "salessim.sample",
    "scaled_pay": "salessim.pay.scaling",
    "settle": "salessim.clocks.settle",
    "simulate": "salessim.clocks.simulate",
    "size_sales_force": "salessim.sizing.methods",
    "statement": "salessim.study.pay_replay",
    "steady_state": "salessim.study.warm_up",
    "trace_deal": "salessim.study.twins",
    "twin_deals": "salessim.study.twins",
    "variance_components": "salessim.study.components",
    "write_sample": "salessim.sample",
}

__all__ = [
    "PAY_PRESETS",
    "Bonus",
    "Change",
    "Cockpit",
    "Component",
    "Contest",
    "CrmError",
    "Firm",
    "Fit",
    "Market",
    "ModelError",
    "Pay",
    "PayError",
    "Plan",
    "Quotas",
    "Run",
    "SalesSimError",
    "Simulation",
    "Spiff",
    "Study",
    "StudyError",
    "Tier",
    "Trigger",
    "check",
    "choose_best",
    "cockpit",
    "compare",
    "customers_at_risk",
    "dump",
    "dump_pay",
    "effort_elasticity",
    "end_state",
    "equal_cost",
    "explain_difference",
    "fit_company",
    "fit_market",
    "fit_plan",
    "forecast",
    "forecast_pipeline",
    "funnel",
    "ledger_of",
    "load",
    "load_pay",
    "measures_frame",
    "measures_of",
    "path_of",
    "pay_answer",
    "pay_of",
    "pay_preset",
    "pay_slip",
    "phase_map",
    "plan",
    "preset",
    "questionnaire",
    "questions",
    "read_crm",
    "register",
    "register_frame",
    "replay_pay",
    "sample_company",
    "scaled_pay",
    "settle",
    "simulate",
    "size_sales_force",
    "statement",
    "steady_state",
    "trace_deal",
    "twin_deals",
    "variance_components",
    "write_sample",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
