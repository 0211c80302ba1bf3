"""Updating the service, watching what ECS makes of it, why it failed, and going back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from . import revision as revisions
from .console import Console, Exit, Failure
from .migration import reason as stop_reason
from .revision import Revision, short
from .service import Service, find

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import DeploymentTypeDef, TaskTypeDef

    from .service import Aws


class End(Enum):
    """How a deployment ended."""

    COMPLETED = auto()
    FAILED = auto()  # and ECS has not begun to go back
    GOING_BACK = auto()  # ECS goes back by itself
    OVERTAKEN = auto()  # somebody else has begun another deployment
    TIMEOUT = auto()


@dataclass
class Watch:
    """Looks at a service again and again, and prints what has changed since the last look."""

    aws: Aws
    cluster: str
    name: str
    poll: float
    console: Console
    since: datetime
    seen: set[str] = field(default_factory=set)
    lines: dict[str, str] = field(default_factory=dict)

    def until_end(self, arn: str, begin: datetime, previous: str | None, timeout: float) -> tuple[End, str]:
        """Watches the deployment of a revision that began then. Returns how it ended, and why."""
        clock = self.console.clock
        end = clock.now() + timedelta(seconds=timeout)
        while True:
            service = self.look()
            outcome = _outcome(service, arn, begin, previous)
            if outcome:
                return outcome
            if clock.now() >= end:
                return End.TIMEOUT, f"it was not done after {timeout:.0f} s"
            clock.sleep(self.poll)

    def look(self) -> Service:
        service = find(self.aws, self.cluster, self.name)
        self._events(service)
        for deployment in service.deployments:
            self._changed(deployment["id"], _counts(deployment))
        for group in service.target_groups:
            self._changed(group, self._health(group))
        return service

    def _events(self, service: Service) -> None:
        for event in reversed(service.described.get("events", [])):
            if event["id"] not in self.seen and event["createdAt"] >= self.since:
                self.seen.add(event["id"])
                self.console.say(f"  event: {event['message']}")

    def _changed(self, key: str, line: str) -> None:
        if self.lines.get(key) != line:
            self.lines[key] = line
            self.console.say(f"  {line}")

    def _health(self, group: str) -> str:
        found: dict[str, int] = {}
        for target in self.aws.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]:
            state = target["TargetHealth"]["State"]
            found[state] = found.get(state, 0) + 1
        states = ", ".join(f"{count} {state}" for state, count in sorted(found.items()))
        return f"targets of {group.split('/')[-2]}: {states or 'none'}"


def _counts(deployment: DeploymentTypeDef) -> str:
    line = (
        f"{short(deployment['taskDefinition'])} {deployment.get('status', '').lower()}: "
        f"{deployment.get('runningCount', 0)} of {deployment.get('desiredCount', 0)} running, "
        f"{deployment.get('pendingCount', 0)} pending"
    )
    if deployment.get("failedTasks"):
        line += f", {deployment['failedTasks']} failed"
    return f"{line} ({deployment.get('rolloutState', 'unknown').lower().replace('_', ' ')})"


def _outcome(service: Service, arn: str, begin: datetime, previous: str | None) -> tuple[End, str] | None:
    """Returns how the deployment of a revision has ended, or None while it has not."""
    primary = service.primary
    if primary["createdAt"] < begin:
        return None  # ECS does not say yet what it was told
    ours = next((d for d in service.deployments if d["taskDefinition"] == arn), None)
    why = (ours or {}).get("rolloutStateReason", "")
    if primary["taskDefinition"] != arn:
        # ECS goes back to what last completed, which need not be what the service was taken from.
        if primary["taskDefinition"] == previous or (ours or {}).get("rolloutState") == "FAILED":
            return End.GOING_BACK, why or primary.get("rolloutStateReason", "")
        return End.OVERTAKEN, f"{short(primary['taskDefinition'])} is being deployed"
    if primary.get("rolloutState") == "COMPLETED":
        return End.COMPLETED, why
    if primary.get("rolloutState") == "FAILED":
        return End.FAILED, why
    return None


@dataclass(frozen=True)
class Rollout:
    """Takes a service to a revision, and back if that fails."""

    aws: Aws
    service: Service
    container: str
    timeout: float
    poll: float
    console: Console

    def to(self, target: Revision, previous: Revision | None) -> None:
        """Returns when the service runs the target well; else a Failure says where the service is."""
        if self.service.task_definition == target.arn and self.service.is_moving:
            self.console.say(f"a deployment of {target} is under way already; watching it")
            begin = self.service.primary["createdAt"]
        else:
            if previous and previous.arn != target.arn:
                revisions.note_deployed(self.aws, target, previous, self.console.clock.now())
            begin = self._update(target.arn)
        watch = self._watch(begin)
        end, why = watch.until_end(target.arn, begin, previous.arn if previous else None, self.timeout)
        if end is End.COMPLETED:
            return
        if end is End.OVERTAKEN:
            raise Failure(Exit.OVERTAKEN, f"the deployment of {target} was overtaken: {why}")
        self._explain(target, why, begin)
        self._go_back(watch, end, target, previous)

    def back(self, target: Revision, left: Revision) -> None:
        """Takes the service back by hand. If the target fails too, nothing else is tried."""
        if self.service.task_definition == target.arn and self.service.is_moving:
            self.console.say(f"the service is on its way back to {target} already; watching it")
            begin = self.service.primary["createdAt"]
        else:
            begin = self._update(target.arn)
        end, why = self._watch(begin).until_end(target.arn, begin, left.arn, self.timeout)
        if end is End.COMPLETED:
            return
        if end is End.OVERTAKEN:
            raise Failure(Exit.OVERTAKEN, f"going back to {target} was overtaken: {why}")
        self._explain(target, why, begin)
        raise Failure(Exit.NOT_ROLLED_BACK, f"{target} has not become healthy; give another one by --to")

    def _watch(self, begin: datetime) -> Watch:
        # ECS's clock and this machine's may differ a little.
        since = begin - timedelta(seconds=5)
        return Watch(self.aws, self.service.cluster, self.service.name, self.poll, self.console, since)

    def _update(self, arn: str) -> datetime:
        """Takes the service to a revision. Returns when that deployment began, by ECS's clock."""
        was = self.service.task_definition
        answer = self.aws.ecs.update_service(
            cluster=self.service.cluster,
            service=self.service.name,
            taskDefinition=arn,
            # A deployment of the same revision that has failed is begun anew only by force.
            forceNewDeployment=was == arn,
        )
        self.console.say(f"the service {self.service.name} is being taken from {short(was)} to {short(arn)}")
        return Service(self.service.cluster, self.service.name, answer["service"]).primary["createdAt"]

    def _go_back(self, watch: Watch, end: End, target: Revision, previous: Revision | None) -> None:
        """Sees to it that the service gets back to what worked, and raises the Failure that says so."""
        now = find(self.aws, self.service.cluster, self.service.name)
        if end is End.GOING_BACK:
            arn, begin = now.task_definition, now.primary["createdAt"]
            self.console.say(f"ECS is taking the service back to {short(arn)}")
        elif previous is None:
            raise Failure(
                Exit.NOT_ROLLED_BACK,
                f"{target} failed, and nothing is noted about what ran before; use rollback --to",
            )
        else:
            arn = previous.arn
            begin = replace(self, service=now)._update(arn)
        back, why = watch.until_end(arn, begin, None, self.timeout)
        if back is not End.COMPLETED:
            raise Failure(
                Exit.NOT_ROLLED_BACK,
                f"{target} failed, and going back to {short(arn)} has not ended well either: {why}",
            )
        raise Failure(Exit.ROLLED_BACK, f"{target} failed; the service is back on {short(arn)}")

    def _explain(self, target: Revision, why: str, begin: datetime) -> None:
        """Says all that is known about why a deployment failed. What cannot be asked is said too."""
        say = self.console.say
        say(f"the deployment of {target} failed: {why or 'ECS gives no reason'}")
        questions: list[tuple[str, Callable[[], list[str]]]] = [
            ("stopped tasks", lambda: self._stopped(target, begin)),
            ("alarms", self._alarms),
            ("targets", self._unhealthy),
            ("last events", self._last_events),
        ]
        for name, ask in questions:
            try:
                lines = ask()
            except ClientError as error:
                lines = [f"could not be asked: {error}"]
            if lines:
                say(f"{name}:")
                for line in lines:
                    say(f"  {line}")

    def _stopped(self, target: Revision, begin: datetime) -> list[str]:
        arns = self.aws.ecs.list_tasks(
            cluster=self.service.cluster, serviceName=self.service.name, desiredStatus="STOPPED"
        )["taskArns"]
        if not arns:
            return []
        tasks: list[TaskTypeDef] = self.aws.ecs.describe_tasks(cluster=self.service.cluster, tasks=arns)[
            "tasks"
        ]
        ours = [
            t for t in tasks if t["taskDefinitionArn"] == target.arn and t.get("createdAt", begin) >= begin
        ]
        return [stop_reason(task, self.container) for task in ours[:5]]

    def _alarms(self) -> list[str]:
        if not self.service.alarms:
            return []
        alarms = self.aws.cloudwatch.describe_alarms(AlarmNames=self.service.alarms, StateValue="ALARM")
        return [f"{a['AlarmName']}: {a.get('StateReason', '')}" for a in alarms["MetricAlarms"]]

    def _unhealthy(self) -> list[str]:
        lines = []
        for group in self.service.target_groups:
            for target in self.aws.elb.describe_target_health(TargetGroupArn=group)[
                "TargetHealthDescriptions"
            ]:
                health = target["TargetHealth"]
                if health["State"] not in ("healthy", "draining"):
                    detail = health.get("Description") or health.get("Reason", "")
                    lines.append(f"{target['Target']['Id']} is {health['State']}: {detail}")
        return lines

    def _last_events(self) -> list[str]:
        events = find(self.aws, self.service.cluster, self.service.name).described.get("events", [])
        return [event["message"] for event in events[:5]]
