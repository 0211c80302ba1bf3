"""Runs the program in a process of its own that kills itself with SIGKILL after so many changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any


def kill_after(changes: int, image: str) -> int:
    """Returns the exit status of the process, -9 if it was killed."""
    command = [sys.executable, "-m", "ecs_deploy.tests.killed", str(changes), image]
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(command, cwd=root, check=False, stdout=subprocess.DEVNULL).returncode


def main(changes: int, image: str) -> int:
    import boto3

    from ecs_deploy.arguments import parse
    from ecs_deploy.console import Clock
    from ecs_deploy.main import run
    from ecs_deploy.service import Aws
    from ecs_deploy.tests.fargate import CLUSTER, NEVER, REGION, SERVICE, Fargate

    double: Any = Fargate(boto3.client("ecs"), Clock(), looks={"app:2": NEVER}, kill_after=changes)
    double.kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
    aws = Aws(REGION, double, boto3.client("ecr"), boto3.client("elbv2"), boto3.client("cloudwatch"))
    options = parse(["deploy", "--cluster", CLUSTER, "--service", SERVICE, "--image", image])
    return run(options, aws, Clock(), sys.stdout)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))
