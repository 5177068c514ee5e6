"""The rules: how things behave, written once, a file per mechanism."""
