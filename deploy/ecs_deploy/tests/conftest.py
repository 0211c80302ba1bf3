"""A site in moto: a cluster, a service with a load balancer, a task definition, images."""

from __future__ import annotations

import io
import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ecs_deploy.arguments import parse
from ecs_deploy.console import Failure
from ecs_deploy.main import run
from ecs_deploy.service import Aws
from ecs_deploy.tests.fargate import CLUSTER, FAMILY, REGION, REPOSITORY, SERVICE, FakeClock, Fargate

SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:database"
PLAIN_SECRET = "hunter2-which-nobody-may-see"


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Moto's server. It stands for AWS in this process and in those that tests start."""
    server = ThreadedMotoServer(
        ip_address="127.0.0.1", port=int(os.environ.get("MOTO_PORT", "0")), verbose=False
    )
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@dataclass
class Site:
    """The site in moto, the double in front of it, and the program."""

    aws: Aws
    ecs: Fargate
    image_1: str
    image_2: str
    target_group: str
    output: str = ""
    changed: list[str] = field(default_factory=list)

    def run(self, *arguments: str) -> int:
        """Runs the program and returns its exit code; what it printed is in output."""
        before = len(self.ecs.changes)
        try:
            options = parse([*arguments, "--cluster", CLUSTER, "--service", SERVICE])
        except Failure as failure:
            self.output, self.changed = str(failure), []
            return failure.code
        out = io.StringIO()
        try:
            return run(options, self.aws, self.ecs.clock, out)
        finally:
            self.output, self.changed = out.getvalue(), self.ecs.changes[before:]

    def deploy(self, *arguments: str) -> int:
        return self.run("deploy", "--image", self.image_2, *arguments)

    @property
    def runs(self) -> str:
        """FAMILY:NUMBER of what the service runs, as moto has it."""
        service = self.ecs.moto.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]
        return str(service["taskDefinition"]).rsplit("/", 1)[-1]

    @property
    def revisions(self) -> list[str]:
        arns = self.ecs.moto.list_task_definitions(familyPrefix=FAMILY)["taskDefinitionArns"]
        return [arn.rsplit("/", 1)[-1] for arn in arns]

    def definition(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ecs.moto.describe_task_definition(taskDefinition=name)["taskDefinition"]
        return found

    def containers(self, name: str) -> dict[str, Any]:
        return {one["name"]: one for one in self.definition(name)["containerDefinitions"]}

    def service(self, **settings: Any) -> None:
        self.ecs.settings.update(settings)


def put_image(ecr: Any, tag: str) -> str:
    """Puts an image into the repository and returns its URI by tag."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "size": 1,
            "digest": f"sha256:{tag}",
        },
        # Moto makes the image's digest of those of the layers.
        "layers": [
            {"mediaType": "application/vnd.oci.image.layer.v1.tar", "size": 1, "digest": f"sha256:{tag}"}
        ],
    }
    ecr.put_image(repositoryName=REPOSITORY, imageManifest=json.dumps(manifest), imageTag=tag)
    repository = ecr.describe_repositories(repositoryNames=[REPOSITORY])["repositories"][0]
    return f"{repository['repositoryUri']}:{tag}"


def register(ecs: Any, image: str, **more: Any) -> str:
    """Registers a revision as Terraform does, and returns its ARN."""
    app = {
        "name": "server",
        "image": image,
        "essential": True,
        "entryPoint": ["/q2ab"],
        "command": ["server"],
        "environment": [
            {"name": "DD_VERSION", "value": "v1"},
            {"name": "LISTEN", "value": "0.0.0.0:8080"},
            {"name": "LEGACY_PASSWORD", "value": PLAIN_SECRET},
        ],
        "secrets": [{"name": "DATABASE_URL", "valueFrom": SECRET}],
        "dockerLabels": {"com.datadoghq.tags.version": "v1", "com.datadoghq.tags.service": "api"},
        "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
        "logConfiguration": {
            "logDriver": "awsfirelens",
            "options": {"Name": "datadog", "dd_tags": "env:production,version:v1"},
        },
        "stopTimeout": 60,
        "memoryReservation": 512,  # moto wants it
        **more.pop("app", {}),
    }
    agent = more.pop("beside", None) or {
        "name": "agent",
        "image": "datadog/agent:7",
        "essential": False,
        "memoryReservation": 256,
    }
    answer = ecs.register_task_definition(
        **{
            "family": FAMILY,
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "cpu": "512",
            "memory": "1024",
            "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
            "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
            "taskRoleArn": "arn:aws:iam::123456789012:role/task",
            "containerDefinitions": [app, agent] if agent != "none" else [app],
            "tags": [{"key": "team", "value": "site"}],
            **more,
        }
    )
    return str(answer["taskDefinition"]["taskDefinitionArn"])


@pytest.fixture(scope="session")
def clients(endpoint: str) -> Iterator[list[Any]]:
    """Clients of moto, which take a while to make, and the environment for processes that make their own."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "PYTHONDONTWRITEBYTECODE": "1",
        }.items():
            environment.setenv(name, value)
        yield [boto3.client(name) for name in ("ecr", "ecs", "ec2", "elbv2", "cloudwatch")]


@pytest.fixture
def site(endpoint: str, clients: list[Any]) -> Site:
    """A site that runs app:1 with the image v1; v2 is in the repository."""
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST"))  # noqa: S310
    ecr, ecs, ec2, elb, cloudwatch = clients
    ecr.create_repository(repositoryName=REPOSITORY)
    image_1, image_2 = put_image(ecr, "v1"), put_image(ecr, "v2")
    network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=network, EnableDnsHostnames={"Value": True})  # moto's tasks need it
    subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=network, GroupName="app", Description="app")["GroupId"]
    targets = elb.create_target_group(Name="api", Protocol="HTTP", Port=8080, VpcId=network, TargetType="ip")
    target_group = targets["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=target_group, Targets=[{"Id": "10.0.1.5", "Port": 8080}])
    ecs.create_cluster(clusterName=CLUSTER)
    ecs.create_service(
        cluster=CLUSTER,
        serviceName=SERVICE,
        taskDefinition=register(ecs, image_1),
        desiredCount=2,
        launchType="FARGATE",
        platformVersion="1.4.0",
        loadBalancers=[{"targetGroupArn": target_group, "containerName": "server", "containerPort": 8080}],
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": [subnet],
                "securityGroups": [group],
                "assignPublicIp": "DISABLED",
            }
        },
    )
    double: Any = Fargate(ecs, FakeClock())
    aws = Aws(REGION, double, ecr, elb, cloudwatch)
    return Site(aws, double, image_1, image_2, target_group)
