"""`ward-agent journal verify`: what the journal's own checker found, in words or as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from journal.model import JournalError
from journal.verify import Report, verify
from telemetry.configuration.words import Words


@dataclass(frozen=True, slots=True)
class Verified:
    """What to print, and the exit status."""

    text: str
    status: int


def verify_journal(path: Path, words: Words, *, as_json: bool) -> Verified:
    """Check a journal's file; status 0 whole, 1 a promise is broken, 2 no journal that can be read."""
    try:
        report = verify(path)
    except JournalError as error:
        return Verified(cannot_open(error, words), 2)
    text = json.dumps(report.as_dict(), ensure_ascii=False, indent=2) if as_json else _as_text(report, words)
    return Verified(text, 0 if report.ok else 1)


def cannot_open(error: JournalError, words: Words) -> str:
    """Why a journal cannot be used, in words, with the detail."""
    fault = words.name(f"journal.{error.fault}")
    return words.say("journal.cannot_open", path=error.path, detail=f"{fault} ({error.detail})")


def _as_text(report: Report, words: Words) -> str:
    figures = words.say(
        *("journal.figures",), incarnations=report.incarnations, entries=report.entries, readings=report.readings
    )
    lines = [words.say("journal.good" if report.ok else "journal.bad", path=report.path), figures]
    for name, invariant in report.invariants.items():
        mark = words.say("journal.kept" if invariant.ok else "journal.broken")
        lines.append(f"  {mark} {name} {words.name(f'journal.invariant.{name}')} ({invariant.checked})")
        lines += [f"      {violation}" for violation in invariant.violations]
    return "\n".join(lines)
