"""What the program says, the time by which it says it, and the failures that end it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import TextIO


class Exit(IntEnum):
    """The exit codes. --help prints these lines."""

    DONE = 0
    ERROR = 1
    REFUSED = 2
    IMAGE = 3
    MIGRATION = 4
    ROLLED_BACK = 5
    NOT_ROLLED_BACK = 6
    OVERTAKEN = 7
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        return _MEANINGS[self]


_MEANINGS = {
    Exit.DONE: "done, or there was nothing to do",
    Exit.ERROR: "AWS or this machine refused something; run it again to go on",
    Exit.REFUSED: "an argument, or what was found in AWS, is wrong; nothing was changed",
    Exit.IMAGE: "the image could not be built or pushed; the service was not touched",
    Exit.MIGRATION: "the migrations failed or did not end in time; the service was not touched",
    Exit.ROLLED_BACK: "the deployment failed, and the service is back on the revision before",
    Exit.NOT_ROLLED_BACK: "the deployment failed, and the service is NOT known to be back: look at it now",
    Exit.OVERTAKEN: "another deployment is under way, or took over",
    Exit.INTERRUPTED: "interrupted; what ECS has begun goes on; run it again to go on watching",
}


class Failure(Exception):
    """Ends the program with an exit code and a sentence for the person who reads."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code


def refused(message: str) -> Failure:
    return Failure(Exit.REFUSED, message)


@dataclass
class Clock:
    """The time, which tests replace."""

    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Console:
    """Prints progress, one line at a time, each with the time (UTC)."""

    out: TextIO
    clock: Clock
    dry_run: bool = False

    def say(self, text: str) -> None:
        stamp = self.clock.now().strftime("%H:%M:%S")
        for line in text.splitlines() or [""]:
            print(f"{stamp}  {line}", file=self.out, flush=True)

    def would(self, text: str) -> bool:
        """Says what a dry run leaves out. Reports whether this is a dry run."""
        if self.dry_run:
            self.say(f"would {text}")
        return self.dry_run
