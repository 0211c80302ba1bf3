"""The command line: what may be given, and what is refused by name before anything is asked of AWS."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from .console import Exit, refused

DESCRIPTION = """\
Takes an image to a service on ECS Fargate: builds and pushes it (or takes one that exists), registers a copy
of the running task definition with only the image and its version changed, runs the migrations as a task of
their own, updates the service, and watches until it is healthy. If it does not become healthy, it says why
and sees to it that the service is back on the revision before.

Every step looks first whether it is done already. Run twice, it does nothing the second time; killed
anywhere and run again, it goes on where it was."""


class _Parser(argparse.ArgumentParser):
    """Refuses like everything else here does, with a Failure, and takes no shortened names."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - they are argparse's
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        raise refused(message)


class Options(argparse.Namespace):
    """What was given. Each field is an argument of the same name."""

    command: str
    region: str | None
    cluster: str
    service: str
    container: str
    timeout: float
    poll: float
    dry_run: bool
    # deploy
    image: str | None
    build: Path | None
    repository: str | None
    version: str | None
    platform: str | None
    base: str
    migrations: bool
    migration_family: str | None
    migration_container: str | None
    migration_command: list[str]
    migration_timeout: float
    replace: bool
    # rollback
    to: str | None


_UNITS = {"s": 1, "m": 60, "h": 3600}


def _duration(text: str) -> float:
    match = re.fullmatch(r"(\d+)([smh])", text)
    if not match or int(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 20m or 1h")
    return float(match[1]) * _UNITS[match[2]]


def _words(text: str) -> list[str]:
    words = shlex.split(text)
    if not words:
        raise argparse.ArgumentTypeError("it is empty")
    return words


def parse(arguments: Sequence[str]) -> Options:
    """Returns the options, or raises a Failure that names the argument that is missing or wrong."""
    options = _parser().parse_args(arguments, namespace=Options())
    for name in ("cluster", "service", "container"):
        if not getattr(options, name).strip():
            raise refused(f"--{name} is empty")
    if options.command == "deploy":
        _check_deploy(options)
    return options


def _check_deploy(options: Options) -> None:
    if options.image and options.build:
        raise refused("--image and --build contradict each other: give the one or the other")
    if not options.image and not options.build:
        raise refused("an image is missing: give --image URI, or --build FOLDER with --repository NAME")
    if options.image:
        for name in ("repository", "platform"):
            if getattr(options, name):
                raise refused(f"--{name} is for --build; the image {options.image} exists already")
    elif not options.repository:
        raise refused("--build needs --repository, the name of the ECR repository that the image goes to")
    if options.build and not (options.build / "Dockerfile").is_file():
        raise refused(f"--build: there is no Dockerfile in {options.build}")
    if options.version and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", options.version):
        raise refused(f"--version: {options.version!r} cannot be the tag of an image")
    if options.migration_family and not options.migrations:
        raise refused("--migration-family and --no-migrations contradict each other")
    if options.migration_container and not options.migration_family:
        raise refused("--migration-container is for --migration-family")


def _parser() -> argparse.ArgumentParser:
    codes = "\n".join(f"  {code.value:>3}  {code.meaning}" for code in Exit)
    parser = _Parser(
        prog="ecs-deploy",
        description=DESCRIPTION,
        epilog=f"exit codes:\n{codes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    _deploy(commands.add_parser("deploy", help="take an image to the service"))
    _rollback(commands.add_parser("rollback", help="go back to the revision that ran before"))
    _common(commands.add_parser("status", help="say what runs, and how it is; changes nothing"))
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cluster", required=True, help="name of the ECS cluster")
    parser.add_argument("--service", required=True, help="name of the service in it")
    parser.add_argument("--region", help="AWS region (default: AWS_REGION, or that of the profile)")
    parser.add_argument(
        "--container", default="server", help="the container whose image is changed (default: %(default)s)"
    )


def _changing(parser: argparse.ArgumentParser) -> None:
    _common(parser)
    parser.add_argument(
        "--timeout",
        type=_duration,
        default="20m",
        help="how long the deployment may take until it is given up, and again for going back (default: 20m)",
    )
    parser.add_argument(
        "--poll", type=_duration, default="10s", help="how often the deployment is looked at (default: 10s)"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")


def _deploy(parser: argparse.ArgumentParser) -> None:
    _changing(parser)
    image = parser.add_argument_group("the image")
    image.add_argument(
        "--image", metavar="URI", help="one that exists: in ECR by tag or digest, elsewhere by digest"
    )
    image.add_argument("--build", metavar="FOLDER", type=Path, help="build the Dockerfile in this folder")
    image.add_argument("--repository", metavar="NAME", help="the ECR repository that --build pushes to")
    image.add_argument(
        "--version",
        help="the image's tag and version label (default with --build: the commit; with --image: its tag)",
    )
    image.add_argument(
        "--platform", help="platforms to build for (default: that of the service, e.g. linux/arm64)"
    )
    parser.add_argument(
        "--base",
        choices=("running", "latest"),
        default="running",
        help="the revision to copy: the one that runs, or the family's newest, which has what Terraform "
        "changed since (default: %(default)s)",
    )
    migrations = parser.add_argument_group("the migrations")
    migrations.add_argument(
        "--no-migrations", dest="migrations", action="store_false", help="run no migrations"
    )
    migrations.add_argument(
        "--migration-family",
        metavar="FAMILY",
        help="a task definition of their own, e.g. with a database user that may create tables; it gets the "
        "new image too, and is run as it is (default: the service's new revision, with --migration-command)",
    )
    migrations.add_argument(
        "--migration-container",
        metavar="NAME",
        help="the container in it whose image is changed, and whose exit code counts (default: the only one, "
        "else --container)",
    )
    migrations.add_argument(
        "--migration-command",
        type=_words,
        default="admin migrate",
        metavar="COMMAND",
        help="the container's command in the migration task, where the service's own revision is run "
        "(default: '%(default)s')",
    )
    migrations.add_argument(
        "--migration-timeout", type=_duration, default="15m", help="how long to wait for them (default: 15m)"
    )
    parser.add_argument(
        "--replace", action="store_true", help="go on although another deployment is under way"
    )


def _rollback(parser: argparse.ArgumentParser) -> None:
    _changing(parser)
    parser.add_argument(
        "--to", metavar="REVISION", help="FAMILY:NUMBER or NUMBER (default: the one that ran before)"
    )
