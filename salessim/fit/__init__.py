"""History to model: fit a market and today's plan to a CRM export."""

from salessim.fit.fitting import Fit, fit_company, fit_market, fit_plan

__all__ = ["Fit", "fit_company", "fit_market", "fit_plan"]
