"""A deployment that fails says why, and the service is back on what worked; rollback and status by hand."""

from __future__ import annotations

from typing import Any

import pytest

from ecs_deploy.console import Exit
from ecs_deploy.tests.conftest import Site
from ecs_deploy.tests.fargate import CIRCUIT_BREAKER, CLUSTER, FAILED, NEVER, SERVICE

STOPPED = "server ended with exit code 1; Task failed ELB health checks in (target-group api)"


def test_the_circuit_breaker_takes_it_back(site: Site) -> None:
    site.ecs.looks = {"app:2": CIRCUIT_BREAKER}
    assert site.deploy() == Exit.ROLLED_BACK, site.output
    assert site.changed.count("update_service") == 1, "ECS goes back, not the program"
    for line in (
        "the deployment of app:2 failed: ECS deployment circuit breaker: tasks failed to start.",
        STOPPED,
        "ECS is taking the service back to app:1",
        "app:2 failed; the service is back on app:1",
    ):
        assert line in site.output


def test_the_program_takes_it_back_where_ecs_does_not(site: Site) -> None:
    site.ecs.breaker = False
    site.ecs.looks = {"app:2": FAILED}
    assert site.deploy() == Exit.ROLLED_BACK, site.output
    assert site.runs == "app:1"
    assert "warning: api has no circuit breaker" in site.output
    assert STOPPED in site.output


def test_a_deployment_that_never_gets_healthy_is_given_up(site: Site) -> None:
    site.ecs.looks = {"app:2": NEVER}
    begin = site.ecs.clock.now()
    assert site.deploy("--timeout", "10m") == Exit.ROLLED_BACK, site.output
    assert 600 <= (site.ecs.clock.now() - begin).total_seconds() < 700
    assert site.runs == "app:1"
    assert "it was not done after 600 s" in site.output
    assert "app:2 failed; the service is back on app:1" in site.output


def test_going_back_that_fails_too_is_said_loudly(site: Site) -> None:
    site.ecs.looks = {"app:2": NEVER, "app:1": NEVER}
    assert site.deploy("--timeout", "1m", "--replace") == Exit.NOT_ROLLED_BACK, site.output
    assert "going back to app:1 has not ended well either" in site.output


def test_alarms_and_unhealthy_targets_are_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.aws.cloudwatch.put_metric_alarm(
        AlarmName="errors",
        MetricName="5xx",
        Namespace="site",
        Period=60,
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanThreshold",
        Threshold=1,
        Statistic="Sum",
    )
    site.aws.cloudwatch.set_alarm_state(
        AlarmName="errors", StateValue="ALARM", StateReason="7 were greater than 1"
    )
    site.ecs.alarms = ["errors"]
    unhealthy = {"State": "unhealthy", "Description": "Health checks failed with these codes: [503]"}
    health = [{"Target": {"Id": "10.0.1.9"}, "TargetHealth": unhealthy}]
    monkeypatch.setattr(
        site.aws.elb, "describe_target_health", lambda **_: {"TargetHealthDescriptions": health}
    )
    site.ecs.looks = {"app:2": CIRCUIT_BREAKER}
    assert site.deploy() == Exit.ROLLED_BACK
    assert "errors: 7 were greater than 1" in site.output
    assert "10.0.1.9 is unhealthy: Health checks failed with these codes: [503]" in site.output


def test_a_failed_image_can_be_tried_again(site: Site) -> None:
    site.ecs.looks = {"app:2": FAILED}
    site.ecs.breaker = False
    assert site.deploy() == Exit.ROLLED_BACK
    site.ecs.looks = {}
    assert site.deploy() == Exit.DONE, site.output
    assert site.revisions == ["app:1", "app:2"]
    assert site.changed == ["tag_resource", "update_service"], "neither registered nor migrated again"


def test_a_failed_deployment_that_still_stands_is_begun_anew(site: Site) -> None:
    """Without a circuit breaker, somebody else's deployment of this revision may stand there, failed."""
    assert site.deploy() == Exit.DONE
    site.ecs.looks = {"app:2": ["FAILED"]}
    update = site.ecs._update_service

    def anew(**arguments: Any) -> Any:
        site.ecs.looks = {}
        return update(**arguments)

    site.ecs._update_service = anew  # type: ignore[method-assign]
    assert site.deploy() == Exit.DONE, site.output
    assert site.ecs.made("update_service")[-1]["forceNewDeployment"] is True


def test_rollback_goes_back_and_stays_there(site: Site) -> None:
    assert site.deploy() == Exit.DONE
    assert site.run("rollback") == Exit.DONE, site.output
    assert site.runs == "app:1"
    assert "done: api is back on app:1 (v1, " in site.output
    assert site.run("rollback") == Exit.DONE
    assert site.changed == []
    assert "nothing to do: api runs app:1" in site.output
    assert site.deploy() == Exit.DONE
    assert site.runs == "app:2"


def test_rollback_after_the_older_image_was_deployed_again(site: Site) -> None:
    assert site.deploy() == Exit.DONE
    site.ecs.clock.sleep(60)
    assert site.run("deploy", "--image", site.image_1) == Exit.DONE, site.output
    assert site.containers(site.runs)["server"]["image"].startswith(site.image_1.removesuffix(":v1"))
    assert site.run("rollback") == Exit.DONE, site.output
    assert site.runs == "app:2"


def test_rollback_after_ecs_went_back_goes_no_further(site: Site) -> None:
    site.ecs.breaker = False
    site.ecs.looks = {"app:2": FAILED}
    assert site.deploy() == Exit.ROLLED_BACK
    assert site.run("rollback") == Exit.DONE
    assert site.runs == "app:1"
    assert "nothing to do" in site.output


def test_rollback_to_a_named_revision(site: Site) -> None:
    assert site.deploy() == Exit.DONE
    for name in ("1", "app:1"):
        assert site.run("rollback", "--to", name) == Exit.DONE, site.output
        assert site.runs == "app:1"


@pytest.mark.parametrize("name", ["other:1", "x", "app:x", "app:99", ""])
def test_rollback_to_what_is_not_there(site: Site, name: str) -> None:
    assert site.deploy() == Exit.DONE
    assert site.run("rollback", f"--to={name}") == Exit.REFUSED
    assert site.changed == []
    assert site.runs == "app:2"


def test_rollback_knows_not_where_to(site: Site) -> None:
    assert site.run("rollback") == Exit.REFUSED
    assert "nothing is noted about what ran before app:1; give --to" in site.output


def test_rollback_refuses_a_deregistered_revision(site: Site) -> None:
    assert site.deploy() == Exit.DONE
    site.ecs.moto.deregister_task_definition(taskDefinition="app:1")
    assert site.run("rollback") == Exit.REFUSED
    assert "INACTIVE" in site.output
    assert site.runs == "app:2"


def test_rollback_in_a_dry_run_changes_nothing(site: Site) -> None:
    assert site.deploy() == Exit.DONE
    assert site.run("rollback", "--dry-run") == Exit.DONE
    assert site.changed == []
    assert "would take api from app:2 back to app:1" in site.output


def test_rollback_out_of_a_deployment_under_way(site: Site) -> None:
    site.ecs.looks = {"app:2": NEVER}
    site.ecs.kill_after, site.ecs.kill = 5, _interrupt
    assert site.deploy() == Exit.INTERRUPTED
    site.ecs.kill_after = None
    assert site.run("rollback") == Exit.DONE, site.output
    assert site.runs == "app:1"


def test_rollback_that_was_interrupted_is_watched_on(site: Site) -> None:
    assert site.deploy() == Exit.DONE
    site.ecs.looks = {"app:1": ["IN_PROGRESS"] * 9 + ["COMPLETED"]}
    site.ecs.kill_after, site.ecs.kill = len(site.ecs.changes) + 1, _interrupt
    assert site.run("rollback") == Exit.INTERRUPTED
    site.ecs.kill_after = None
    assert site.run("rollback") == Exit.DONE, site.output
    assert site.changed == []
    assert "on its way back to app:1 already" in site.output


def _interrupt() -> None:
    raise KeyboardInterrupt


def test_rollback_that_fails_tries_nothing_else(site: Site) -> None:
    assert site.deploy() == Exit.DONE
    site.ecs.looks = {"app:1": NEVER}
    assert site.run("rollback", "--timeout", "1m") == Exit.NOT_ROLLED_BACK
    assert site.changed == ["update_service"]
    assert "app:1 has not become healthy; give another one by --to" in site.output


def test_status_tells_and_changes_nothing(site: Site) -> None:
    assert site.deploy() == Exit.DONE
    assert site.run("status") == Exit.DONE
    assert site.changed == []
    for line in (
        "api in site: steady",
        "revision: app:2 (v2, ",
        "before:   app:1",
        "rollback: by ECS itself",
    ):
        assert line in site.output
    site.ecs.looks = {"app:2": NEVER}
    assert site.run("status") == Exit.DONE
    assert "api in site: not steady" in site.output


def test_a_refusal_of_aws_is_told(site: Site) -> None:
    from botocore.exceptions import ClientError

    def denied(**_: Any) -> Any:
        error = {
            "Error": {"Code": "AccessDeniedException", "Message": "not authorized to perform: iam:PassRole"}
        }
        raise ClientError(error, "RegisterTaskDefinition")  # type: ignore[arg-type]

    site.ecs._register_task_definition = denied  # type: ignore[attr-defined]
    assert site.deploy() == Exit.ERROR
    assert "AWS refused RegisterTaskDefinition: not authorized to perform: iam:PassRole" in site.output
    service = site.ecs.moto.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]
    assert service["taskDefinition"].endswith("app:1")
