"""Revisions of a task definition: a copy with another image, finding it again, what is noted on it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .console import refused

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ContainerDefinitionOutputTypeDef, TaskDefinitionTypeDef

    from .image import Image
    from .service import Aws

# What the program notes on revisions, as tags.
IMAGE_TAG = "ecs-deploy:image"  # the digest of the image
MIGRATED_TAG = "ecs-deploy:migrated"  # the task that ran this revision's migrations
DEPLOYED_TAG = "ecs-deploy:deployed"  # when the service was last taken to this revision, and from which

# Where a container says which version it is, for Datadog's unified tagging: in its environment, in its
# labels, and in the tags of its log lines (env:production,version:v1).
VERSION_VARIABLE = "DD_VERSION"
VERSION_LABEL = "com.datadoghq.tags.version"
LOG_TAGS = "dd_tags"
_VERSION_IN_LOG_TAGS = re.compile(r"(?<![^,])version:[^,]*")

# So many revisions back a copy is looked for. Older ones are too old to be what was interrupted.
_LOOK_BACK = 20

Definition = dict[str, Any]


@dataclass(frozen=True)
class Revision:
    """One revision that is registered."""

    described: TaskDefinitionTypeDef
    tags: dict[str, str]

    @property
    def arn(self) -> str:
        return self.described["taskDefinitionArn"]

    @property
    def family(self) -> str:
        return self.described["family"]

    @property
    def number(self) -> int:
        return self.described["revision"]

    def __str__(self) -> str:
        return f"{self.family}:{self.number}"

    def container(self, name: str) -> ContainerDefinitionOutputTypeDef:
        containers = self.described["containerDefinitions"]
        for container in containers:
            if container["name"] == name:
                return container
        names = ", ".join(c["name"] for c in containers)
        raise refused(f"--container: {self} has no container {name!r}, but {names}")

    def version(self, name: str) -> str | None:
        """Returns the version that the container says it is."""
        container = self.container(name)
        for variable in container.get("environment", []):
            if variable.get("name") == VERSION_VARIABLE:
                return variable.get("value")
        return container.get("dockerLabels", {}).get(VERSION_LABEL)

    @property
    def platform(self) -> str:
        """The platform that the image has to be built for."""
        architecture = (self.described.get("runtimePlatform") or {}).get("cpuArchitecture", "X86_64")
        return "linux/arm64" if architecture == "ARM64" else "linux/amd64"


def short(arn: str) -> str:
    """Returns FAMILY:NUMBER of a revision's ARN."""
    return arn.rsplit("/", 1)[-1]


def find(aws: Aws, name: str) -> Revision:
    """Returns a revision by ARN, FAMILY:NUMBER, or FAMILY, which is its newest."""
    try:
        answer = aws.ecs.describe_task_definition(taskDefinition=name, include=["TAGS"])
    except aws.ecs.exceptions.ClientException as error:
        raise refused(f"there is no task definition {short(name)}: {error}") from None
    return Revision(answer["taskDefinition"], {t["key"]: t["value"] for t in answer.get("tags", [])})


def newest(aws: Aws, family: str, count: int = _LOOK_BACK) -> Iterator[Revision]:
    """Yields the active revisions of a family, the newest first."""
    pages = aws.ecs.get_paginator("list_task_definitions").paginate(
        familyPrefix=family, status="ACTIVE", sort="DESC"
    )
    arns = [arn for page in pages for arn in page["taskDefinitionArns"]]
    arns = [arn for arn in arns if short(arn).rsplit(":", 1)[0] == family]
    arns.sort(key=lambda arn: int(arn.rsplit(":", 1)[1]), reverse=True)
    for arn in arns[:count]:
        yield find(aws, arn)


def _registerable(aws: Aws, there: Revision) -> Definition:
    """Returns a copy of a revision without what only ECS says about it, such as its number."""
    members: Any = aws.ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape
    described = copy.deepcopy(there.described)
    return {k: v for k, v in described.items() if k in members.members and v is not None}


def with_image(aws: Aws, base: Revision, container: str, image: Image) -> Definition:
    """Returns the definition of a copy of a revision, with only the image and its version changed.

    Containers that run the same image as the named one get the new one too.
    """
    definition = _registerable(aws, base)
    old = base.container(container)["image"]
    for one in definition["containerDefinitions"]:
        if one["image"] == old:
            _set_image(one, image)
    return definition


def _set_image(container: dict[str, Any], image: Image) -> None:
    container["image"] = image.uri
    _set_version(container, image.version)


def _set_version(container: dict[str, Any], version: str) -> None:
    """Sets the version wherever the container says one."""
    for variable in container.get("environment", []):
        if variable.get("name") == VERSION_VARIABLE:
            variable["value"] = version
    if VERSION_LABEL in container.get("dockerLabels", {}):
        container["dockerLabels"][VERSION_LABEL] = version
    log_options = container.get("logConfiguration", {}).get("options", {})
    if LOG_TAGS in log_options:
        log_options[LOG_TAGS] = _VERSION_IN_LOG_TAGS.sub(f"version:{version}", log_options[LOG_TAGS])


def same(aws: Aws, wanted: Definition, there: Revision) -> bool:
    """Reports whether a revision is what would be registered, but for how the version is called."""
    return _canonical(wanted) == _canonical(_registerable(aws, there))


def _canonical(definition: Definition) -> object:
    plain = copy.deepcopy(definition)
    for container in plain["containerDefinitions"]:
        _set_version(container, "any")
    return _sorted(plain)


def _sorted(value: object) -> object:
    """Sorts lists of objects, such as the environment: their order means nothing, and ECS may change it."""
    if isinstance(value, dict):
        return {key: _sorted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        inner = [_sorted(one) for one in value]
        if all(isinstance(one, dict) for one in inner):
            inner.sort(key=lambda one: json.dumps(one, sort_keys=True, default=str))
        return inner
    return value


def find_same(aws: Aws, family: str, wanted: Definition) -> Revision | None:
    """Returns the revision that a run before this one has registered, if there is one."""
    return next((r for r in newest(aws, family) if same(aws, wanted, r)), None)


def register(aws: Aws, base: Revision, wanted: Definition, image: Image) -> Revision:
    """Registers a definition. The tags are part of the same call, so that nothing can come between."""
    kept = {k: v for k, v in base.tags.items() if not k.startswith(("aws:", "ecs-deploy:"))}
    tags = {**kept, IMAGE_TAG: image.digest}
    answer = aws.ecs.register_task_definition(
        **wanted, tags=[{"key": key, "value": value} for key, value in tags.items()]
    )
    return Revision(answer["taskDefinition"], tags)


def note(aws: Aws, revision: Revision, key: str, value: str) -> None:
    """Notes something on a revision, as a tag, unless it stands there already."""
    if revision.tags.get(key) != value:
        aws.ecs.tag_resource(resourceArn=revision.arn, tags=[{"key": key, "value": value}])
        revision.tags[key] = value


def note_deployed(aws: Aws, revision: Revision, previous: Revision, when: datetime) -> None:
    """Notes that a service is about to be taken to a revision, and from which."""
    note(aws, revision, DEPLOYED_TAG, f"{when:%Y-%m-%dT%H:%M:%SZ} from {previous}")


def before(revision: Revision) -> str | None:
    """Returns FAMILY:NUMBER of what ran before a revision, as far as that was noted."""
    return revision.tags[DEPLOYED_TAG].rpartition(" ")[2] if DEPLOYED_TAG in revision.tags else None


def last_deployed(aws: Aws, family: str) -> Revision | None:
    """Returns the revision that was deployed last, whether it runs or was left since."""
    noted = [one for one in newest(aws, family) if DEPLOYED_TAG in one.tags]
    return max(noted, key=lambda one: one.tags[DEPLOYED_TAG], default=None)
