"""AWS's clients, and the service as ECS describes it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from .console import refused

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import (
        DeploymentTypeDef,
        NetworkConfigurationOutputTypeDef,
        ServiceTypeDef,
    )
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client


@dataclass(frozen=True)
class Aws:
    """The clients that the program uses. Tests put doubles in front of some."""

    region: str
    ecs: ECSClient
    ecr: ECRClient
    elb: ElasticLoadBalancingv2Client
    cloudwatch: CloudWatchClient


def connect(region: str | None) -> Aws:
    # boto3 itself knows AWS_DEFAULT_REGION only.
    session = boto3.Session(region_name=region or os.environ.get("AWS_REGION"))
    if not session.region_name:
        raise refused("no region: give --region, or set AWS_REGION")
    # Watching takes long: a single failed or throttled look must not end it.
    config = Config(retries={"mode": "standard", "max_attempts": 8}, connect_timeout=10, read_timeout=30)
    return Aws(
        region=session.region_name,
        ecs=session.client("ecs", config=config),
        ecr=session.client("ecr", config=config),
        elb=session.client("elbv2", config=config),
        cloudwatch=session.client("cloudwatch", config=config),
    )


@dataclass(frozen=True)
class Service:
    """A service at one moment."""

    cluster: str
    name: str
    described: ServiceTypeDef

    @property
    def task_definition(self) -> str:
        """The ARN of the revision that the service is to run."""
        return self.described["taskDefinition"]

    @property
    def deployments(self) -> list[DeploymentTypeDef]:
        return self.described["deployments"]

    @property
    def primary(self) -> DeploymentTypeDef:
        """The newest deployment."""
        for deployment in self.deployments:
            if deployment.get("status") == "PRIMARY":
                return deployment
        raise refused(f"--service: {self.name} has no deployment at all")

    @property
    def is_steady(self) -> bool:
        """Reports whether the newest deployment has ended well."""
        return self.primary.get("rolloutState") == "COMPLETED"

    @property
    def is_moving(self) -> bool:
        return self.primary.get("rolloutState") == "IN_PROGRESS"

    @property
    def rolls_back(self) -> bool:
        """Reports whether ECS itself goes back when tasks do not become healthy."""
        breaker = self.described.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker")
        return bool(breaker and breaker.get("enable") and breaker.get("rollback"))

    @property
    def alarms(self) -> list[str]:
        """The names of the alarms that end a deployment."""
        alarms = self.described.get("deploymentConfiguration", {}).get("alarms")
        return alarms.get("alarmNames", []) if alarms and alarms.get("enable") else []

    @property
    def target_groups(self) -> list[str]:
        balancers = self.described.get("loadBalancers", [])
        return [b["targetGroupArn"] for b in balancers if "targetGroupArn" in b]

    @property
    def network(self) -> NetworkConfigurationOutputTypeDef | None:
        return self.described.get("networkConfiguration") or self.primary.get("networkConfiguration")


def look(aws: Aws, cluster: str, name: str) -> Service:
    """Returns the service, or refuses what this program cannot deploy to."""
    service = find(aws, cluster, name)
    described = service.described
    if described.get("status") != "ACTIVE":
        raise refused(f"--service: {name} is {described.get('status')}")
    controller = described["deploymentController"]["type"] if described.get("deploymentController") else "ECS"
    if controller != "ECS":
        raise refused(f"--service: {name} is deployed by {controller}, not by ECS itself")
    strategy = described.get("deploymentConfiguration", {}).get("strategy", "ROLLING")
    if strategy != "ROLLING":
        raise refused(f"--service: {name} is deployed by the strategy {strategy}; this program knows ROLLING")
    launch = described.get("launchType")
    providers = [p["capacityProvider"] for p in described.get("capacityProviderStrategy", [])]
    if launch not in (None, "FARGATE") or not all(p.startswith("FARGATE") for p in providers):
        raise refused(f"--service: {name} does not run on Fargate but on {', '.join(providers) or launch}")
    return service


def find(aws: Aws, cluster: str, name: str) -> Service:
    """Returns the service as it is now."""
    try:
        answer = aws.ecs.describe_services(cluster=cluster, services=[name])
    except aws.ecs.exceptions.ClusterNotFoundException:
        raise refused(f"--cluster: there is no cluster {cluster} in {aws.region}") from None
    if not answer["services"]:
        raise refused(f"--service: there is no service {name} in the cluster {cluster}")
    return Service(cluster, name, answer["services"][0])
