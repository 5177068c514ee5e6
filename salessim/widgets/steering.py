"""Where a cockpit stands: setting, history, firm and locks. No widgets; not for two threads at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from salessim.widgets.bases import Base
from salessim.widgets.catalogue import Start, lever, started
from salessim.widgets.history import History, Setting

__all__ = ["Steering"]


class Steering:
    """Moves from setting to setting. A lever that is locked stays where it is, wherever the setting comes from.

    Parameters
    ----------
    first : Base
        What the cockpit was opened on.
    seed : int

    Attributes
    ----------
    history : History
    locked : frozenset of str
        The levers that are locked. No step of the history: undoing a move does not unlock.

    Examples
    --------
    >>> from salessim.widgets.bases import base_named
    >>> from salessim.widgets.levers import Levers
    >>> steering = Steering(base_named("small"), seed=1)
    >>> steering.go(steering.now.but(levers=Levers().but(reps=9, growth=0.1)))
    >>> steering.hold(["reps"])
    >>> steering.go(Setting())
    >>> dict(steering.now.levers.moved)
    {'reps': 9}
    """

    def __init__(self, first: Base, seed: int) -> None:
        self._first = first
        self.history = History(Setting(seed=seed))
        self.locked: frozenset[str] = frozenset()

    @property
    def now(self) -> Setting:
        """The present setting."""
        return self.history.now

    @property
    def base(self) -> Base:
        """The firm that the levers are moved on."""
        return self.now.base or self._first

    @property
    def paid(self) -> bool:
        """Whether the plan has a pay plan."""
        return self.base.plan.pay is not None or self.now.levers.moved.get("pay") is not None

    def hold(self, names: Iterable[str], *, hold: bool = True) -> None:
        """Lock levers where they stand, or let go of them."""
        names = frozenset(names)
        self.locked = self.locked | names if hold else self.locked - names

    def go(self, setting: Setting, also: Iterable[str] = ()) -> None:
        """Go to a setting; the levers of `also` are locked where it has them."""
        self.history.go(self._kept(setting, self.now))
        self.hold(also)

    def undo(self) -> None:
        """Go back to a setting that differs in something that is not locked."""
        self._step(self.history.undo)

    def redo(self) -> None:
        """Go forward to a setting that differs in something that is not locked."""
        self._step(self.history.redo)

    def _step(self, step: Callable[[], Setting]) -> None:
        before = self.now
        while True:
            seen = self.now
            found = step()
            if found is seen:  # there is nothing further
                return
            kept = self._kept(found, before)
            self.history.put(kept)
            if kept != before:
                return

    def _kept(self, setting: Setting, before: Setting) -> Setting:
        """Return a setting in which the levers that are locked stand where they stood before."""
        for known in (before.base or self._first, self._first):
            if setting.base is not None and setting.base.is_same(known):  # what was replayed on it can be used again
                setting = setting.but(base=known)
        if setting.base is self._first:
            setting = setting.but(base=None)
        values: dict[str, Start] = {name: before.levers.moved.get(name) for name in self.locked}
        if setting.base is not before.base:  # another firm starts elsewhere
            base = before.base or self._first
            for name in (name for name in self.locked if values[name] is None):
                values[name] = started(lever(name), base.market, base.plan).start
        return setting.but(levers=setting.levers.but(**values)) if values else setting
