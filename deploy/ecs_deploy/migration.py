"""The migrations: a one-off task with the new revision, before the service gets it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .console import Clock, Console, Exit, Failure, refused
from .revision import IMAGE_TAG, MIGRATED_TAG, Revision, note

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import TaskTypeDef

    from .service import Aws, Service

# The program that is any of the others by its first argument. Only a task definition can name it: a task can
# override a container's command, but not its entry point.
_ENTRY_POINT = ["/q2ab"]


@dataclass(frozen=True)
class Migration:
    """What is run, and in which container."""

    revision: Revision
    container: str
    command: Sequence[str] | None  # None: the revision's own

    @property
    def started_by(self) -> str:
        """By this the task is found again. It may have letters, digits, '-', '_' and '/' only."""
        digest = self.revision.tags.get(IMAGE_TAG, "")
        return f"ecs-deploy/migrate/{self.revision.number}/{digest.removeprefix('sha256:')[:12]}"


def check_entry_point(base: Revision, container: str) -> None:
    """Refuses a container that would serve, and never end, whatever command the migration task gave it."""
    entry = base.container(container).get("entryPoint")
    if entry != _ENTRY_POINT:
        raise refused(
            f"the container {container} of {base} starts as {entry or 'its image says'}, so no task of it "
            'can be made to run the migrations: let it have entryPoint ["/q2ab"] and command ["server"], or '
            "name a task definition for them by --migration-family, or leave them out by --no-migrations"
        )


def tasks_of(aws: Aws, migration: Migration, cluster: str) -> list[TaskTypeDef]:
    """Returns the tasks of this migration, the newest first. ECS forgets stopped ones after about an hour."""
    found: list[TaskTypeDef] = []
    for arns in _pages(aws, cluster, migration.revision.family):
        described = aws.ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
        found += [t for t in described if t.get("startedBy") == migration.started_by]
    unique = {task["taskArn"]: task for task in found}
    return sorted(
        unique.values(), key=lambda t: t.get("createdAt", datetime.min.replace(tzinfo=UTC)), reverse=True
    )


def _pages(aws: Aws, cluster: str, family: str) -> Iterator[list[str]]:
    # By family, and not by startedBy: that must be the only filter, and then stopped tasks are not listed.
    pages = aws.ecs.get_paginator("list_tasks")
    for status in ("RUNNING", "STOPPED"):
        for page in pages.paginate(cluster=cluster, family=family, desiredStatus=status):
            if page["taskArns"]:
                yield page["taskArns"]


def migrate(
    aws: Aws, service: Service, migration: Migration, target: Revision, timeout: float, console: Console
) -> None:
    """Runs the migrations and waits for them, unless that is noted on the revision already."""
    if MIGRATED_TAG in target.tags:
        console.say(f"the migrations of {target} were run by the task {target.tags[MIGRATED_TAG]}")
        return
    earlier = tasks_of(aws, migration, service.cluster)
    task = earlier[0] if earlier else None
    if task and task.get("lastStatus") == "STOPPED" and _exit_code(task, migration.container) != 0:
        console.say(f"an earlier migration task failed: {reason(task, migration.container)}; trying again")
        task = None
    if task:
        console.say(f"the migrations of {target} were begun before: task {_id(task)}")
    else:
        what = " ".join(migration.command) if migration.command else "as it is"
        if console.would(
            f"run the migrations: a task of {migration.revision}, container {migration.container}: {what}"
        ):
            return
        task = _run(aws, service, migration, attempt=len(earlier))
        console.say(f"running the migrations: task {_id(task)} of {migration.revision}: {what}")
    if console.would(f"wait for the migration task {_id(task)}"):
        return
    task = _wait(aws, service.cluster, task, timeout, console)
    if _exit_code(task, migration.container) != 0:
        raise Failure(
            Exit.MIGRATION,
            f"the migrations failed: {reason(task, migration.container)}\n"
            f"the service was not touched; what the task printed is in the log of its container "
            f"{migration.container}",
        )
    note(aws, target, MIGRATED_TAG, _id(task))
    console.say("the migrations are done")


def _run(aws: Aws, service: Service, migration: Migration, attempt: int) -> TaskTypeDef:
    """Starts the task where the service's tasks run."""
    described = service.described
    request: dict[str, Any] = {
        "cluster": service.cluster,
        "taskDefinition": migration.revision.arn,
        "count": 1,
        "startedBy": migration.started_by,
        # Two runs that come here at once start one task.
        "clientToken": hashlib.sha256(f"{migration.revision.arn} {attempt}".encode()).hexdigest(),
        "tags": [{"key": "ecs-deploy:purpose", "value": "migrate"}],
    }
    if service.network:
        request["networkConfiguration"] = service.network
    if described.get("capacityProviderStrategy"):
        request["capacityProviderStrategy"] = described["capacityProviderStrategy"]
    else:
        request["launchType"] = "FARGATE"
    if described.get("platformVersion"):
        request["platformVersion"] = described["platformVersion"]
    if migration.command:
        request["overrides"] = {
            "containerOverrides": [{"name": migration.container, "command": list(migration.command)}]
        }
    answer = aws.ecs.run_task(**request)
    if not answer["tasks"]:
        reasons = "; ".join(f"{f.get('reason')} {f.get('detail', '')}".strip() for f in answer["failures"])
        raise Failure(Exit.MIGRATION, f"ECS did not start the migration task: {reasons or 'no reason given'}")
    return answer["tasks"][0]


def _wait(aws: Aws, cluster: str, task: TaskTypeDef, timeout: float, console: Console) -> TaskTypeDef:
    """Waits until a task has stopped, and returns it."""
    clock: Clock = console.clock
    end = clock.now().timestamp() + timeout
    status = ""
    while True:
        tasks = aws.ecs.describe_tasks(cluster=cluster, tasks=[task["taskArn"]])["tasks"]
        # A task that was started this moment may not be known yet.
        if tasks and tasks[0].get("lastStatus", "") != status:
            status = tasks[0]["lastStatus"]
            console.say(f"  migration task: {status.lower()}")
        if status == "STOPPED":
            return tasks[0]
        if clock.now().timestamp() >= end:
            raise Failure(
                Exit.MIGRATION,
                f"the migrations have not ended in {timeout:.0f} s. The task {_id(task)} goes on, for "
                "a change of tables is not cut off; the service was not touched. Run it again to wait on",
            )
        clock.sleep(5)


def _id(task: TaskTypeDef) -> str:
    return task["taskArn"].rsplit("/", 1)[-1]


def _exit_code(task: TaskTypeDef, container: str) -> int | None:
    for one in task.get("containers", []):
        if one.get("name") == container:
            return one.get("exitCode")
    return None


def reason(task: TaskTypeDef, container: str) -> str:
    """Returns why a task stopped, in one line."""
    parts = []
    code = _exit_code(task, container)
    if code is not None:
        parts.append(f"{container} ended with exit code {code}")
    elif task.get("lastStatus") == "STOPPED":
        parts.append(f"{container} did not run to its end")
    for one in task.get("containers", []):
        if one.get("reason"):
            parts.append(f"{one['name']}: {one['reason']}")
    if task.get("stoppedReason"):
        parts.append(task["stoppedReason"])
    return f"task {_id(task)}: " + "; ".join(parts or ["no reason given"])
