"""Building and pushing. Docker is a script that notes its calls and puts an image into moto."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecs_deploy.console import Exit
from ecs_deploy.tests.conftest import Site
from ecs_deploy.tests.fargate import REPOSITORY

DOCKER = f"""#!{sys.executable}
import json, os, sys
sys.path.insert(0, {str(Path(__file__).resolve().parents[2])!r})
arguments = sys.argv[1:]
with open(os.environ["DOCKER_CALLS"], "a") as calls:
    print(json.dumps([arguments, sys.stdin.read() if "--password-stdin" in arguments else ""]), file=calls)
if arguments[:2] == ["buildx", "build"]:
    if os.environ.get("DOCKER_FAILS"):
        sys.exit(1)
    import boto3
    from ecs_deploy.tests.conftest import put_image
    put_image(boto3.client("ecr"), arguments[arguments.index("--tag") + 1].rsplit(":", 1)[1])
"""


@pytest.fixture
def source(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a Dockerfile, and the stand-in for docker."""
    bin_folder, folder = tmp_path / "bin", tmp_path / "source"
    bin_folder.mkdir()
    folder.mkdir()
    docker = bin_folder / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_CALLS", str(tmp_path / "calls"))
    (folder / "Dockerfile").write_text("FROM scratch\n")
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *command], check=True)
    return folder


def calls(source: Path) -> str:
    noted = source.parent / "calls"
    return noted.read_text() if noted.exists() else ""


def build(site: Site, source: Path, *arguments: str) -> int:
    return site.run("deploy", "--build", str(source), "--repository", REPOSITORY, *arguments)


def commit(source: Path) -> str:
    head = ["git", "-C", str(source), "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(head, capture_output=True, text=True, check=True).stdout.strip()


def test_it_builds_pushes_and_deploys(site: Site, source: Path) -> None:
    assert build(site, source) == Exit.DONE, site.output
    app = site.containers("app:2")["server"]
    assert "@sha256:" in app["image"]
    assert app["dockerLabels"]["com.datadoghq.tags.version"] == commit(source)
    told = calls(source)
    assert '"--platform", "linux/arm64"' in told, "the platform is that of the running task"
    assert f':{commit(source)}"' in told
    assert '"--push"' in told


def test_the_password_is_in_no_argument_and_not_printed(site: Site, source: Path) -> None:
    assert build(site, source) == Exit.DONE
    login = next(line for line in calls(source).splitlines() if "--password-stdin" in line)
    arguments, password = json.loads(login)
    assert password
    assert password not in arguments
    assert password not in site.output


def test_what_was_pushed_is_not_built_again(site: Site, source: Path) -> None:
    site.ecs.exit_codes = [1]
    assert build(site, source) == Exit.MIGRATION
    assert build(site, source) == Exit.MIGRATION
    assert calls(source).count('"build"') == 1
    assert "is in the repository already; it is not built again" in site.output


def test_a_dry_run_builds_nothing(site: Site, source: Path) -> None:
    assert build(site, source, "--dry-run") == Exit.DONE, site.output
    assert site.changed == []
    assert '"build"' not in calls(source).replace('"buildx", "version"', "")
    assert "login" not in calls(source)
    assert f"would build {source} for linux/arm64 and push it as" in site.output
    assert "would run the migrations" in site.output


def test_a_build_that_fails_leaves_the_service_alone(
    site: Site, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_FAILS", "1")
    assert build(site, source) == Exit.IMAGE
    assert site.changed == []
    assert site.runs == "app:1"


def test_what_is_not_committed_needs_a_version(site: Site, source: Path) -> None:
    (source / "Dockerfile").write_text("FROM scratch\nUSER 1\n")
    assert build(site, source) == Exit.REFUSED
    assert "not committed" in site.output
    assert build(site, source, "--version", "try-1") == Exit.DONE, site.output


def test_what_is_wrong_with_a_build_is_refused_first(
    site: Site, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.run("deploy", "--build", str(source), "--repository", "gone") == Exit.REFUSED
    assert "--repository: there is no repository gone" in site.output
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "Dockerfile").write_text("FROM scratch\n")
    assert build(site, plain) == Exit.REFUSED
    assert "--version is missing" in site.output
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert build(site, source, "--version", "x") == Exit.REFUSED
    assert "no docker" in site.output
