"""The example of a workflow calls what there is, and that of a policy allows what is called."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import yaml

from ecs_deploy.arguments import parse
from ecs_deploy.console import Exit
from ecs_deploy.tests.conftest import Site, register
from ecs_deploy.tests.fargate import CIRCUIT_BREAKER

DEPLOY = Path(__file__).resolve().parents[2]
WORKFLOW: dict[Any, Any] = yaml.safe_load((DEPLOY / "examples" / "github-actions.yml").read_text())
POLICY: dict[str, Any] = json.loads((DEPLOY / "ecs_deploy" / "policy.json").read_text())


def calls() -> list[list[str]]:
    """Returns the arguments of each call of the program in the workflow, for each action that there is."""
    found = []
    actions = WORKFLOW[True]["workflow_dispatch"]["inputs"]["action"]["options"]  # YAML reads on: as true
    for step in WORKFLOW["jobs"]["deploy"]["steps"]:
        for line in re.sub(r"\\\n\s*", "", step.get("run", "")).splitlines():
            words = shlex.split(line)
            if words and words[0] == "deploy/ecs-deploy":
                named = [a for a in actions if a in step["if"]] if "$ACTION" in words else [words[1]]
                found += [[action, *words[2:]] for action in named]
    return found


def test_the_workflow_calls_what_there_is(monkeypatch: Any) -> None:
    monkeypatch.chdir(DEPLOY.parent)
    assert [call[0] for call in calls()] == ["deploy", "rollback", "status"]
    for call in calls():
        options = parse(call)
        assert (options.cluster, options.service) == ("$CLUSTER", "$SERVICE")


def test_the_workflow_has_no_long_lived_keys() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read", "id-token": "write"}
    assert WORKFLOW["concurrency"]["cancel-in-progress"] is False
    text = json.dumps(WORKFLOW)
    assert "role-to-assume" in text
    assert "secrets." not in text
    assert "access-key" not in text
    for step in WORKFLOW["jobs"]["deploy"]["steps"]:
        for file in re.findall(r"(?:deploy/[\w./-]+)", step.get("run", "")):
            assert (DEPLOY.parent / file).exists(), file


def test_the_policy_allows_all_that_is_called(site: Site, monkeypatch: Any) -> None:
    """Notes every request of whole runs, the double's own apart, and holds it against the policy."""
    allowed = {action for one in POLICY["Statement"] for action in one["Action"]}
    register(site.ecs.moto, site.image_1, family="app-migrate", app={"name": "migrate"}, beside="none")
    asked: set[str] = set()
    for service, prefix in (("ecr", "ecr"), ("elb", "elasticloadbalancing"), ("cloudwatch", "cloudwatch")):
        client = getattr(site.aws, service)
        client.meta.events.register(
            "before-call", lambda model, prefix=prefix, **_: asked.add(f"{prefix}:{model.name}")
        )
    site.ecs.alarms = ["errors"]
    site.ecs.looks = {"app:2": CIRCUIT_BREAKER}
    assert site.deploy("--migration-family", "app-migrate") == Exit.ROLLED_BACK
    site.ecs.looks = {}
    assert site.deploy("--migration-family", "app-migrate") == Exit.DONE
    assert site.run("rollback") == Exit.DONE
    assert site.run("status") == Exit.DONE
    names = {name for name, _ in site.ecs.calls if name != "get_paginator"}
    asked |= {"ecs:" + "".join(part.capitalize() for part in name.split("_")) for name in names}
    assert len(asked) > 8
    assert asked <= allowed, asked - allowed
    ecs = {action for action in allowed if action.startswith("ecs:")}
    assert ecs <= asked, f"allowed, and never needed: {ecs - asked}"


def test_the_policy_has_no_wildcard_action() -> None:
    for one in POLICY["Statement"]:
        assert not any("*" in action for action in one["Action"])
        if {"ecs:UpdateService", "iam:PassRole", "ecr:PutImage"} & set(one["Action"]):
            assert one["Resource"] != "*"
