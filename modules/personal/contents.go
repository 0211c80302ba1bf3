package personal

// file is a file of the archive: the rows of a query as a JSON array.
type file struct {
	// name is the file's name without .json, and about what index.json says of it.
	name, about string
	// tables are the tables whose rows about the member the file holds.
	tables []string
	// plugin reports whether the first of the tables is a plugin's, which many sites do not have.
	plugin bool
	// query reads the fields. Each of its placeholders is the member's id.
	query  string
	fields []field
}

// contents are the files of the archive. They hold what the site keeps about the member and nothing that is
// another's: of messages to the member and of what the member follows, the other's handle; but not who flagged
// the member's posts, nor which moderator did what. Secrets are left out: hashes of passwords and tokens,
// codes, and the keys of devices.
var contents = append(append(append([]file{}, aboutAccount...), aboutWriting...), aboutMail...)

// aboutAccount are the files about the account, its settings and how its user signs in.
var aboutAccount = []file{
	{name: "account", about: "The account, with the addresses from which it was used", tables: []string{"users"},
		query: `SELECT userid, handle, email, UNIX_TIMESTAMP(created), createip, UNIX_TIMESTAMP(loggedin), loginip,
				COALESCE(UNIX_TIMESTAMP(written), 0), writeip, level, flags & 1, flags & 2, flags & 16, flags & 256, flags & 32,
				avatarblobid, wallposts
			FROM {users} WHERE userid = ?`,
		fields: []field{number("id"), text("handle"), text("email"), moment("createdAt"), address("createdFrom"),
			moment("signedInAt"), address("signedInFrom"), moment("wroteAt"), address("wroteFrom"), number("level"),
			yes("emailConfirmed"), yes("blocked"), yes("noMessages"), yes("noWallPosts"), yes("noMailings"), text("avatarFile"),
			number("wallPosts")}},
	{name: "profile", about: "The fields of the profile", tables: []string{"userprofile"},
		query:  "SELECT title, content FROM {userprofile} WHERE userid = ? ORDER BY title",
		fields: []field{text("field"), text("content")}},
	{name: "category-levels", about: "Levels in single categories", tables: []string{"userlevels"},
		query: `SELECT l.entityid, c.title, l.level FROM {userlevels} l LEFT JOIN {categories} c ON c.categoryid = l.entityid
			WHERE l.userid = ?`,
		fields: []field{number("categoryId"), text("category"), number("level")}},
	{name: "hourly-counts", about: "How often something was done in an hour, by which limits are kept",
		tables: []string{"userlimits"},
		query:  "SELECT action, period * 3600, count FROM {userlimits} WHERE userid = ?",
		fields: []field{text("action"), moment("hour"), number("count")}},
	{name: "sign-ins", about: "Other services by which the user signs in", tables: []string{"userlogins"},
		query:  "SELECT source, identifier FROM {userlogins} WHERE userid = ?",
		fields: []field{text("source"), text("identifier")}},
	{name: "cognito", about: "The subjects of the account in the user pool", tables: []string{"q2ab_people"},
		query:  "SELECT sub, created FROM {q2ab_people} WHERE userid = ?",
		fields: []field{text("subject"), moment("createdAt")}},
	{name: "cognito-move", about: "The move of the account to the user pool", tables: []string{"q2ab_migrated"},
		query:  "SELECT username, at, sub FROM {q2ab_migrated} WHERE userid = ?",
		fields: []field{text("username"), moment("at"), text("subject")}},
	{name: "sessions", about: "Where the user is signed in, without the secrets", tables: []string{"q2ab_sessions"},
		query:  "SELECT started, expires, used FROM {q2ab_sessions} WHERE userid = ? ORDER BY started",
		fields: []field{moment("startedAt"), moment("expiresAt"), yes("replaced")}},
	{name: "api-tokens", about: "API tokens, without the secrets", tables: []string{"q2ab_api_tokens"},
		query:  "SELECT id, name, scopes, created, expires, used FROM {q2ab_api_tokens} WHERE userid = ? ORDER BY id",
		fields: []field{number("id"), text("name"), text("scopes"), moment("createdAt"), moment("expiresAt"), moment("usedAt")}},
	{name: "codes", about: "Codes that were mailed, without the codes", tables: []string{"q2ab_codes"},
		query:  "SELECT purpose, made FROM {q2ab_codes} WHERE userid = ?",
		fields: []field{text("purpose"), moment("madeAt")}},
	{name: "log-of-changes", about: "What administrators changed of the account, and when", tables: []string{"q2ab_audit"},
		query:  "SELECT at, action FROM {q2ab_audit} WHERE kind = 'user' AND subject = ? ORDER BY id",
		fields: []field{moment("at"), text("action")}},
	{name: "own-changes", about: "What the user changed as moderator or administrator", tables: []string{"q2ab_audit"},
		query:  "SELECT at, action, kind, subject, ip FROM {q2ab_audit} WHERE byuserid = ? ORDER BY id",
		fields: []field{moment("at"), text("action"), text("kind"), text("subject"), text("address")}},
	{name: "site-notices", about: "Notices to all members that the user has made", tables: []string{"q2ab_notices"},
		query:  "SELECT id, content, format, made FROM {q2ab_notices} WHERE byuserid = ? ORDER BY id",
		fields: []field{number("id"), text("content"), text("format"), moment("madeAt")}},
	{name: "mailings", about: "Mailings to all members that the user has begun", tables: []string{"q2ab_mailings"},
		query:  "SELECT id, subject, body, began, ended FROM {q2ab_mailings} WHERE byuserid = ? ORDER BY id",
		fields: []field{number("id"), text("subject"), text("body"), moment("beganAt"), moment("endedAt")}},
	{name: "events", about: "What the site's event log has of the user", tables: []string{"eventlog"}, plugin: true,
		query: `SELECT UNIX_TIMESTAMP(datetime), event, ipaddress, handle FROM {eventlog} WHERE userid = ?
			ORDER BY datetime`,
		fields: []field{moment("at"), text("event"), text("address"), text("handle")}},
	{name: "exports", about: "Copies like this one", tables: []string{"q2ab_exports"},
		query:  "SELECT state, asked, finished, bytes, expires FROM {q2ab_exports} WHERE userid = ? ORDER BY id",
		fields: []field{text("state"), moment("requestedAt"), moment("finishedAt"), number("bytes"), moment("expiresAt")}},
	{name: "points", about: "Points, and from what they come", tables: []string{"userpoints"},
		query: `SELECT points, qposts, aposts, cposts, aselects, aselecteds, qupvotes, qdownvotes, aupvotes, adownvotes,
				cupvotes, cdownvotes, qvoteds, avoteds, cvoteds, upvoteds, downvoteds, bonus
			FROM {userpoints} WHERE userid = ?`,
		fields: []field{number("points"), number("questions"), number("answers"), number("comments"),
			number("answersSelected"), number("ownAnswersSelected"), number("questionsVotedUp"), number("questionsVotedDown"),
			number("answersVotedUp"), number("answersVotedDown"), number("commentsVotedUp"), number("commentsVotedDown"),
			number("gainedByQuestions"), number("gainedByAnswers"), number("gainedByComments"), number("upvotesReceived"),
			number("downvotesReceived"), number("bonus")}},
	{name: "badges", about: "Badges", tables: []string{"ysb_badges"},
		query: `SELECT b.badgeid, m.name, UNIX_TIMESTAMP(b.created) FROM {ysb_badges} b
			LEFT JOIN {ysb_badge_master} m ON m.badgeid = b.badgeid WHERE b.userid = ? ORDER BY b.created`,
		fields: []field{number("id"), text("name"), moment("awardedAt")}},
	{name: "badge-rankings", about: "Badges for places in rankings", tables: []string{"ysb_badge_ranking"},
		query:  "SELECT badgeid, award_date FROM {ysb_badge_ranking} WHERE userid = ? ORDER BY id",
		fields: []field{number("id"), text("date")}},
}

// aboutWriting are the files about what the user wrote, thought of, follows and was told on the site.
var aboutWriting = []file{
	{name: "posts", about: "Posts, also hidden ones and those that wait for approval, with the addresses that they came from",
		tables: []string{"posts"},
		query: `SELECT postid, type, parentid, categoryid, title, content, format, tags, name, notify, UNIX_TIMESTAMP(created), createip,
				COALESCE(UNIX_TIMESTAMP(updated), 0), CASE WHEN lastuserid = ? THEN lastip END, upvotes, downvotes, views
			FROM {posts} WHERE userid = ? ORDER BY postid`,
		fields: []field{number("id"), text("type"), number("parentId"), number("categoryId"), text("title"), text("content"),
			text("format"), text("tags"), text("name"), text("notify"), moment("createdAt"), address("createdFrom"),
			moment("updatedAt"), address("updatedFrom"), number("upvotes"), number("downvotes"), number("views")}},
	{name: "extra-fields", about: "The additional fields of questions", tables: []string{"postmetas"},
		query: `SELECT m.postid, m.title, m.content FROM {postmetas} m JOIN {posts} p ON p.postid = m.postid
			WHERE p.userid = ? ORDER BY m.postid, m.title`,
		fields: []field{number("postId"), text("field"), text("content")}},
	{name: "edits", about: "Posts of others that the user changed last", tables: []string{"posts"},
		query: `SELECT postid, type, COALESCE(UNIX_TIMESTAMP(updated), 0), updatetype, lastip FROM {posts}
			WHERE lastuserid = ? AND COALESCE(userid, 0) <> ? ORDER BY postid`,
		fields: []field{number("postId"), text("type"), moment("at"), text("what"), address("from")}},
	{name: "versions", about: "Earlier versions of posts that the user wrote", tables: []string{"q2ab_revisions"},
		query: `SELECT postid, number, at, title, content, format, tags, silent FROM {q2ab_revisions} WHERE userid = ?
			ORDER BY postid, number`,
		fields: []field{number("postId"), number("number"), moment("at"), text("title"), text("content"), text("format"),
			text("tags"), yes("silent")}},
	{name: "votes", about: "Votes and flags that the user gave", tables: []string{"uservotes"},
		query: `SELECT postid, vote, flag, COALESCE(UNIX_TIMESTAMP(votecreated), 0), COALESCE(UNIX_TIMESTAMP(voteupdated), 0)
			FROM {uservotes} WHERE userid = ? ORDER BY postid`,
		fields: []field{number("postId"), number("vote"), yes("flag"), moment("createdAt"), moment("updatedAt")}},
	{name: "favourites", about: "What the user follows (Q, U, T, C) and mutes (M)", tables: []string{"userfavorites"},
		query: `SELECT f.entitytype, f.entityid, COALESCE(u.handle, t.word, c.title)
			FROM {userfavorites} f
			LEFT JOIN {users} u ON f.entitytype IN ('U', 'M') AND u.userid = f.entityid
			LEFT JOIN {words} t ON f.entitytype = 'T' AND t.wordid = f.entityid
			LEFT JOIN {categories} c ON f.entitytype = 'C' AND c.categoryid = f.entityid
			WHERE f.userid = ? ORDER BY f.entitytype, f.entityid`,
		fields: []field{text("kind"), number("id"), text("name")}},
	{name: "messages", about: "Private messages and wall posts, from and to the user", tables: []string{"messages"},
		query: `SELECT m.messageid, m.type, f.handle, t.handle, m.content, m.format, UNIX_TIMESTAMP(m.created),
				CASE WHEN m.fromuserid = ? THEN m.fromhidden ELSE m.tohidden END
			FROM {messages} m
			LEFT JOIN {users} f ON f.userid = m.fromuserid
			LEFT JOIN {users} t ON t.userid = m.touserid
			WHERE m.fromuserid = ? OR m.touserid = ? ORDER BY m.messageid`,
		fields: []field{number("id"), text("type"), text("from"), text("to"), text("content"), text("format"),
			moment("createdAt"), yes("deletedByMe")}},
	{name: "groups", about: "Groups of messages", tables: []string{"msg_group_users"}, plugin: true,
		query: `SELECT u.groupid, g.title, u.notify FROM {msg_group_users} u
			LEFT JOIN {msg_groups} g ON g.groupid = u.groupid WHERE u.userid = ? ORDER BY u.groupid`,
		fields: []field{number("id"), text("title"), yes("notify")}},
	{name: "group-messages", about: "Messages in the user's groups, and the user's in others",
		tables: []string{"msg_group_messages"}, plugin: true,
		query: `SELECT m.messageid, m.groupid, u.handle, m.content, m.format, UNIX_TIMESTAMP(m.created)
			FROM {msg_group_messages} m LEFT JOIN {users} u ON u.userid = m.userid
			WHERE m.userid = ? OR m.groupid IN (SELECT g.groupid FROM {msg_group_users} g WHERE g.userid = ?)
			ORDER BY m.messageid`,
		fields: []field{number("id"), number("groupId"), text("from"), text("content"), text("format"), moment("createdAt")}},
	{name: "conversations", about: "How far conversations were read", tables: []string{"q2ab_conversations"},
		query: `SELECT c.kind, c.other, u.handle, c.read_at FROM {q2ab_conversations} c
			LEFT JOIN {users} u ON c.kind = 'P' AND u.userid = c.other WHERE c.userid = ? ORDER BY c.kind, c.other`,
		fields: []field{text("kind"), number("id"), text("with"), moment("readUpTo")}},
	{name: "drafts", about: "Drafts", tables: []string{"q2ab_drafts"},
		query:  "SELECT kind, subject, draft, saved FROM {q2ab_drafts} WHERE userid = ? ORDER BY saved",
		fields: []field{text("kind"), number("subject"), stored("draft"), moment("savedAt")}},
	{name: "plugin-data", about: "What plugins of the old site keep of the user", tables: []string{"usermetas"},
		query:  "SELECT title, content FROM {usermetas} WHERE userid = ? ORDER BY title",
		fields: []field{text("key"), text("content")}},
	{name: "notices", about: "Notices from administrators", tables: []string{"usernotices"},
		query: `SELECT noticeid, content, format, UNIX_TIMESTAMP(created) FROM {usernotices} WHERE userid = ?
			ORDER BY noticeid`,
		fields: []field{number("id"), text("content"), text("format"), moment("createdAt")}},
	{name: "updates", about: "The stream of updates of what the user follows", tables: []string{"userevents"},
		query: `SELECT e.entitytype, e.entityid, e.questionid, e.lastpostid, e.updatetype, UNIX_TIMESTAMP(e.updated)
			FROM {userevents} e WHERE e.userid = ? ORDER BY e.updated`,
		fields: []field{text("kind"), number("id"), number("questionId"), number("postId"), text("what"), moment("at")}},
	{name: "uploads", about: "Files that the user uploaded; the files themselves are in files/", tables: []string{"blobs"},
		query: `SELECT blobid, format, filename, COALESCE(UNIX_TIMESTAMP(created), 0), createip FROM {blobs} WHERE userid = ?
			ORDER BY created, blobid`,
		fields: []field{text("id"), text("format"), text("name"), moment("createdAt"), address("createdFrom")}},
}
