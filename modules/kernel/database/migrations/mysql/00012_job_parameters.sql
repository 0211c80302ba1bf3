-- +goose Up
-- parameters is JSON, what a run was told; NULL for nothing. One run may wait by request or event with parameters, and one without: what an event
-- asks for is not what a run with parameters does.
ALTER TABLE {q2ab_job_runs} DROP KEY asked_name, DROP COLUMN asked_name, ADD COLUMN parameters TEXT CHARACTER SET utf8mb4 NULL;
ALTER TABLE {q2ab_job_runs}
  ADD COLUMN asked_name VARCHAR(62) CHARACTER SET ascii GENERATED ALWAYS AS
    (CASE WHEN status = 'queued' AND due IS NULL THEN CONCAT(name, dry_run, parameters IS NULL) END) STORED,
  ADD UNIQUE KEY asked_name (asked_name);

-- +goose Down
-- The release before would work on them without their parameters.
UPDATE {q2ab_job_runs} SET status = 'cancelled', fence = fence + 1 WHERE status IN ('queued', 'running') AND parameters IS NOT NULL;
ALTER TABLE {q2ab_job_runs} DROP KEY asked_name, DROP COLUMN asked_name;
ALTER TABLE {q2ab_job_runs} DROP COLUMN parameters;
ALTER TABLE {q2ab_job_runs}
  ADD COLUMN asked_name VARCHAR(62) CHARACTER SET ascii GENERATED ALWAYS AS (CASE WHEN status = 'queued' AND due IS NULL THEN CONCAT(name, dry_run) END) STORED,
  ADD UNIQUE KEY asked_name (asked_name);
