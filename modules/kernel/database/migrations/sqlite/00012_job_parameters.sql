-- +goose Up
DROP INDEX {q2ab_job_runs}_asked_name;
ALTER TABLE {q2ab_job_runs} ADD COLUMN parameters TEXT NULL;
CREATE UNIQUE INDEX {q2ab_job_runs}_asked_name ON {q2ab_job_runs} (name, dry_run, parameters IS NULL) WHERE status = 'queued' AND due IS NULL;

-- +goose Down
UPDATE {q2ab_job_runs} SET status = 'cancelled', fence = fence + 1 WHERE status IN ('queued', 'running') AND parameters IS NOT NULL;
DROP INDEX {q2ab_job_runs}_asked_name;
ALTER TABLE {q2ab_job_runs} DROP COLUMN parameters;
CREATE UNIQUE INDEX {q2ab_job_runs}_asked_name ON {q2ab_job_runs} (name, dry_run) WHERE status = 'queued' AND due IS NULL;
