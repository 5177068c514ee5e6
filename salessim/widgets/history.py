"""What a user can go back to: a frozen setting, and the settings that were seen before and after it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from salessim.widgets.levers import Levers

if TYPE_CHECKING:
    from salessim.widgets.bases import Base

__all__ = ["MOST_PINS", "History", "Setting"]

MOST_PINS = 4
_MOST_STEPS = 200


@dataclass(frozen=True)
class Setting:
    """Everything an answer depends on: where the levers stand, what is pinned, whose luck, and on which firm.

    Attributes
    ----------
    levers : Levers
    pins : tuple of Levers
        Pinned plans, by their levers of the plan; `MOST_PINS` at most, the oldest first.
    seed : int
    base : Base or None
        Market and plan before any lever is moved; None: those that the cockpit was opened on.
    """

    levers: Levers = field(default_factory=Levers)
    pins: tuple[Levers, ...] = ()
    seed: int = 1
    base: Base | None = None

    @property
    def pinned(self) -> bool:
        """Whether the plan the levers make is pinned."""
        return self.levers.of("plan") in self.pins

    def but(self, **changes: Any) -> Setting:
        """Return a copy with other `levers`, `pins`, `seed` or `base`."""
        return replace(self, **changes)

    def toggled(self) -> Setting:
        """Return a copy in which the plan of the levers is pinned, or no longer; the oldest pin makes room.

        The plan given is the baseline, which needs no pin.
        """
        mine = self.levers.of("plan")
        if mine in self.pins:
            return self.but(pins=tuple(one for one in self.pins if one != mine))
        return self.but(pins=(*self.pins, mine)[-MOST_PINS:]) if mine.items else self


class History:
    """The settings before and after the present one.

    A setting that was replaced before anybody saw an answer to it (a slider on its way) is no step to go back to.

    Examples
    --------
    >>> history = History(Setting())
    >>> history.seen(history.now)
    >>> for reps in (9, 10, 11):
    ...     history.go(history.now.but(levers=Levers().but(reps=reps)))
    >>> history.undo().levers.items, history.redo().levers.items
    ((), (('reps', 11),))
    """

    def __init__(self, start: Setting) -> None:
        self._before: list[Setting] = []
        self._after: list[Setting] = []
        self._seen = False
        self.now = start

    @property
    def can_undo(self) -> bool:
        """Whether there is something to go back to."""
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        """Whether something was undone."""
        return bool(self._after)

    def go(self, setting: Setting) -> None:
        """Make another setting the present one."""
        if setting == self.now:
            return
        if self._seen or not self._before:
            self._before.append(self.now)
            del self._before[:-_MOST_STEPS]
        self._after.clear()
        self.now, self._seen = setting, False
        if self._before[-1] == setting:  # back where it came from without having shown anything
            self._before.pop()
            self._seen = True

    def seen(self, setting: Setting) -> None:
        """Note that an answer to a setting was shown."""
        self._seen = self._seen or setting == self.now

    def put(self, setting: Setting) -> None:
        """Put another setting in place of the present one, which leaves no step."""
        self.now = setting

    def undo(self) -> Setting:
        """Go one step back; return the present setting."""
        if self._before:
            self._after.append(self.now)
            self.now, self._seen = self._before.pop(), True
        return self.now

    def redo(self) -> Setting:
        """Go forward again; return the present setting."""
        if self._after:
            self._before.append(self.now)
            self.now, self._seen = self._after.pop(), True
        return self.now
