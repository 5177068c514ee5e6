"""Comparisons of plans on the same futures: differences, verdicts, sensitivity, search, explanation."""
