"""Sizing: how many reps, and where their time goes."""
