"""From the files of a CRM export to canonical tables and an import report.

>>> from salessim.crm import read_crm
>>> data = read_crm("exports/")  # doctest: +SKIP
>>> print(data.report.to_text("zh"))  # doctest: +SKIP
"""

from salessim.crm.mapping import Wishes
from salessim.crm.read import read_crm
from salessim.crm.report import FileReport, Finding, ImportReport
from salessim.crm.tables import CrmData

__all__ = ["CrmData", "FileReport", "Finding", "ImportReport", "Wishes", "read_crm"]
