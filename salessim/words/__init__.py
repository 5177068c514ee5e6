"""The words: what every measure, setting, choice and unit is called and means, in every language, from one table.

>>> label("win_rate"), label("win_rate", "zh")
('win rate', '赢单率')
>>> definition("structure.product")
'Reps specialise by product line; several reps can call on the same customer.'
"""

from salessim.words.sentences import sentence, sentence_keys
from salessim.words.terms import WordsError, definition, has_term, keys, kinds, label, languages

__all__ = [
    "WordsError",
    "definition",
    "has_term",
    "keys",
    "kinds",
    "label",
    "languages",
    "sentence",
    "sentence_keys",
]
