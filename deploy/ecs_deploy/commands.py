"""The commands, step by step. Each step looks first whether it has been done."""

from __future__ import annotations

from . import image as images
from . import revision as revisions
from .arguments import Options
from .console import Console, Exit, Failure, refused
from .image import Image
from .migration import Migration, check_entry_point, migrate
from .revision import Definition, Revision
from .rollout import Rollout, Watch
from .service import Aws, Service, look


def deploy(aws: Aws, options: Options, console: Console) -> None:
    """Takes the image to the service."""
    service = look(aws, options.cluster, options.service)
    running = revisions.find(aws, service.task_definition)
    base = running if options.base == "running" else next(revisions.newest(aws, running.family, 1))
    base.container(options.container)
    migration_base = _migration_base(aws, options, base)
    image = _image(aws, options, base, console)
    wanted = revisions.with_image(aws, base, options.container, image)
    goes_on = revisions.same(aws, wanted, running)
    if goes_on and service.is_steady:
        console.say(f"nothing to do: {service.name} runs {running} with {image}, and is steady")
        return
    if service.is_moving and not goes_on and not options.replace:
        raise Failure(
            Exit.OVERTAKEN,
            f"a deployment of {running} is under way; wait for its end, or go on by --replace",
        )
    if not service.rolls_back:
        console.say(f"warning: {service.name} has no circuit breaker that rolls back: only this program does")
    target = running if goes_on else _registered(aws, base, wanted, image, console)
    if options.migrations:
        _migrate(aws, options, service, migration_base, target, image, console)
    if target is None or console.dry_run:
        console.would(f"take {service.name} from {running} to {target or 'that revision'}, and watch it")
        return
    previous = _before(aws, service, running) if goes_on else running
    _rollout(aws, options, service, console).to(target, previous)
    console.say(f"done: {service.name} runs {target} with {image}")


def _migration_base(aws: Aws, options: Options, base: Revision) -> Revision | None:
    """Returns the revision that the migration task's is a copy of, if it has a family of its own."""
    if not options.migrations:
        return None
    if options.migration_family is None:
        check_entry_point(base, options.container)
        return None
    own = revisions.find(aws, options.migration_family)
    own.container(_migration_container(own, options))
    return own


def _migration_container(own: Revision, options: Options) -> str:
    containers = own.described["containerDefinitions"]
    return options.migration_container or (
        containers[0]["name"] if len(containers) == 1 else options.container
    )


def _image(aws: Aws, options: Options, base: Revision, console: Console) -> Image:
    if options.image:
        return images.existing(aws, options.image, options.version)
    if not options.build or not options.repository:
        raise refused("an image is missing")  # parse has refused that already
    platform = options.platform or base.platform
    what = images.prepare(aws, options.build, options.repository, options.version, platform)
    return images.build(aws, what, console)


def _registered(
    aws: Aws, base: Revision, wanted: Definition, image: Image, console: Console
) -> Revision | None:
    """Returns the revision with the image, which is registered unless it exists. A dry run may have none."""
    found = revisions.find_same(aws, base.family, wanted)
    if found:
        console.say(f"{found} has {image} already")
        return found
    if console.would(f"register a copy of {base} with the image {image}"):
        return None
    registered = revisions.register(aws, base, wanted, image)
    console.say(f"registered {registered}, a copy of {base} with {image}")
    return registered


def _migrate(
    aws: Aws,
    options: Options,
    service: Service,
    own: Revision | None,
    target: Revision | None,
    image: Image,
    console: Console,
) -> None:
    runs, container = target, options.container
    command: list[str] | None = options.migration_command
    if own:
        container = _migration_container(own, options)
        wanted = revisions.with_image(aws, own, container, image)
        runs, command = _registered(aws, own, wanted, image, console), None
    if runs is None or target is None:  # in a dry run
        console.would(f"run the migrations, by a task of that revision: {' '.join(command or ['as it is'])}")
        return
    migration = Migration(runs, container, command)
    migrate(aws, service, migration, target, options.migration_timeout, console)


def _rollout(aws: Aws, options: Options, service: Service, console: Console) -> Rollout:
    return Rollout(aws, service, options.container, options.timeout, options.poll, console)


def _before(aws: Aws, service: Service, revision: Revision) -> Revision | None:
    """Returns what ran before a revision whose deployment has begun: as noted, or what still runs."""
    noted = revisions.before(revision)
    if noted:
        return revisions.find(aws, noted)
    others = [d["taskDefinition"] for d in service.deployments if d["taskDefinition"] != revision.arn]
    return revisions.find(aws, others[0]) if others else None


def rollback(aws: Aws, options: Options, console: Console) -> None:
    """Goes back to the revision that ran before, or to a named one. Migrations are not undone."""
    service = look(aws, options.cluster, options.service)
    running = revisions.find(aws, service.task_definition)
    last = revisions.last_deployed(aws, running.family)
    target = (
        _named(aws, running, options.to)
        if options.to is not None
        else _back_from(aws, last, running, options)
    )
    if target.described.get("status") != "ACTIVE":
        raise refused(
            f"{target} cannot be run any more: it is {target.described.get('status')}; give another by --to"
        )
    target.container(options.container)
    if target.arn == running.arn and service.is_steady:
        further = "" if options.to else "; to go further back, give --to"
        console.say(f"nothing to do: {service.name} runs {target}, and is steady{further}")
        return
    if console.would(f"take {service.name} from {running} back to {target} ({_image_of(target, options)})"):
        return
    console.say("what migrations have done to the tables stays as it is")
    left = last if last and target.arn == running.arn else running
    _rollout(aws, options, service, console).back(target, left)
    console.say(f"done: {service.name} is back on {target} ({_image_of(target, options)})")


def _back_from(aws: Aws, last: Revision | None, running: Revision, options: Options) -> Revision:
    """Returns what ran before the last deployment, also once that runs again."""
    noted = revisions.before(last) if last else None
    if last and noted and str(running) in (str(last), noted):
        return revisions.find(aws, noted)
    raise refused(
        f"nothing is noted about what ran before {running}; give --to, one of:\n"
        f"{_choices(aws, running, options)}"
    )


def _named(aws: Aws, running: Revision, name: str) -> Revision:
    family, _, number = name.rpartition(":")
    if not number.isdigit() or family not in ("", running.family):
        raise refused(f"--to: {name!r} is not a revision of {running.family}")
    return revisions.find(aws, f"{running.family}:{number}")


def _image_of(revision: Revision, options: Options) -> str:
    version = revision.version(options.container)
    image = revision.container(options.container)["image"]
    return f"{version}, {image}" if version else image


def _choices(aws: Aws, running: Revision, options: Options) -> str:
    others = [r for r in revisions.newest(aws, running.family, 6) if r.number != running.number]
    return "\n".join(f"  {one}  {_image_of(one, options)}" for one in others) or "  (there is no other)"


def status(aws: Aws, options: Options, console: Console) -> None:
    """Says what runs, and how it is."""
    service = look(aws, options.cluster, options.service)
    running = revisions.find(aws, service.task_definition)
    console.say(f"{service.name} in {service.cluster}: {'steady' if service.is_steady else 'not steady'}")
    console.say(f"revision: {running} ({_image_of(running, options)})")
    console.say(f"before:   {revisions.before(running) or 'nothing is noted'}")
    console.say(f"rollback: {'by ECS itself' if service.rolls_back else 'only by this program'}")
    begin = console.clock.now()
    Watch(aws, service.cluster, service.name, 0, console, since=begin).look()
    for event in service.described.get("events", [])[:5]:
        console.say(f"  {event['createdAt']:%Y-%m-%d %H:%M:%S} {event['message']}")
