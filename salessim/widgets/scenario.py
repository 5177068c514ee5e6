"""What is saved and shared: a firm and the levers moved on it, as one frozen value, checked before it is believed.

A scenario comes from strangers. It is read as data by the model's own loader, bounded in size, held against the
catalogue of levers, and never executed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import Field, model_validator

from salessim.errors import ModelError, StudyError, explain
from salessim.model.files import dump, load
from salessim.model.market import Market
from salessim.model.part import Part
from salessim.model.plan import Plan
from salessim.start.firm import Firm
from salessim.widgets.bases import Base, base_named, base_of, base_of_firm
from salessim.widgets.catalogue import Lever, Start, lever
from salessim.widgets.history import MOST_PINS, Setting
from salessim.widgets.levers import Levers

__all__ = ["MOST_BYTES", "Scenario", "as_plain", "read_scenario", "scenario_of", "write_scenario"]

MOST_BYTES = 20_000_000
"""Size of the largest file that is read: a market of a hundred thousand accounts takes about 10 MB."""
_DEEPEST = 20
_MOST_SEED = 2**31 - 1
_LARGEST = 1e15

Moved = dict[str, bool | int | float | str]


class Scenario(Part):
    """Where the levers of a cockpit stand, and on which firm.

    Examples
    --------
    >>> made = Scenario(preset="small", levers={"reps": 9}, locked=("reps",))
    >>> made.setting(None).levers.moved, load(Scenario, dump(made)) == made
    (mappingproxy({'reps': 9}), True)
    >>> Scenario(preset="small", levers={"reps": "many"})
    Traceback (most recent call last):
    ...
    salessim.errors.ModelError: levers.reps: this lever does not take such a value. Found: 'many'. Allowed: a whole
    number.
    """

    kind: str = Field("salessim scenario 1", pattern="^salessim scenario 1$", description="what this file is")
    preset: str | None = Field(None, max_length=100, description="ready-made firm")
    firm: Firm | None = Field(None, description="the answers a firm was made of")
    own: str | None = Field(None, pattern="^[0-9a-f]{32}$", description="fingerprint of the user's own firm")
    market: Market | None = Field(None, description="the user's own market")
    plan: Plan | None = Field(None, description="the user's own plan of today")
    levers: Moved = Field(default_factory=dict, max_length=1_000, description="levers that are moved")
    pins: tuple[Moved, ...] = Field((), max_length=MOST_PINS, description="pinned plans")
    seed: int = Field(1, ge=0, le=_MOST_SEED, description="whose luck")
    locked: tuple[str, ...] = Field((), max_length=1_000, description="levers that are locked")

    @model_validator(mode="after")
    def _sound(self) -> Scenario:
        for moved in (self.levers, *self.pins):
            for name, value in moved.items():
                _check(_known(name), value)
        for pin in self.pins:
            for name in pin:
                if _known(name).owner != "plan":
                    raise ModelError(explain("only levers of the plan are pinned", where="scenario.pins", value=name))
        for name in self.locked:
            _known(name)
        if (self.market is None) != (self.plan is None):
            raise ModelError(explain("a scenario holds a market and a plan, or neither", where="scenario"))
        return self

    def setting(self, present: Base | None) -> Setting:
        """Return what a cockpit is to be set to.

        Parameters
        ----------
        present : Base or None
            What the cockpit stands on now: kept where the scenario was made on the same.

        Raises
        ------
        ModelError
            For a firm that is not known here.
        """
        pins = tuple(Levers().but(**one) for one in self.pins)
        return Setting(Levers().but(**self.levers), pins, self.seed, self._base(present))

    def _base(self, present: Base | None) -> Base | None:
        if self.market is not None and self.plan is not None:
            return base_of(self.market, self.plan)
        if self.firm is not None:
            return present if present is not None and present.firm == self.firm else base_of_firm(self.firm)
        if self.preset is not None:
            same = present is not None and present.kind == "preset" and present.name == self.preset
            return present if same else base_named(self.preset)
        if self.own is not None and (present is None or present.fingerprint != self.own):
            raise ModelError(
                explain(
                    "this code belongs to a firm whose data are not open here; a code carries levers, not data",
                    remedy="Ask for the scenario file instead, or open the same export first",
                )
            )
        return present


def scenario_of(setting: Setting, base: Base, locked: frozenset[str] = frozenset(), *, data: bool = True) -> Scenario:
    """Return a setting as a scenario.

    Parameters
    ----------
    setting : Setting
    base : Base
        What its levers are moved on.
    locked : frozenset of str
    data : bool
        Whether a user's own market and plan go along; else only their fingerprint does.
    """
    where: dict[str, Any] = {"preset": base.name} if base.kind == "preset" else {"firm": base.firm}
    if base.kind == "own":
        where = {"market": base.market, "plan": base.plan} if data else {"own": base.fingerprint}
    return Scenario(
        **where, levers=dict(setting.levers.items), pins=tuple(dict(one.items) for one in setting.pins),
        seed=setting.seed, locked=tuple(sorted(locked)),
    )  # fmt: skip


def write_scenario(scenario: Scenario) -> str:
    """Return a scenario as YAML."""
    return dump(scenario)


def read_scenario(content: bytes) -> Scenario:
    """Read a scenario file.

    Raises
    ------
    ModelError
        If it is too large, no text, no YAML, built to explode, or holds what a scenario cannot hold.

    Examples
    --------
    >>> read_scenario(write_scenario(Scenario(preset="small")).encode()).preset
    'small'
    """
    if len(content) > MOST_BYTES:
        raise ModelError(explain("this scenario file is too large", value=f"{len(content):,} bytes",
                                 allowed=f"{MOST_BYTES:,}"))  # fmt: skip
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ModelError(
            explain("this is not a scenario file: it is not text", remedy="Choose a .yaml that Save made")
        ) from None
    _check_shape(text)
    try:
        return load(Scenario, text if "\n" in text else text + "\n")
    except ModelError:
        raise
    except (ValueError, TypeError, RecursionError):  # a date that is none, a number of ten thousand digits
        raise ModelError(
            explain("this file holds something that a scenario cannot hold", remedy="Choose a .yaml that Save made")
        ) from None


def _check_shape(text: str) -> None:
    """Refuse what unfolds to more than it is: references to what stood before, and deep nesting."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise ModelError(explain("a scenario file repeats nothing by reference", where="scenario file",
                                         remedy="Choose a file that Save made"))  # fmt: skip
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                raise ModelError(explain("this scenario file is nested too deeply", allowed=f"{_DEEPEST} levels"))
    except yaml.YAMLError:
        return  # the loader says where


def _known(name: str) -> Lever:
    try:
        return lever(name)
    except StudyError as error:
        raise ModelError(str(error)) from None


def _check(one: Lever, value: Start) -> None:
    """Refuse a value that the lever cannot take at all; what is impossible on a market, the model refuses."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if one.kind == "choice":
        sound, allowed = value in one.choices, ", ".join(one.choices)
    elif one.kind == "switch":
        sound, allowed = isinstance(value, bool), "true or false"
    elif one.kind == "count":
        sound, allowed = isinstance(value, int) and is_number, "a whole number"
    else:
        sound, allowed = is_number, "a number"
    if sound and is_number:
        assert isinstance(value, int | float)
        sound = math.isfinite(value) and abs(value) <= _LARGEST
    if not sound:
        raise ModelError(
            explain("this lever does not take such a value", where=f"levers.{one.name}", value=value, allowed=allowed)
        )


def as_plain(scenario: Scenario) -> Mapping[str, Any]:
    """Return what of a scenario differs from an empty one, as numbers, strings, lists and mappings."""
    plain = scenario.model_dump(mode="json", exclude={"kind", "market", "plan", "firm"}, exclude_defaults=True)
    if scenario.firm is not None:
        plain["firm"] = scenario.firm.model_dump(mode="json", exclude_defaults=True)
    return plain
