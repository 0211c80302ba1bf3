-- +goose Up
-- The tables of the plugin ys-badges, as it makes them. They are there already where the plugin has been at work, and stay if this backend goes.
CREATE TABLE IF NOT EXISTS {ysb_badges} (
  badgeid INT(20) UNSIGNED NOT NULL,
  userid INT(10) UNSIGNED NOT NULL,
  show_flag SMALLINT UNSIGNED NOT NULL,
  created DATETIME NOT NULL,
  updated DATETIME NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE IF NOT EXISTS {ysb_badge_master} (
  badgeid INT(10) UNSIGNED NOT NULL UNIQUE,
  name VARCHAR(255) NOT NULL,
  event VARCHAR(255) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE IF NOT EXISTS {ysb_badge_ranking} (
  id INT(10) UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE,
  userid INT(10) UNSIGNED NOT NULL,
  badgeid INT(10) UNSIGNED NOT NULL,
  award_date VARCHAR(20),
  show_flag SMALLINT UNSIGNED NOT NULL,
  created DATETIME NOT NULL,
  updated DATETIME NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
-- The plugin's tables have no keys, so that they are read from beginning to end for every page that a member looks at.
ALTER TABLE {ysb_badges} ADD KEY q2ab_user (userid, badgeid), ADD KEY q2ab_holders (badgeid, created);
ALTER TABLE {ysb_badge_ranking} ADD KEY q2ab_user (userid), ADD KEY q2ab_holders (badgeid, award_date);
INSERT IGNORE INTO {ysb_badge_master} (badgeid, name, event) VALUES
  (101, 'answer', 'a_post'),
  (102, 'good_answer', 'a_vote_up'),
  (103, 'quick_answer', 'a_post'),
  (104, 'savior', 'a_post'),
  (105, 'detail_answer', 'a_post'),
  (106, 'answer_with_image', 'a_post'),
  (107, 'kind', 'a_post'),
  (108, 'help_others', 'a_post'),
  (109, 'hero', 'a_post'),
  (201, 'questioner', 'q_post'),
  (202, 'good_question', 'q_vote_up'),
  (203, 'with_many_answer', 'a_post'),
  (204, 'detail_question', 'q_post'),
  (205, 'question_with_image', 'q_post'),
  (206, 'question_with_video', 'q_post'),
  (207, 'full_of_curiosity', 'q_post'),
  (208, 'hardworking', 'q_post'),
  (209, 'question_master', 'q_post'),
  (301, 'recorder', 'qas_blog_b_post'),
  (302, 'good_blog', 'qas_blog_vote_up'),
  (303, 'blog_with_many_comment', 'qas_blog_c_post'),
  (304, 'detail_blog', 'qas_blog_b_post'),
  (305, 'blog_with_image', 'qas_blog_b_post'),
  (306, 'blog_with_video', 'qas_blog_b_post'),
  (307, 'blog_continuing', 'qas_blog_b_post'),
  (308, 'diligent_recorder', 'qas_blog_b_post'),
  (309, 'recording_expert', 'qas_blog_b_post'),
  (401, 'supporter', 'a_vote_up'),
  (402, 'info_collector', 'q_favorite'),
  (403, 'popular_person', 'u_favorite');
INSERT INTO {q2ab_state} (name, content, updated) VALUES ('badges', '', CURRENT_TIMESTAMP);

-- +goose Down
DELETE FROM {q2ab_state} WHERE name = 'badges';
ALTER TABLE {ysb_badge_ranking} DROP KEY q2ab_user, DROP KEY q2ab_holders;
ALTER TABLE {ysb_badges} DROP KEY q2ab_user, DROP KEY q2ab_holders;
