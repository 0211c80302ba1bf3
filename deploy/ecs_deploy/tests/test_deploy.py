"""An image goes to the service, once, whatever happens on the way."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from ecs_deploy.console import Exit
from ecs_deploy.tests.conftest import PLAIN_SECRET, Site, register
from ecs_deploy.tests.fargate import CLUSTER, HEALTHY, NEVER, SERVICE

# What a whole deployment changes, in this order.
ALL_CHANGES = ["register_task_definition", "run_task", "tag_resource", "tag_resource", "update_service"]


def test_it_takes_an_image_to_the_service(site: Site) -> None:
    site.ecs.looks = {"app:2": HEALTHY}
    assert site.deploy() == Exit.DONE, site.output
    assert site.runs == "app:2"
    assert site.changed == ALL_CHANGES
    for line in (
        "registered app:2, a copy of app:1",
        "the migrations are done",
        "being taken from app:1 to app:2",
        "app:2 primary: 0 of 2 running",
        "app:2 primary: 2 of 2 running, 0 pending (completed)",
        "targets of api: 1 healthy",
        "event: (service api) completed",
        "done: api runs app:2",
    ):
        assert line in site.output
    assert "an old event" not in site.output


def test_only_image_and_version_are_changed(site: Site) -> None:
    assert site.deploy() == Exit.DONE, site.output
    before, after = site.definition("app:1"), site.definition("app:2")
    digest = after["containerDefinitions"][0]["image"].split("@")[1]
    assert after["containerDefinitions"][0].pop("image") == f"{site.image_2.rsplit(':', 1)[0]}@{digest}"
    before["containerDefinitions"][0].pop("image")
    logs = [
        one["containerDefinitions"][0]["logConfiguration"]["options"].pop("dd_tags")
        for one in (before, after)
    ]
    assert logs == ["env:production,version:v1", "env:production,version:v2"]
    labels = [
        one["containerDefinitions"][0]["dockerLabels"].pop("com.datadoghq.tags.version")
        for one in (before, after)
    ]
    versions = [one["containerDefinitions"][0]["environment"].pop(0)["value"] for one in (before, after)]
    assert labels == versions == ["v1", "v2"]
    for one in (before, after):
        del one["taskDefinitionArn"], one["revision"]
    assert after == before
    tags = site.ecs.moto.describe_task_definition(taskDefinition="app:2", include=["TAGS"])["tags"]
    assert {"key": "team", "value": "site"} in tags
    assert {"key": "ecs-deploy:image", "value": digest} in tags


def test_migrations_run_like_the_service_before_it(site: Site) -> None:
    assert site.deploy() == Exit.DONE, site.output
    (task,) = site.ecs.made("run_task")
    service = site.ecs.made("update_service")[0]
    assert task["taskDefinition"] == service["taskDefinition"]
    assert task["overrides"] == {"containerOverrides": [{"name": "server", "command": ["admin", "migrate"]}]}
    assert task["launchType"] == "FARGATE"
    assert task["platformVersion"] == "1.4.0"
    assert task["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"
    assert len(task["clientToken"]) == 64
    assert site.ecs.changes.index("run_task") < site.ecs.changes.index("update_service")


def test_migrations_may_have_a_task_definition_of_their_own(site: Site) -> None:
    own = {"name": "migrate", "entryPoint": ["/admin"], "command": ["migrate"]}
    register(site.ecs.moto, site.image_1, family="app-migrate", app=own, beside="none")
    assert site.deploy("--migration-family", "app-migrate") == Exit.DONE, site.output
    (task,) = site.ecs.made("run_task")
    assert task["taskDefinition"].endswith("/app-migrate:2")
    assert "overrides" not in task
    assert site.containers("app-migrate:2")["migrate"]["image"] == site.containers("app:2")["server"]["image"]
    assert site.deploy("--migration-family", "app-migrate") == Exit.DONE
    assert site.changed == []


def test_capacity_providers_are_the_services(site: Site) -> None:
    spot = [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
    site.service(capacityProviderStrategy=spot, launchType=None)
    requests: list[dict[str, Any]] = []

    def run_task(**arguments: Any) -> Any:  # moto knows only launch types
        requests.append(dict(arguments))
        arguments.pop("capacityProviderStrategy")
        return site.ecs.moto.run_task(**arguments, launchType="FARGATE")

    site.ecs._run_task = run_task  # type: ignore[attr-defined]
    assert site.deploy() == Exit.DONE, site.output
    assert requests[0]["capacityProviderStrategy"] == spot
    assert "launchType" not in requests[0]


def test_the_second_run_does_nothing(site: Site) -> None:
    assert site.deploy() == Exit.DONE
    assert site.deploy() == Exit.DONE
    assert site.changed == []
    assert "nothing to do: api runs app:2" in site.output
    by_digest = site.containers("app:2")["server"]["image"]
    assert site.run("deploy", "--image", by_digest) == Exit.DONE
    assert site.changed == [], "the same image under another name is the same image"


def test_a_dry_run_changes_nothing(site: Site) -> None:
    assert site.deploy("--dry-run") == Exit.DONE, site.output
    assert site.changed == []
    assert site.revisions == ["app:1"]
    for line in (
        "would register a copy of app:1 with the image",
        "would run the migrations",
        "would take api from app:1 to that revision",
    ):
        assert line in site.output
    assert site.deploy("--no-migrations") == Exit.DONE
    assert site.deploy("--dry-run") == Exit.DONE
    assert "nothing to do" in site.output


def test_a_dry_run_in_the_middle_says_what_is_left(site: Site) -> None:
    site.ecs.exit_codes = [1]
    assert site.deploy() == Exit.MIGRATION
    assert site.deploy("--dry-run") == Exit.DONE
    assert site.changed == []
    assert "app:2 has" in site.output
    assert "would run the migrations: a task of app:2" in site.output


def test_no_secret_is_printed(site: Site) -> None:
    assert site.deploy() == Exit.DONE
    assert PLAIN_SECRET not in site.output
    assert "secretsmanager" not in site.output
    assert site.run("status") == Exit.DONE
    assert PLAIN_SECRET not in site.output


def test_failing_migrations_leave_the_service_alone(site: Site) -> None:
    site.ecs.exit_codes = [1, 0]
    assert site.deploy() == Exit.MIGRATION
    assert site.runs == "app:1"
    assert "update_service" not in site.changed
    assert "server ended with exit code 1; Essential container in task exited" in site.output
    assert site.deploy() == Exit.DONE, site.output
    assert site.runs == "app:2"
    assert "an earlier migration task failed" in site.output
    assert site.revisions == ["app:1", "app:2"], "the revision is registered once"
    first, second = site.ecs.made("run_task")
    assert first["clientToken"] != second["clientToken"]


def test_a_migration_task_without_exit_code_has_failed(site: Site) -> None:
    site.ecs.exit_codes = [None]
    assert site.deploy() == Exit.MIGRATION
    assert "server did not run to its end; server: CannotPullContainerError: no such image" in site.output
    assert site.runs == "app:1"


def test_a_migration_task_that_cannot_start(site: Site) -> None:
    failure = {"reason": "RESOURCE:ENI", "detail": "no address left in the subnet"}
    site.ecs._run_task = lambda **_: {"tasks": [], "failures": [failure]}  # type: ignore[attr-defined]
    assert site.deploy() == Exit.MIGRATION
    assert "RESOURCE:ENI no address left in the subnet" in site.output
    assert site.runs == "app:1"


def test_endless_migrations_are_not_cut_off(site: Site) -> None:
    running = {"taskArn": "x/endless", "lastStatus": "RUNNING"}
    site.ecs._describe_tasks = lambda **_: {"tasks": [running]}  # type: ignore[method-assign]
    assert site.deploy("--migration-timeout", "90s") == Exit.MIGRATION
    assert "have not ended in 90 s" in site.output
    assert site.runs == "app:1"
    assert "stop_task" not in site.changed


def test_a_deployment_under_way_is_watched_not_begun_again(site: Site) -> None:
    site.ecs.looks = {"app:2": ["IN_PROGRESS"] * 40 + ["COMPLETED"]}
    site.ecs.kill_after, site.ecs.kill = len(ALL_CHANGES), _interrupt
    assert site.deploy() == Exit.INTERRUPTED
    assert "run it again to go on watching" in site.output
    site.ecs.kill_after = None
    assert site.deploy() == Exit.DONE, site.output
    assert site.changed == []
    assert "a deployment of app:2 is under way already; watching it" in site.output


def _interrupt() -> None:
    raise KeyboardInterrupt


def test_anothers_deployment_is_not_replaced_unasked(site: Site) -> None:
    site.ecs.looks = {"app:1": NEVER}
    assert site.deploy() == Exit.OVERTAKEN
    assert site.changed == []
    assert "a deployment of app:1 is under way" in site.output
    assert site.deploy("--replace") == Exit.DONE, site.output
    assert site.runs == "app:2"


def test_a_deployment_that_is_overtaken_says_so(site: Site) -> None:
    other = register(site.ecs.moto, site.image_1, cpu="1024")
    looks = site.ecs._describe_services

    def overtaken(**arguments: Any) -> Any:
        if len(site.ecs.changes) >= len(ALL_CHANGES) and site.runs != "app:2":
            site.ecs.began.setdefault(other, site.ecs.clock.now())
            site.ecs.moto.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=other)
        return looks(**arguments)

    site.ecs._describe_services = overtaken  # type: ignore[method-assign]
    site.ecs.looks = {"app:2": NEVER}
    assert site.deploy() == Exit.OVERTAKEN, site.output
    assert "overtaken: app:2 is being deployed" in site.output
    assert site.runs == "app:2", "app:2 is the other one here, and stays"


def test_latest_takes_what_terraform_changed(site: Site) -> None:
    register(site.ecs.moto, site.image_1, cpu="1024")
    assert site.deploy("--base", "latest") == Exit.DONE, site.output
    assert site.definition(site.runs)["cpu"] == "1024"
    assert site.runs == "app:3"
    assert site.deploy("--base", "latest") == Exit.DONE
    assert site.changed == []


def test_other_containers_with_the_same_image_get_it_too(site: Site) -> None:
    first = {"name": "first", "image": site.image_1, "essential": False, "memory": 64}
    app = site.containers("app:1")["server"]
    arn = register(site.ecs.moto, site.image_1, containerDefinitions=[app, first])
    site.ecs.moto.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=arn)
    assert site.deploy() == Exit.DONE, site.output
    new = site.containers(site.runs)
    assert new["first"]["image"] == new["server"]["image"] != site.image_1


def test_the_order_of_variables_means_nothing(site: Site) -> None:
    """ECS may tell the environment in another order than it was told."""
    site.ecs.exit_codes = [1]
    assert site.deploy() == Exit.MIGRATION
    describe = site.ecs.moto.describe_task_definition

    def reversed_order(**arguments: Any) -> Any:
        answer = describe(**arguments)
        if answer["taskDefinition"]["revision"] == 2:
            answer["taskDefinition"]["containerDefinitions"][0]["environment"].reverse()
        return answer

    site.ecs._describe_task_definition = reversed_order  # type: ignore[attr-defined]
    site.deploy()
    assert "register_task_definition" not in site.changed


@pytest.mark.parametrize("after", range(1, len(ALL_CHANGES) + 1))
def test_killed_after_any_change_it_goes_on(site: Site, after: int) -> None:
    """The process is ended by a real kill -9; the next one knows only what AWS knows."""
    from ecs_deploy.tests.killed import kill_after

    assert kill_after(after, site.image_2) == -9
    site.ecs.looks = {"app:2": HEALTHY} if after < len(ALL_CHANGES) else {}
    assert site.deploy() == Exit.DONE, site.output
    assert site.runs == "app:2"
    assert site.revisions == ["app:1", "app:2"], "one revision, however often it is run"
    tasks = boto3.client("ecs").list_tasks(cluster=CLUSTER)["taskArns"]
    assert len(tasks) == 1, "the migrations run once"
    rest = ALL_CHANGES[after:]
    # The fourth change notes the time in seconds, which is another one if the next process comes later.
    assert site.changed == rest or (after == 4 and site.changed == ["tag_resource", *rest])
    assert site.deploy() == Exit.DONE
    assert site.changed == []
