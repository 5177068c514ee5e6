"""The views of the cockpit: one small module each, in one list.

A view added to `VIEWS`, with its term ``view.<name>`` in the words, appears in the cockpit by itself. What a view is
stands in `salessim.widgets.views.view`; what it draws, in `salessim.show`.
"""

from __future__ import annotations

from salessim.widgets.views.ahead import Forecast
from salessim.widgets.views.fan import Lead, Revenue
from salessim.widgets.views.funnel import Funnel
from salessim.widgets.views.futures import Futures
from salessim.widgets.views.measures import Measures
from salessim.widgets.views.path import PathView
from salessim.widgets.views.pay import PayView
from salessim.widgets.views.phases import Phases
from salessim.widgets.views.pinned import Pinned
from salessim.widgets.views.profit import Profit
from salessim.widgets.views.territories import Territories
from salessim.widgets.views.view import Drawn, Scene, View, view_name, view_tip

__all__ = ["VIEWS", "Drawn", "Scene", "View", "view_name", "view_tip"]

VIEWS: tuple[type[View], ...] = (
    Revenue, Lead, Futures, Pinned, Funnel, Territories, PayView, Profit, PathView, Phases, Forecast, Measures,
)  # fmt: skip
"""Every view, in the order of the buttons."""
