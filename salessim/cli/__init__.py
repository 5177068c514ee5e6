"""The command line: ``salessim`` and ``python -m salessim``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from salessim.cli import company, doctor, forecast, launch, pay, studies
from salessim.cli.chinese import ChineseParser, asked_language, refusal
from salessim.cli.texts import text
from salessim.errors import SalesSimError

__all__ = ["main"]

_RED, _PLAIN = "\x1b[31m", "\x1b[0m"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or 1 where the user must do something (said in one paragraph)."""
    for stream in (sys.stdout, sys.stderr):
        _print_anything(stream)
    given = sys.argv[1:] if arguments is None else list(arguments)
    chosen = _parser(asked_language(given)).parse_args(given)
    language = getattr(chosen, "lang", "en")
    try:
        return int(chosen.run(chosen))
    except SalesSimError as error:
        said = refusal(str(error)) if language == "zh" else str(error)
    except KeyboardInterrupt:
        print(f"salessim: {text('stopped', language)}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read our output has closed it, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        said = text("memory", language)
    except OSError as error:
        name = error.filename or text("a file", language)
        said = text("file", language, file=name, error=error.strerror or error)
    except Exception as error:
        if os.environ.get("SALESSIM_DEBUG"):
            raise
        said = text("defect", language, error=f"{type(error).__name__}: {error}")
    said = " ".join(said.split())
    print(_in_red(f"salessim: {said}", sys.stderr), file=sys.stderr)
    return 1


def _parser(language: str) -> argparse.ArgumentParser:
    from salessim import __version__

    parser = (ChineseParser if language == "zh" else argparse.ArgumentParser)(
        prog="salessim",
        description="What happens if we change the sales organisation? Replays the same market under different ones.",
    )
    parser.add_argument("--version", action="version", version=f"salessim {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    for room in (launch, studies, pay, forecast, company, doctor):
        room.add_commands(verbs)
    return parser


def _in_red(text: str, stream: TextIO) -> str:
    """Colour a text where a person sees it: not in a file, and not where colours are not wanted (NO_COLOR)."""
    return f"{_RED}{text}{_PLAIN}" if stream.isatty() and not os.environ.get("NO_COLOR") else text


def _print_anything(stream: TextIO) -> None:
    """Let a terminal that cannot show a character show a sign for it instead of ending with an error."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
