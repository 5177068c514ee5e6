"""How people keep their CRM: every dial at zero means that they write down exactly what happens."""

from __future__ import annotations

from dataclasses import dataclass, fields

from salessim.errors import ModelError, explain, nearest

__all__ = ["RecordingHabits"]

_SHARES = ("close_optimism", "missing", "zombies")


@dataclass(frozen=True)
class RecordingHabits:
    """How far the record strays from the truth.

    No published figure is known for any of these; the values to try are ours.

    Attributes
    ----------
    delay : float
        Mean days (exponential) until a change of stage or a closing is entered; 0 to 365.
    close_optimism : float
        Share by which the expected time to close is too short; 0 to 0.95.
    push : float
        Days by which a passed expected date is moved on, each time it passes; 0: it is left to pass.
    amount_optimism : float
        Mean share by which amounts are too high until a deal is won; 0 to 5.
    missing : float
        Share of the cells of source, reason, expected date and amount of open deals that are left empty; 0 to 1.
    zombies : float
        Share of the deals that ended without a sale which nobody closes: they stay open in the record; 0 to 1.
    """

    delay: float = 0.0
    close_optimism: float = 0.0
    push: float = 0.0
    amount_optimism: float = 0.0
    missing: float = 0.0
    zombies: float = 0.0

    def __post_init__(self) -> None:
        limits = {"delay": 365.0, "push": 365.0, "amount_optimism": 5.0, "close_optimism": 0.95}
        for one in fields(self):
            value, most = getattr(self, one.name), limits.get(one.name, 1.0)
            good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most
            if not good:
                raise ModelError(
                    explain(
                        "this is no dial of the record",
                        where=f"habits.{one.name}",
                        value=value,
                        allowed=f"0 to {most:g}",
                    )
                )

    @classmethod
    def of(cls, habits: RecordingHabits | dict[str, float] | None) -> RecordingHabits:
        """Habits given as themselves, as a dictionary, or not at all.

        Raises
        ------
        ModelError
            If a name is unknown or a value out of range.

        Examples
        --------
        >>> RecordingHabits.of({"delay": 3}).delay
        3
        """
        if isinstance(habits, RecordingHabits):
            return habits
        known = [one.name for one in fields(cls)]
        for name in habits or {}:
            if name not in known:
                raise ModelError(
                    explain("there is no such dial", where="habits", value=name, remedy=nearest(name, known))
                )
        return cls(**(habits or {}))
