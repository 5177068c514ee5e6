"""Profiles and texts are data: consistent, complete, and enough for the headers of five CRMs."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pandas as pd
import pytest

from salessim.crm.profiles import header_key, load_data, load_profiles, match_headers, read_profile, split_unit
from salessim.crm.schema import AUXILIARY, SCHEMA
from salessim.words import __file__ as _words  # noqa: F401 - the room below exists

CODE = Path(__import__("salessim.crm", fromlist=["crm"]).__file__).parent


def blanks(text: str) -> set[str]:
    return {name.split("!")[0] for _, name, _, _ in string.Formatter().parse(text) if name}
