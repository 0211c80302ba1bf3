"""The image: finding one that exists, or building one and pushing it to ECR."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .console import Console, Exit, Failure, refused

if TYPE_CHECKING:
    from mypy_boto3_ecr.type_defs import ImageIdentifierTypeDef

    from .service import Aws

_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"/(?P<repository>[a-z0-9._/-]+?)(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_DIGEST = re.compile(r"(?P<name>[^@\s]+)@(?P<digest>sha256:[0-9a-f]{64})")

# What stands for the digest of an image that a dry run does not build.
NOT_BUILT = "sha256:of-the-image-that-would-be-built"


@dataclass(frozen=True)
class Image:
    """An image by its digest, which always means the same bytes, as no tag does."""

    uri: str
    digest: str
    version: str

    def __str__(self) -> str:
        return f"{self.uri.split('@')[0]} {self.version} ({self.digest[:19]})"


def existing(aws: Aws, uri: str, version: str | None) -> Image:
    """Returns an image that is in a registry, or refuses what cannot be found."""
    ecr = _ECR.fullmatch(uri)
    if not ecr or ecr["region"] != aws.region:
        return _elsewhere(uri, version, aws.region)
    if not ecr["tag"] and not ecr["digest"]:
        raise refused(f"--image: {uri} has neither a tag nor a digest")
    digest = _digest(aws, ecr["repository"], ecr["tag"], ecr["digest"], ecr["account"])
    if digest is None:
        raise refused(f"--image: there is no image {uri}")
    name = uri.split("@")[0]
    if ecr["tag"]:
        name = name.removesuffix(f":{ecr['tag']}")
    return Image(f"{name}@{digest}", digest, version or ecr["tag"] or digest[7:19])


def _elsewhere(uri: str, version: str | None, region: str) -> Image:
    """Returns an image of a registry that is not asked. Only a digest says which image that is."""
    by_digest = _DIGEST.fullmatch(uri)
    if not by_digest:
        raise refused(
            f"--image: {uri} is not in ECR in {region}, so it has to be named by its digest (NAME@sha256:…)"
        )
    digest = by_digest["digest"]
    name, _, tag = by_digest["name"].rpartition(":")
    if not name or "/" in tag:
        name, tag = by_digest["name"], ""
    return Image(f"{name}@{digest}", digest, version or tag or digest[7:19])


def _digest(
    aws: Aws, repository: str, tag: str | None, digest: str | None, account: str | None
) -> str | None:
    """Returns the digest of an image in ECR, or None if it is not there."""
    wanted: ImageIdentifierTypeDef = {"imageDigest": digest} if digest else {"imageTag": tag or ""}
    try:
        if account:
            found = aws.ecr.describe_images(repositoryName=repository, imageIds=[wanted], registryId=account)
        else:
            found = aws.ecr.describe_images(repositoryName=repository, imageIds=[wanted])
    except (aws.ecr.exceptions.ImageNotFoundException, aws.ecr.exceptions.RepositoryNotFoundException):
        return None
    return found["imageDetails"][0]["imageDigest"] if found["imageDetails"] else None


@dataclass(frozen=True)
class Build:
    """What is to be built, with all that can be checked before it is."""

    folder: Path
    repository: str
    repository_uri: str
    version: str
    platform: str
    done: Image | None  # where an image of that version is in the repository already


def prepare(aws: Aws, folder: Path, repository: str, version: str | None, platform: str) -> Build:
    """Checks all that a build needs, and whether it has been done."""
    version = version or _commit(folder)
    try:
        found = aws.ecr.describe_repositories(repositoryNames=[repository])["repositories"]
    except aws.ecr.exceptions.RepositoryNotFoundException:
        raise refused(f"--repository: there is no repository {repository} in ECR in {aws.region}") from None
    uri = found[0]["repositoryUri"]
    digest = _digest(aws, repository, version, None, None)
    done = Image(f"{uri}@{digest}", digest, version) if digest else None
    if done is None:
        _need_buildx()
    return Build(folder, repository, uri, version, platform, done)


def _commit(folder: Path) -> str:
    """Returns the commit that is checked out, which names the version. What is not committed has no name."""
    git = ["git", "-C", str(folder)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True
        )
        changes = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise refused(
            f"--version is missing: {folder} is not in a git repository that could name it"
        ) from None
    if changes.stdout.strip():
        raise refused(
            f"{folder} has changes that are not committed: commit them, or name the image by --version"
        )
    return head.stdout.strip()


def _need_buildx() -> None:
    if not shutil.which("docker"):
        raise refused("--build: there is no docker on this machine")
    if subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False).returncode != 0:
        raise refused("--build: this docker has no buildx")


def build(aws: Aws, what: Build, console: Console) -> Image:
    """Builds and pushes the image, unless that version is in the repository already."""
    if what.done:
        console.say(f"image {what.done} is in the repository already; it is not built again")
        return what.done
    tag = f"{what.repository_uri}:{what.version}"
    if console.would(f"build {what.folder} for {what.platform} and push it as {tag}"):
        return Image(f"{what.repository_uri}@{NOT_BUILT}", NOT_BUILT, what.version)
    _log_in(aws, what.repository_uri)
    console.say(f"building {what.folder} for {what.platform} as {tag}")
    command = [
        *("docker", "buildx", "build"),
        *("--platform", what.platform),
        *("--tag", tag),
        *("--label", f"org.opencontainers.image.version={what.version}"),
        # Attestations would be images of their own in the repository, without a tag.
        "--provenance=false",
        "--push",
        str(what.folder),
    ]
    if subprocess.run(command, check=False).returncode != 0:
        raise Failure(Exit.IMAGE, f"docker could not build or push {tag}; the reason stands above")
    digest = _digest(aws, what.repository, what.version, None, None)
    if digest is None:
        raise Failure(Exit.IMAGE, f"docker pushed {tag}, but it is not in the repository")
    image = Image(f"{what.repository_uri}@{digest}", digest, what.version)
    console.say(f"pushed {image}")
    return image


def _log_in(aws: Aws, repository_uri: str) -> None:
    """Lets docker push for some hours. The password goes through a pipe: others can read arguments."""
    token = aws.ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    registry = repository_uri.split("/")[0]
    login = subprocess.run(
        ["docker", "login", "--username", user, "--password-stdin", registry],
        input=password,
        capture_output=True,
        text=True,
        check=False,
    )
    if login.returncode != 0:
        raise Failure(Exit.IMAGE, f"docker could not log in to {registry}: {login.stderr.strip()}")
