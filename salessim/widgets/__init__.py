"""The widgets of the cockpit: a skin over public functions. There is no arithmetic in it."""

from salessim.widgets.cockpit import Cockpit, cockpit

__all__ = ["Cockpit", "cockpit"]
