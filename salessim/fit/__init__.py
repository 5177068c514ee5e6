"""History to model: fit a market and today's plan to a CRM export, say how uncertain that is, and check it."""

from salessim.fit.fitting import Fit, fit_company, fit_market, fit_plan
from salessim.fit.goodness import Goodness, goodness_of_fit
from salessim.fit.origin import known_on

__all__ = ["Fit", "Goodness", "fit_company", "fit_market", "fit_plan", "goodness_of_fit", "known_on"]
