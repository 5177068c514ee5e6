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
    from salessim.model.plan import Plan
    from salessim.model.presets import preset
    from salessim.model.register import register, register_frame
    from salessim.sample import sample_company, write_sample
    from salessim.sizing.methods import size_sales_force
    from salessim.start import Firm, questions
    from salessim.study.at_risk import customers_at_risk
    from salessim.study.comparison import compare
    from salessim.study.components import variance_components
    from salessim.study.elasticity import effort_elasticity
    from salessim.study.explain import explain_difference
    from salessim.study.path import path_of
    from salessim.study.phase_map import phase_map
    from salessim.study.selection import choose_best
    from salessim.study.study import Study
    from salessim.study.twins import trace_deal, twin_deals
    from salessim.study.warm_up import steady_state
    from salessim.widgets.cockpit import Cockpit, cockpit

__version__ = "0.1.0"

_HOME = {
    "Change": "salessim.model.change",
    "Cockpit": "salessim.widgets",
    "CrmError": "salessim.errors",
    "Firm": "salessim.start",
    "Fit": "salessim.fit",
    "Market": "salessim.model.market",
    "ModelError": "salessim.errors",
    "Plan": "salessim.model.plan",
    "Run": "salessim.clocks.run",
    "SalesSimError": "salessim.errors",
    "Simulation": "salessim.clocks.simulation",
    "Study": "salessim.study.study",
    "StudyError": "salessim.errors",
    "Trigger": "salessim.model.change",
    "check": "salessim.lessons",
    "choose_best": "salessim.study.selection",
    "cockpit": "salessim.widgets",
    "compare": "salessim.study.comparison",
    "customers_at_risk": "salessim.study.at_risk",
    "dump": "salessim.model.files",
    "effort_elasticity": "salessim.study.elasticity",
    "end_state": "salessim.clocks.settle",
    "explain_difference": "salessim.study.explain",
    "fit_company": "salessim.fit",
    "fit_market": "salessim.fit",
    "fit_plan": "salessim.fit",
    "forecast": "salessim.forecast",
    "forecast_pipeline": "salessim.forecast",
    "funnel": "salessim.crm.analytics",
    "ledger_of": "salessim.ledger",
    "load": "salessim.model.files",
    "measures_frame": "salessim.measures",
    "measures_of": "salessim.measures",
    "path_of": "salessim.study.path",
    "phase_map": "salessim.study.phase_map",
    "plan": "salessim.forecast",
    "preset": "salessim.model.presets",
    "questions": "salessim.start",
    "read_crm": "salessim.crm",
    "register": "salessim.model.register",
    "register_frame": "salessim.model.register",
    "sample_company": "salessim.sample",
    "settle": "salessim.clocks.settle",
    "simulate": "salessim.clocks.simulate",
    "size_sales_force": "salessim.sizing.methods",
    "steady_state": "salessim.study.warm_up",
    "trace_deal": "salessim.study.twins",
    "twin_deals": "salessim.study.twins",
    "variance_components": "salessim.study.components",
    "write_sample": "salessim.sample",
}

__all__ = [
    "Change",
    "Cockpit",
    "CrmError",
    "Firm",
    "Fit",
    "Market",
    "ModelError",
    "Plan",
    "Run",
    "SalesSimError",
    "Simulation",
    "Study",
    "StudyError",
    "Trigger",
    "check",
    "choose_best",
    "cockpit",
    "compare",
    "customers_at_risk",
    "dump",
    "effort_elasticity",
    "end_state",
    "explain_difference",
    "fit_company",
    "fit_market",
    "fit_plan",
    "forecast",
    "forecast_pipeline",
    "funnel",
    "ledger_of",
    "load",
    "measures_frame",
    "measures_of",
    "path_of",
    "phase_map",
    "plan",
    "preset",
    "questions",
    "read_crm",
    "register",
    "register_frame",
    "sample_company",
    "settle",
    "simulate",
    "size_sales_force",
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
