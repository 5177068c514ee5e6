"""Tables written as a CRM would export them: its headers, files, formats and encodings.

>>> from salessim.crm.write import forms_of
>>> forms_of("zoho")
('ui', 'bigin', 'bulk', 'rest')
"""

from salessim.crm.write.conventions import as_kept_by
from salessim.crm.write.export import write_export
from salessim.crm.write.layouts import forms_of, layout_of
from salessim.crm.write.notation import DATES, MONEY

__all__ = ["DATES", "MONEY", "as_kept_by", "forms_of", "layout_of", "write_export"]
