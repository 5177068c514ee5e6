"""The world of a run: tables, keyed random numbers, alignment, calendars."""
