"""What moto lacks of ECS on Fargate, played in front of moto's client.

Moto keeps clusters, services, task definitions, tags, tasks and images, and those are the real boto3 calls
against it. It has no tasks that become healthy or stop, no deployments, no events and no exit codes, and it
forgets a service's deployment settings. `Fargate` adds these to moto's answers: `describe_services` gets
the deployment that the next of its `looks` says, `describe_tasks` the migrations' exit code. Whatever it
does not play goes to moto as it is. It keeps what it plays in this process only, but for what moto knows,
so that a process that is killed and one that goes on see the same service.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ecs_deploy.console import Clock

CLUSTER, SERVICE, FAMILY, REPOSITORY = "site", "api", "app", "site/app"
REGION = "ap-northeast-1"

# The calls that change something. A dry run makes none of them.
CHANGES = (
    "register_task_definition",
    "run_task",
    "tag_resource",
    "untag_resource",
    "update_service",
    "stop_task",
)


class FakeClock(Clock):
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC)
        super().__init__(now=lambda: self.time, sleep=self._pass)

    def _pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


# What a deployment looks like from one look to the next.
HEALTHY = ["IN_PROGRESS", "COMPLETED"]
NEVER = ["IN_PROGRESS"]
FAILED = ["IN_PROGRESS", "FAILED"]
CIRCUIT_BREAKER = ["IN_PROGRESS", "BACK", "BACK", "BACK_COMPLETED"]


@dataclass
class Fargate:
    """An ECS client that plays Fargate in front of moto's."""

    moto: Any
    clock: Clock
    looks: dict[str, list[str]] = field(default_factory=dict)  # of the deployment of FAMILY:NUMBER
    exit_codes: list[int | None] = field(default_factory=lambda: [0])  # of one migration task after the other
    breaker: bool = True
    alarms: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)  # laid over the service
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    kill_after: int | None = None  # so many changes
    kill: Any = None
    looked: dict[str, int] = field(default_factory=dict)
    began: dict[str, datetime] = field(default_factory=dict)
    last: str | None = None  # what ran before the newest deployment

    @property
    def changes(self) -> list[str]:
        return [name for name, _ in self.calls if name in CHANGES]

    def made(self, name: str) -> list[dict[str, Any]]:
        """Returns the arguments of all calls of that name."""
        return [arguments for called, arguments in self.calls if called == name]

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.moto, name)
        if name in ("meta", "exceptions"):
            return attribute
        own = getattr(self, f"_{name}", None)

        def call(*positional: Any, **arguments: Any) -> Any:
            self.calls.append((name, arguments))
            answer = own(**arguments) if own else attribute(*positional, **arguments)
            if name in CHANGES and self.kill_after is not None and len(self.changes) >= self.kill_after:
                self.kill()
            return answer

        return call

    def _update_service(self, **arguments: Any) -> Any:
        before = self.moto.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0][
            "taskDefinition"
        ]
        target = arguments["taskDefinition"]
        if before != target:
            self.last = before
        self.looked.pop(target, None)
        self.began[target] = self.clock.now()
        self.moto.update_service(**arguments)
        return {"service": self._played(count=False)}

    def _describe_services(self, **arguments: Any) -> Any:
        answer = self.moto.describe_services(**arguments)
        if answer["services"]:
            answer["services"] = [self._played(count=True)]
        return answer

    def _played(self, *, count: bool) -> dict[str, Any]:
        service: dict[str, Any] = self.moto.describe_services(cluster=CLUSTER, services=[SERVICE])[
            "services"
        ][0]
        target = service["taskDefinition"]
        looks = self.looks.get(target.rsplit("/", 1)[-1], ["COMPLETED"])
        number = self.looked.get(target, 0)
        if count:
            self.looked[target] = number + 1
        look = looks[min(number, len(looks) - 1)]
        old = self.last or target
        deployments = {
            "IN_PROGRESS": [self._one(target, "PRIMARY", look), self._one(old, "ACTIVE", "COMPLETED")],
            "COMPLETED": [self._one(target, "PRIMARY", look)],
            "FAILED": [self._one(target, "PRIMARY", look), self._one(old, "ACTIVE", "COMPLETED")],
            "BACK": [
                self._one(old, "PRIMARY", "IN_PROGRESS", back=True),
                self._one(target, "ACTIVE", "FAILED"),
            ],
            "BACK_COMPLETED": [self._one(old, "PRIMARY", "COMPLETED", back=True)],
        }[look]
        if look.startswith("BACK"):
            service["taskDefinition"] = old
        breaker = {"enable": self.breaker, "rollback": self.breaker}
        alarms = {"alarmNames": self.alarms, "enable": bool(self.alarms), "rollback": True}
        return service | {
            "deployments": deployments,
            "deploymentConfiguration": {"deploymentCircuitBreaker": breaker, "alarms": alarms},
            "networkConfiguration": service["deployments"][0]["networkConfiguration"],
            "events": [
                {"id": look, "createdAt": self.clock.now(), "message": f"(service {SERVICE}) {look.lower()}"},
                {
                    "id": "e0",
                    "createdAt": datetime(2026, 1, 1, tzinfo=UTC),
                    "message": "(service api) an old event",
                },
            ],
            **self.settings,
        }

    def _one(self, arn: str, status: str, state: str, *, back: bool = False) -> dict[str, Any]:
        failed = state == "FAILED"
        reason = (
            "ECS deployment circuit breaker: tasks failed to start." if failed else f"ECS deployment {state}"
        )
        begin = self.began.get(arn, datetime(2026, 1, 1, tzinfo=UTC))
        running = 0 if failed or (status == "PRIMARY" and state == "IN_PROGRESS") else 2
        return {
            "id": f"ecs-svc/{arn.rsplit(':', 1)[1]}{'-back' if back else ''}",
            "status": status,
            "taskDefinition": arn,
            "createdAt": max(self.began.values(), default=begin) if back else begin,
            "desiredCount": 2,
            "pendingCount": 0,
            "runningCount": running,
            "failedTasks": 3 if failed else 0,
            "rolloutState": state,
            "rolloutStateReason": "rolling back to deployment" if back else reason,
        }

    def get_paginator(self, name: str) -> Any:
        return Pages(self, name)

    def _list_tasks(self, **arguments: Any) -> Any:
        if arguments.get("serviceName"):
            failing = arguments.get("desiredStatus") == "STOPPED"
            return {"taskArns": [f"arn:aws:ecs:{REGION}:1:task/{CLUSTER}/failing"] if failing else []}
        # Moto's tasks run for ever; here each has stopped by the next look.
        if arguments.pop("desiredStatus") == "RUNNING":
            return {"taskArns": []}
        return self.moto.list_tasks(**arguments)

    def _describe_tasks(self, **arguments: Any) -> Any:
        if arguments["tasks"][0].endswith("/failing"):
            return {"tasks": [self._failing()]}
        tasks = self.moto.describe_tasks(**arguments)["tasks"]
        every = self.moto.list_tasks(cluster=CLUSTER)["taskArns"]
        return {"tasks": [self._stopped(task, every.index(task["taskArn"])) for task in tasks]}

    def _stopped(self, task: dict[str, Any], number: int) -> dict[str, Any]:
        code = self.exit_codes[min(number, len(self.exit_codes) - 1)]
        container: dict[str, Any] = {"name": task["containers"][0]["name"], "lastStatus": "STOPPED"}
        if code is None:
            container["reason"] = "CannotPullContainerError: no such image"
        else:
            container["exitCode"] = code
        return task | {
            "lastStatus": "STOPPED",
            "stoppedReason": "Essential container in task exited",
            "createdAt": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
            "containers": [container, {"name": "agent", "exitCode": 137}],
        }

    def _failing(self) -> dict[str, Any]:
        target = next(iter(self.began))  # the first that was deployed
        return {
            "taskArn": f"arn:aws:ecs:{REGION}:1:task/{CLUSTER}/failing",
            "taskDefinitionArn": target,
            "lastStatus": "STOPPED",
            "stoppedReason": "Task failed ELB health checks in (target-group api)",
            "createdAt": self.clock.now(),
            "containers": [{"name": "server", "exitCode": 1}],
        }


@dataclass
class Pages:
    """A paginator whose pages come through the double."""

    fargate: Fargate
    operation: str

    def paginate(self, **arguments: Any) -> list[Any]:
        return [getattr(self.fargate, self.operation)(**arguments)]
