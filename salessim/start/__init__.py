"""A start without a CRM: a dozen questions about a firm, and the market and plan that follow from the answers."""

from salessim.start.firm import Firm
from salessim.start.questions import Question, questions

__all__ = ["Firm", "Question", "questions"]
