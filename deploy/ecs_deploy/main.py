"""The program: the command line, and the exit codes."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import TextIO

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from . import commands
from .arguments import Options, parse
from .console import Clock, Console, Exit, Failure, refused
from .service import Aws, connect

_COMMANDS = {"deploy": commands.deploy, "rollback": commands.rollback, "status": commands.status}


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> int:
    """Runs the program, and returns its exit code."""
    # CI systems end a job with SIGTERM; it is to say how to go on, as after Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        options = parse(arguments)
    except Failure as failure:
        print(f"ecs-deploy: {failure}", file=sys.stderr)
        return failure.code
    return run(options, None, Clock(), sys.stdout)


def run(options: Options, aws: Aws | None, clock: Clock, out: TextIO) -> int:
    """Runs one command with these clients, or with real ones."""
    console = Console(out, clock, dry_run=getattr(options, "dry_run", False))
    try:
        _COMMANDS[options.command](aws or connect(options.region), options, console)
    except Failure as failure:
        return _end(console, failure)
    except KeyboardInterrupt:
        return _end(console, Failure(Exit.INTERRUPTED, Exit.INTERRUPTED.meaning))
    except NoCredentialsError:
        return _end(console, refused("no AWS credentials were found"))
    except ClientError as error:
        about = f"AWS refused {error.operation_name}: {error.response['Error'].get('Message', error)}"
        return _end(console, Failure(Exit.ERROR, f"{about}\n{Exit.ERROR.meaning}"))
    except BotoCoreError as error:
        return _end(console, Failure(Exit.ERROR, f"AWS could not be asked: {error}\n{Exit.ERROR.meaning}"))
    return Exit.DONE


def _end(console: Console, failure: Failure) -> int:
    console.say(f"ended with {failure.code.value}: {failure}")
    return failure.code
