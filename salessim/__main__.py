"""Run the command line as ``python -m salessim``."""

from salessim.cli import main

raise SystemExit(main())
