#!/usr/bin/env python3
"""Checks what the tests of Terraform cannot see: the whole of what is planned and made, and the texts.

  check.py texts DIR
      Every variable is described and typed, and every validation has a test.
  check.py plan EXAMPLE PLAN.json
      What must be true of the plan of an example.
  check.py applied STATE.json PLAN.json DRIFT.json ENV
      No policy allows everything, no secret is in the state or in a plain environment, every setting is one
      that the program has (ENV is .env.example), and the plan after the apply changes nothing but what
      DRIFT.json lists.
  check.py drift DRIFT.json PLAN.json...
      What DRIFT.json lists does happen.

PLAN.json and STATE.json are what `terraform show -json` prints. Each failed check is printed; the exit status
is 1 then.
"""
import json
import pathlib
import re
import sys

failures = []


def must(condition, message):
    if not condition:
        failures.append(message)


def resources(module):
    """All resources of a module of a plan or state, and of the modules in it."""
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from resources(child)


# ---- The texts.


def texts(folder):
    folder = pathlib.Path(folder)
    refused = {}  # (module, variable) -> number of tests that expect it to be refused
    for test in sorted(folder.glob("tests/*.tftest.hcl")):
        for run in re.split(r"(?m)^run ", test.read_text())[1:]:
            source = re.search(r'source\s*=\s*"\./((?:modules|examples)/\w+)"', run)
            must(source, f"{test.name}: a run without a module")
            for variable in re.findall(r"expect_failures\s*=\s*\[(.*?)\]", run, re.S):
                for name in re.findall(r"var\.(\w+)", variable):
                    key = (source[1], name)
                    refused[key] = refused.get(key, 0) + 1
    count = 0
    for file in sorted(folder.glob("modules/*/variables.tf")) + sorted(
        folder.glob("examples/*/variables.tf")
    ):
        module = f"{file.parent.parent.name}/{file.parent.name}"
        for block in re.split(r"(?m)^variable ", file.read_text())[1:]:
            name = block.split('"')[1]
            must(
                re.search(r'(?m)^  description = ".{10,}"$', block),
                f"{module}: var.{name} has no description",
            )
            must(re.search(r"(?m)^  type\s+= ", block), f"{module}: var.{name} has no type")
            validations = len(re.findall(r"(?m)^  validation \{", block))
            for message in re.findall(r'error_message = "(\w+)', block):
                must(
                    message == name,
                    f"{module}: a refusal of var.{name} begins with {message!r}, and not with its name",
                )
            tested = refused.get((module, name), 0)
            must(
                tested >= validations,
                f"{module}: var.{name} has {validations} validations, and {tested} tests expect a refusal",
            )
            count += validations
        example = file.parent / "terraform.tfvars.example"
        if module.startswith("examples/"):
            given = set(re.findall(r"(?m)^#? ?(\w+)\s+= ", example.read_text()))
            known = set(re.findall(r'(?m)^variable "(\w+)"', file.read_text()))
            must(given <= known, f"{example}: there is no variable {', '.join(sorted(given - known))}")
    return f"{count} validations, each with a test"


# ---- A plan.


def documented(env):
    """The settings' meanings, by their names."""
    return {name: meaning for meaning, name in re.findall(r"(?m)^# (.*)\n# ([A-Z][A-Z0-9_]*)=", env)}


def statements(policy):
    found = json.loads(policy)["Statement"]
    return found if isinstance(found, list) else [found]


def as_list(value):
    return value if isinstance(value, list) else [value]


def allows_everything(statement):
    if statement["Effect"] != "Allow" or "*" not in as_list(statement.get("Resource", [])):
        return False
    return any(action == "*" or action.endswith(":*") for action in as_list(statement["Action"]))


def containers(planned):
    for resource in planned:
        if resource["type"] == "aws_ecs_task_definition":
            text = resource["values"].get("container_definitions")
            if text is None:  # parts of it are known only after the apply
                continue
            for container in json.loads(text):
                yield resource["address"], container


def plan(example, file):
    document = json.loads(pathlib.Path(file).read_text())
    planned = list(resources(document["planned_values"]["root_module"]))
    by_type = {}
    for resource in planned:
        by_type.setdefault(resource["type"], []).append(resource)

    def values(kind):
        return [resource["values"] for resource in by_type.get(kind, [])]

    for rule in by_type.get("aws_vpc_security_group_ingress_rule", []):
        v = rule["values"]
        if v.get("cidr_ipv4") or v.get("cidr_ipv6"):
            must(
                "balancer" in rule["address"],
                f"{rule['address']} lets in a network, and not a security group",
            )
    must(all(v["publicly_accessible"] is False for v in values("aws_db_instance")), "a public database")
    for v in values("aws_lb_listener"):
        if v["protocol"] == "HTTP":
            must(v["default_action"][0]["type"] == "redirect", "HTTP does more than redirect")
    must(len(values("aws_lb_listener")) == 2, "two listeners were expected")
    must(
        len(values("aws_route53_record")) >= 2, "the records of the name and of its certificate were expected"
    )
    for v in values("aws_ecs_service"):
        must(v["alarms"][0]["rollback"] and v["deployment_circuit_breaker"][0]["rollback"], "no rollback")
        must(
            sorted(v["alarms"][0]["alarm_names"]) == [f"{v['name']}-errors", f"{v['name']}-latency"],
            "no alarms roll back",
        )
    made = {alarm["alarm_name"] for alarm in values("aws_cloudwatch_metric_alarm")}
    must(set(v["alarms"][0]["alarm_names"]) <= made, "a deployment waits for an alarm that is not made")
    if example == "full":
        lacking_at_moto(values)
    if example == "given":
        own = [
            kind
            for kind in ("aws_db_instance", "aws_db_proxy", "aws_vpc", "aws_subnet", "aws_cognito_user_pool")
            if values(kind)
        ]
        must(not own, f"made, although it is given or not wanted: {', '.join(own)}")
    return f"{len(planned)} resources"


def lacking_at_moto(values):
    """What tests/moto takes out of the apply has to be in the plan."""
    must(len(values("aws_elasticache_subnet_group")) == 1, "no subnets of the cache")
    group = values("aws_elasticache_replication_group")
    must(len(group) == 1 and group[0]["transit_encryption_enabled"], "no cache")
    must(group[0]["num_cache_clusters"] == 1, "one node of the cache was expected")
    kept = values("aws_lambda_provisioned_concurrency_config")
    must(
        len(kept) == 1 and kept[0]["provisioned_concurrent_executions"] == 1,
        "no environment of Lambda is kept started",
    )
    sets = values("aws_sesv2_configuration_set")
    must(
        len(sets) == 1 and sets[0]["delivery_options"][0]["tls_policy"] == "REQUIRE",
        "no configuration set of SES",
    )
    destinations = values("aws_sesv2_configuration_set_event_destination")
    kinds = sorted(d["event_destination"][0]["matching_event_types"][0] for d in destinations)
    must(kinds == ["BOUNCE", "COMPLAINT"], "bounces and complaints go nowhere")
    dkim = [
        record
        for record in values("aws_route53_record")
        if record.get("type") == "CNAME" and record["ttl"] == 1800
    ]
    must(len(dkim) == 3, "the three records of DKIM were expected")
    target = values("aws_appautoscaling_target")
    must(len(target) == 1 and target[0]["max_capacity"] > target[0]["min_capacity"], "no scaling")
    metrics = sorted(
        policy["target_tracking_scaling_policy_configuration"][0]["predefined_metric_specification"][0][
            "predefined_metric_type"
        ]
        for policy in values("aws_appautoscaling_policy")
    )
    must(
        metrics == ["ALBRequestCountPerTarget", "ECSServiceAverageCPUUtilization"],
        "scaling by the wrong metrics",
    )


# ---- What was made.


def applied(state_file, plan_file, drift_file, env_file):
    state = json.loads(pathlib.Path(state_file).read_text())
    made = list(resources(state["values"]["root_module"]))
    policies = 0
    for resource in made:
        if resource["type"] == "aws_sns_topic":
            continue  # the policy that a topic has before its aws_sns_topic_policy, which is looked at
        for name in ("policy", "assume_role_policy"):
            text = resource["values"].get(name)
            if not isinstance(text, str) or '"Statement"' not in text:
                continue
            policies += 1
            for statement in statements(text):
                must(
                    not allows_everything(statement),
                    f"{resource['address']}: {name} allows everything: {statement}",
                )
                # The principals of an endpoint are those in the VPC.
                public = statement.get("Principal") in ("*", {"AWS": "*"}) and statement["Effect"] == "Allow"
                public = public and resource["type"] != "aws_vpc_endpoint"
                must(not public, f"{resource['address']}: {name} lets in everybody")
    must(policies > 5, f"only {policies} policies were found")

    env = pathlib.Path(env_file).read_text()
    meanings = documented(env)
    secrets = {name for name, meaning in meanings.items() if meaning.endswith(" Secret.")}
    must(len(meanings) > 30 and len(secrets) >= 4, f"{env_file}: not read rightly")
    known = set(meanings) | set(re.findall(r"\bDD_[A-Z_]+\b", env))
    ours = 0
    for address, container in containers(made):
        environment = [entry["name"] for entry in container.get("environment", [])]
        given = [entry["name"] for entry in container.get("secrets", [])]
        if container["name"] not in ("agent", "router"):
            ours += 1
            unknown = (set(environment) | set(given)) - known
            must(not unknown, f"{address}: the program has no setting {', '.join(sorted(unknown))}")
            must("DATABASE_URL" in given, f"{address}: {container['name']} has no DATABASE_URL")
            must(
                container.get("readonlyRootFilesystem") is True,
                f"{address}: {container['name']} has a writable root",
            )
        else:
            must(container["essential"] is False, f"{address}: the task ends with {container['name']}")
        plain = set(environment) & (secrets | {"DD_API_KEY"})
        must(not plain, f"{address}: in the plain environment: {', '.join(sorted(plain))}")
    must(ours == 2, f"{ours} containers of the program, and not the server's and the migration's")
    for resource in made:
        if resource["type"] == "aws_lambda_function":
            names = set(resource["values"]["environment"][0]["variables"])
            must(not names & secrets, f"{resource['address']}: secrets in the plain environment")
            unknown = names - known
            if unknown == {"SECRET_ARNS"}:
                print(
                    "WARNING: .env.example has no SECRET_ARNS: the Lambda function cannot fetch its secrets",
                    file=sys.stderr,
                )
                unknown = set()
            must(
                not unknown, f"{resource['address']}: the program has no setting {', '.join(sorted(unknown))}"
            )
        if resource["type"] in ("aws_secretsmanager_secret_version", "aws_db_instance"):
            for name in ("secret_string", "password"):
                must(not resource["values"].get(name), f"{resource['address']}: {name} is in the state")
    must(
        "mysql://" not in json.dumps(state), "the address of the database, with its password, is in the state"
    )

    must_change_nothing(plan_file, drift_file)
    return f"{len(made)} resources, {policies} policies"


def differing(change):
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = change.get("after_unknown") or {}
    for name in sorted(set(before) | set(after)):
        if before.get(name) != after.get(name) or unknown.get(name) is True and before.get(name) is None:
            yield name


def must_change_nothing(plan_file, drift_file):
    again = json.loads(pathlib.Path(plan_file).read_text())
    drift = json.loads(pathlib.Path(drift_file).read_text())
    for change in again.get("resource_changes", []):
        actions = change["change"]["actions"]
        if actions in (["no-op"], ["read"]):
            continue
        lost = drift.get(change["type"], {}).get("attributes", [])
        other = [name for name in differing(change["change"]) if name not in lost]
        must(
            actions == ["update"] and not other,
            f"{change['address']}: a second apply would {'/'.join(actions)} it: {', '.join(other) or 'all of it'}",
        )
    for name, output in again.get("output_changes", {}).items():
        must(output["actions"] == ["no-op"], f"the output {name} changes with a second apply")


def drift(drift_file, *plan_files):
    """What moto has learnt to keep has to leave the list."""
    seen = set()
    for file in plan_files:
        for change in json.loads(pathlib.Path(file).read_text()).get("resource_changes", []):
            if change["change"]["actions"] == ["update"]:
                seen |= {(change["type"], name) for name in differing(change["change"])}
    listed = {
        (kind, name)
        for kind, entry in json.loads(pathlib.Path(drift_file).read_text()).items()
        for name in entry["attributes"]
    }
    for kind, name in sorted(listed - seen):
        must(False, f"{drift_file}: {kind}.{name} does not drift")
    return f"{len(listed)} attributes that moto forgets"


def main():
    command, *arguments = sys.argv[1:]
    result = {"texts": texts, "plan": plan, "applied": applied, "drift": drift}[command](*arguments)
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    print(f"{command}: {result}, {len(failures)} failures")
    sys.exit(1 if failures else 0)


main()
