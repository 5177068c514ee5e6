"""The cockpit: panels of widgets over public functions. There is no arithmetic in it."""

from salessim.cockpit.panel import Panel, panel

__all__ = ["Panel", "panel"]
