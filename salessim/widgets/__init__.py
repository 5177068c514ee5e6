"""The widgets of the cockpit: a skin over public functions. There is no arithmetic in it."""

from salessim.widgets.asking import Questionnaire, questionnaire
from salessim.widgets.cockpit import Cockpit
from salessim.widgets.making import cockpit

__all__ = ["Cockpit", "Questionnaire", "cockpit", "questionnaire"]
