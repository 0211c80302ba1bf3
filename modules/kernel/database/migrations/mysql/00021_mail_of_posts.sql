-- +goose Up
-- postid is the recipient's post that asks for the mail (posts.notify); 0 for mails that nobody need ask for.
ALTER TABLE {q2ab_mail} ADD COLUMN postid INT UNSIGNED NOT NULL DEFAULT 0,
  DROP KEY event, ADD UNIQUE KEY event (seq, kind, userid, postid);

-- +goose Down
-- The release before cannot send them.
DELETE FROM {q2ab_mail} WHERE postid > 0 OR userid = 0;
ALTER TABLE {q2ab_mail} DROP KEY event, DROP COLUMN postid, ADD UNIQUE KEY event (seq, kind, userid);
