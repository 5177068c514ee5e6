"""The base of everything a user can set: frozen, validated, changed only by ``but``, refusing unknown names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from salessim.errors import ModelError, explain, nearest

__all__ = ["Part"]


class Part(BaseModel):
    """A frozen, validated group of settings.

    Sub-parts are reached by their own field names, so ``market.but(learning=0)`` finds ``market.knowledge.learning``:
    every name occurs once in a market and once in a plan.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, validate_default=True)

    def __init__(self, **values: Any) -> None:
        unknown = [name for name in values if name not in type(self).model_fields]
        if unknown:
            known = type(self).model_fields
            raise ModelError(
                explain(
                    f"{type(self).__name__.lower()} has no setting of this name",
                    where=", ".join(unknown),
                    remedy=nearest(unknown[0], known),
                )
            )
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ModelError(_in_words(type(self).__name__, error)) from None

    def but(self, **changes: Any) -> Self:
        """Return a copy with some settings changed.

        Parameters
        ----------
        **changes
            Settings of this part or, by their own name, of its sub-parts.

        Raises
        ------
        ModelError
            For a name that does not exist (the nearest known one is named) or a value that is not allowed.

        Examples
        --------
        >>> from salessim.model.plan import Plan
        >>> Plan(reps=10).but(structure="product").structure
        'product'
        """
        return _changed(self, changes, set(changes))

    @classmethod
    def names(cls) -> Iterator[str]:
        """Yield the name of every setting, sub-parts included."""
        for name, field in cls.model_fields.items():
            yield name
            if isinstance(field.annotation, type) and issubclass(field.annotation, Part):
                yield from field.annotation.names()


def _changed(part: Any, changes: Mapping[str, Any], wanted: set[str]) -> Any:
    values: dict[str, Any] = {}
    used: set[str] = set()
    for name in type(part).model_fields:
        current = getattr(part, name)
        if name in changes:
            values[name] = changes[name]
            used.add(name)
        elif isinstance(current, Part):
            inner = {key: changes[key] for key in changes if key in set(type(current).names())}
            values[name] = _changed(current, inner, set(inner)) if inner else current
            used |= set(inner)
        else:
            values[name] = current
    unknown = wanted - used
    if unknown:
        name = min(unknown)
        raise ModelError(
            explain(
                f"a {type(part).__name__.lower()} has no setting of this name",
                where=name,
                remedy=nearest(name, type(part).names()),
            )
        )
    return type(part)(**values)


def _in_words(owner: str, error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(step) for step in first["loc"]) or owner.lower()
    message = first["msg"].removeprefix("Value error, ")
    value = first.get("input")
    context = first.get("ctx") or {}
    shown = value if isinstance(value, str | int | float | bool) or value is None else None
    if isinstance(context.get("error"), ModelError):
        return str(context["error"])
    allowed = ""
    bounds = {"ge": "{} or more", "gt": "more than {}", "le": "{} or less", "lt": "less than {}"}
    for name, words in bounds.items():
        if name in context:
            allowed = words.format(context[name])
    if "expected" in context:
        allowed = str(context["expected"])
    return explain(
        message[:1].lower() + message[1:],
        where=f"{owner.lower()}.{where}",
        value=shown,
        allowed=allowed,
        remedy="Change the value and try again",
    )
