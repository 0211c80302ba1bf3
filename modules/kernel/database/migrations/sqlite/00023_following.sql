-- +goose Up
CREATE TABLE {q2ab_follow_mails} (
  userid INTEGER NOT NULL PRIMARY KEY,
  tags TEXT NOT NULL,
  categories TEXT NOT NULL,
  users TEXT NOT NULL,
  questions TEXT NOT NULL,
  site TEXT NOT NULL
);
CREATE TABLE {q2ab_followed} (
  userid INTEGER NOT NULL,
  postid INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  told_on INTEGER NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (userid, postid)
);
CREATE INDEX {q2ab_followed}_postid ON {q2ab_followed} (postid);
CREATE INDEX {q2ab_followed}_counted ON {q2ab_followed} (told_on, userid, state);
CREATE TABLE {q2ab_digests} (
  userid INTEGER NOT NULL,
  often TEXT NOT NULL,
  made_for INTEGER NOT NULL,
  PRIMARY KEY (userid, often, made_for)
);
CREATE INDEX {q2ab_digests}_made_for ON {q2ab_digests} (made_for);

-- +goose Down
DELETE FROM {q2ab_mail} WHERE kind IN ('followed_question', 'followed_answer', 'digest_daily', 'digest_weekly');
DROP TABLE {q2ab_digests};
DROP TABLE {q2ab_followed};
DROP TABLE {q2ab_follow_mails};
