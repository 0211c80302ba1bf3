"""What is missing, contradictory or wrong is refused by name, before anything is changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ecs_deploy.arguments import parse
from ecs_deploy.console import Exit, Failure
from ecs_deploy.tests.conftest import Site, register
from ecs_deploy.tests.fargate import CLUSTER, SERVICE

PROGRAM = Path(__file__).resolve().parents[2] / "ecs-deploy"
WHERE = ["--cluster", "site", "--service", "api"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "COMMAND"),
        (["deploi"], "deploi"),
        (["deploy", "--image", "x"], "--cluster"),
        (["deploy", "--cluster", "site", "--image", "x"], "--service"),
        (["deploy", *WHERE], "--image"),
        (["deploy", "--cluster", " ", "--service", "api", "--image", "x"], "--cluster"),
        (["deploy", *WHERE, "--image", "x", "--build", "."], "--image and --build"),
        (["deploy", *WHERE, "--image", "x", "--repository", "r"], "--repository"),
        (["deploy", *WHERE, "--image", "x", "--platform", "linux/arm64"], "--platform"),
        (["deploy", *WHERE, "--build", "."], "--repository"),
        (["deploy", *WHERE, "--build", "/nowhere", "--repository", "r"], "Dockerfile in /nowhere"),
        (["deploy", *WHERE, "--image", "x", "--version", "a b"], "--version"),
        (["deploy", *WHERE, "--image", "x", "--timeout", "20"], "--timeout"),
        (["deploy", *WHERE, "--image", "x", "--timeout", "0s"], "--timeout"),
        (["deploy", *WHERE, "--image", "x", "--poll", "soon"], "--poll"),
        (["deploy", *WHERE, "--image", "x", "--base", "first"], "--base"),
        (["deploy", *WHERE, "--image", "x", "--migration-command", ""], "--migration-command"),
        (
            ["deploy", *WHERE, "--image", "x", "--no-migrations", "--migration-family", "m"],
            "--migration-family",
        ),
        (["deploy", *WHERE, "--image", "x", "--migration-container", "m"], "--migration-container"),
        (["deploy", *WHERE, "--image", "x", "--imag", "y"], "--imag"),
        (["rollback", *WHERE, "--image", "x"], "--image"),
        (["status", *WHERE, "--dry-run"], "--dry-run"),
    ],
)
def test_wrong_arguments_are_named(arguments: list[str], named: str) -> None:
    with pytest.raises(Failure) as failure:
        parse(arguments)
    assert failure.value.code == Exit.REFUSED
    assert named in str(failure.value)


def refused(site: Site, named: str, *arguments: str) -> None:
    assert site.run("deploy", *(arguments or ("--image", site.image_2))) == Exit.REFUSED, site.output
    assert named in site.output
    assert site.changed == []


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"status": "DRAINING"}, "DRAINING"),
        ({"deploymentController": {"type": "CODE_DEPLOY"}}, "CODE_DEPLOY"),
        ({"launchType": "EC2"}, "EC2"),
        ({"capacityProviderStrategy": [{"capacityProvider": "our-machines", "weight": 1}]}, "our-machines"),
        ({"deploymentConfiguration": {"strategy": "BLUE_GREEN"}}, "BLUE_GREEN"),
    ],
)
def test_services_it_cannot_deploy_to(site: Site, settings: dict[str, Any], named: str) -> None:
    site.service(**settings)
    refused(site, named)


def test_what_is_not_there(site: Site) -> None:
    refused(site, "no image", "--image", site.image_2.replace("v2", "v9"))
    refused(site, "neither a tag nor a digest", "--image", site.image_2.removesuffix(":v2"))
    refused(site, "no image", "--image", site.image_2.replace("site/app", "site/none"))
    refused(site, "by its digest", "--image", "ghcr.io/site/app:v2")
    refused(site, "no container 'web', but server, agent", "--image", site.image_2, "--container", "web")
    refused(site, "no task definition gone", "--image", site.image_2, "--migration-family", "gone")


@pytest.mark.parametrize(
    ("cluster", "service", "named"), [("x", SERVICE, "--cluster"), (CLUSTER, "x", "--service")]
)
def test_a_service_that_is_not_there(site: Site, cluster: str, service: str, named: str) -> None:
    from ecs_deploy.service import find

    with pytest.raises(Failure, match=named):
        find(site.aws, cluster, service)


def test_an_image_elsewhere_by_its_digest(site: Site) -> None:
    digest = "sha256:" + "0" * 64
    assert site.run("deploy", "--image", f"ghcr.io:443/site/app:v3@{digest}") == Exit.DONE, site.output
    app = site.containers("app:2")["server"]
    assert app["image"] == f"ghcr.io:443/site/app@{digest}"
    assert app["dockerLabels"]["com.datadoghq.tags.version"] == "v3"


def test_a_container_that_would_serve_instead_of_migrating(site: Site) -> None:
    """A task cannot override an entry point: with /server it would serve for ever instead of migrating."""
    for entry in (None, ["/server"]):
        app = {"entryPoint": entry} if entry else {"entryPoint": []}
        arn = register(site.ecs.moto, site.image_1, app=app)
        site.ecs.moto.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=arn)
        refused(site, 'entryPoint ["/q2ab"]')
    assert site.deploy("--no-migrations") == Exit.DONE, site.output


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    return subprocess.run(
        [sys.executable, str(PROGRAM), *arguments],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_program_itself() -> None:
    assert program("--help").returncode == 0
    assert "130  interrupted" in program("--help").stdout
    refusal = program("deploy", "--cluster", "site")
    assert refusal.returncode == Exit.REFUSED
    assert refusal.stderr.startswith("ecs-deploy: ")
    assert "--service" in refusal.stderr


def test_without_region_or_credentials(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    nowhere = program("status", *WHERE, **home)
    assert (nowhere.returncode, "--region" in nowhere.stdout) == (Exit.REFUSED, True)
    nobody = program("status", *WHERE, "--region", "eu-west-1", **home)
    assert (nobody.returncode, "no AWS credentials" in nobody.stdout) == (Exit.REFUSED, True), nobody


def test_the_program_against_moto(site: Site, endpoint: str) -> None:
    """The program as one calls it, with its own clients; moto alone says that app:1 is on its way."""
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "ap-northeast-1"}
    status = program("status", *WHERE, AWS_ENDPOINT_URL=endpoint, **keys)
    assert status.returncode == 0, status
    assert "revision: app:1 (v1, " in status.stdout
