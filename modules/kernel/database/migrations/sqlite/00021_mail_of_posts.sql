-- +goose Up
DROP INDEX {q2ab_mail}_event;
ALTER TABLE {q2ab_mail} ADD COLUMN postid INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX {q2ab_mail}_event ON {q2ab_mail} (seq, kind, userid, postid);

-- +goose Down
DELETE FROM {q2ab_mail} WHERE postid > 0 OR userid = 0;
DROP INDEX {q2ab_mail}_event;
ALTER TABLE {q2ab_mail} DROP COLUMN postid;
CREATE UNIQUE INDEX {q2ab_mail}_event ON {q2ab_mail} (seq, kind, userid);
