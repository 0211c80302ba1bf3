"""The parts of the program ecs-deploy.

main       the command line, exit codes
arguments  what may be given, and what is refused
commands   deploy, rollback and status, step by step
service    the service as ECS describes it
image      finding, building and pushing the image
revision   revisions of task definitions: copies, tags, finding one again
migration  the one-off task that updates the tables
rollout    updating the service, watching, the reason of a failure, going back
console    progress lines, time, and failures with their exit codes
"""
