"""What people wrote down of a run, as a CRM would hold it.

The world of a run is the truth; a CRM holds what was typed in: late, optimistic, incomplete.
"""

from salessim.record.book import Book, record
from salessim.record.habits import RecordingHabits
from salessim.record.writing import write_crm

__all__ = ["Book", "RecordingHabits", "record", "write_crm"]
