"""The canonical tables: names, kinds and order of their columns."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AUXILIARY", "EXTRA", "ID_OF", "SCHEMA", "STATUSES", "Column", "kind_of"]

STATUSES = ("open", "won", "lost", "no_decision", "disqualified")


@dataclass(frozen=True)
class Column:
    """A canonical column; `kind` decides how its cells are read (see `salessim.crm.columns.read_column`)."""

    name: str
    kind: str


def _table(**kinds: str) -> tuple[Column, ...]:
    return tuple(Column(name, kind) for name, kind in kinds.items())


# The columns every frame of `CrmData` has, in this order, filled or not.
SCHEMA: dict[str, tuple[Column, ...]] = {
    "deals": _table(
        deal_id="id",
        name="text",
        account_id="id",
        owner_id="id",
        product="name",
        stage="label",
        status="label",
        amount="money",
        currency="currency",
        created_at="date",
        expected_close="date",
        closed_at="date",
        source="label",
        lost_reason="label",
    ),
    "stage_events": _table(
        deal_id="id",
        stage="label",
        entered_at="date",
        owner_id="id",
        stage_from="label",
        entered_after="date",
        origin="label",
    ),
    "changes": _table(deal_id="id", field="label", changed_at="date", old="text", new="text", user_id="id"),
    "accounts": _table(
        account_id="id",
        name="name",
        segment="label",
        region="label",
        place="label",
        country="label",
        lat="latitude",
        lon="longitude",
        potential="money",
        is_customer="boolean",
        owner_id="id",
    ),
    "products": _table(product="name", line="label", list_price="money", unit_cost="money"),
    "users": _table(
        user_id="id",
        name="name",
        team="label",
        manager="name",
        region="label",
        place="label",
        country="label",
        lat="latitude",
        lon="longitude",
        hired_at="date",
        left_at="date",
    ),
    "activities": _table(
        activity_id="id",
        type="label",
        owner_id="id",
        account_id="id",
        deal_id="id",
        at="date",
        duration_min="minutes",
    ),
    "leads": _table(
        lead_id="id",
        name="text",
        source="label",
        status="label",
        owner_id="id",
        created_at="date",
        converted_at="date",
        is_converted="boolean",
        deal_id="id",
        account_id="id",
        lost_reason="label",
    ),
    "contacts": _table(contact_id="id", name="name", account_id="id", email="name", phone="text", owner_id="id"),
    "quotas": _table(user_id="id", period="text", target="money", attained="money"),
    "stages": _table(pipeline="label", stage="label", order="number", ending="label", probability="percent", code="id"),
}

# Columns that are read where a file has them and help to fill the canonical ones. Those in EXTRA are also handed on,
# behind the canonical columns, and only where the export has them.
AUXILIARY: dict[str, tuple[Column, ...]] = {
    "deals": _table(
        account_name="name",
        owner_name="name",
        amount_base="money",
        close_date="date",
        stage_changed_at="date",
        modified_at="date",
        pipeline="label",
        probability="percent",
        type="label",
        lead_id="id",
        won_at="date",
        lost_at="date",
        is_closed="boolean",
        is_won="boolean",
        is_lost="boolean",
        is_deleted="text",
        life_status="label",
        exchange_rate="number",
        base_currency="currency",
    ),
    "stage_events": _table(
        owner_name="name",
        event_id="id",
        moved_to="label",
        amount="money",
        expected_close="date",
        probability="percent",
        days_in_stage="number",
        is_deleted="text",
    ),
    "changes": _table(is_deleted="text"),
    "accounts": _table(owner_name="name", location="label", is_deleted="text", life_status="label"),
    "products": (),
    "users": _table(email="name", location="label"),
    "activities": _table(owner_name="name", account_name="name", is_deleted="text", life_status="label"),
    "leads": _table(owner_name="name", account_name="name", modified_at="date", is_deleted="text", life_status="label"),
    "contacts": _table(owner_name="name", account_name="name", is_deleted="text"),
    "quotas": _table(user_name="name"),
    "stages": _table(is_closed="boolean", is_won="boolean"),
}
EXTRA: dict[str, tuple[str, ...]] = {
    "deals": ("pipeline", "probability", "stage_changed_at", "type", "lead_id"),
    "users": ("email",),
}

ID_OF = {
    "deals": "deal_id",
    "accounts": "account_id",
    "products": "product",
    "users": "user_id",
    "activities": "activity_id",
    "leads": "lead_id",
    "contacts": "contact_id",
}


def kind_of(table: str, name: str) -> str:
    """Kind of a canonical or auxiliary column."""
    return next(column.kind for column in (*SCHEMA[table], *AUXILIARY[table]) if column.name == name)
