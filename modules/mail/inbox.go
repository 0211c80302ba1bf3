package mail

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
)

// entryKind is a kind of entry of the inbox, as the table stores it.
type entryKind string

// The kinds of entries.
const (
	entryAnswer   entryKind = "answer"   // to one's question
	entryComment  entryKind = "comment"  // on one's post, or after one's own comment
	entrySelected entryKind = "selected" // one's answer was chosen
	entryMention  entryKind = "mention"
	entryFollowed entryKind = "followed" // something new of what one follows
	entryVotes    entryKind = "votes"    // one's post reached a round number
	entryMessage  entryKind = "message"
	entryWall     entryKind = "wall"
	entryApproved entryKind = "approved" // one's post may be seen now
	entryHidden   entryKind = "hidden"   // a moderator hid one's post
	entryGroup    entryKind = "group-message"
	entryBadge    entryKind = "badge"
)

// topicOf are the topics by which members choose whether they want entries of a kind.
var topicOf = map[entryKind]topic{
	entryAnswer: topicReplies, entryComment: topicReplies, entrySelected: topicSelected,
	entryMention: topicMentions, entryFollowed: topicFollowed, entryVotes: topicVotes,
	entryMessage: topicMessages, entryWall: topicWall, entryApproved: topicPosts, entryHidden: topicPosts,
	entryGroup: topicMessages, entryBadge: topicBadges,
}

// entry is an entry of the inbox to be made.
type entry struct {
	userID int
	kind   entryKind
	// subject is what unread entries of a kind are put together by: a question, the user who writes
	// messages, a group or a badge.
	subject           int
	postID, messageID int
	by                int
	number            int // the votes of entryVotes
}

// roundVotes are the numbers of votes that authors are told of.
var roundVotes = []int{5, 10, 25, 50, 100, 250, 500, 1000}

// maxMentions is how many people a post can mention; further ones are not told.
const maxMentions = 10

// authors are those whom an event about a post may concern.
type authors struct {
	post   int   // the post's own
	parent int   // that of the post that was answered or commented on
	thread []int // those of the earlier comments on the same post
	// mentioned are the people whose handles stand in the text, in its order.
	mentioned []int
	// group are the members of a group who want to be told of its messages.
	group []int
}

// entriesOf returns the entries that follow from an event, other than those of followers. Nobody is told
// of what they did themselves, and each person once, by the first reason that applies.
func entriesOf(e events.Event, who authors) (list []entry) {
	told := map[int]bool{0: true, e.Actor.UserID: true}
	post := entry{postID: e.Topics.PostID, subject: e.Topics.QuestionID, by: e.Actor.UserID}
	tell := func(userID int, kind entryKind, what entry) {
		if told[userID] {
			return
		}
		told[userID] = true
		what.userID, what.kind = userID, kind
		list = append(list, what)
	}
	// One learns of posts only when everybody can see them.
	if seen := e.Topics.Public; seen {
		switch e.Name {
		case "a_post":
			tell(who.parent, entryAnswer, post)
		case "c_post":
			tell(who.parent, entryComment, post)
			for _, user := range who.thread {
				tell(user, entryComment, post)
			}
		case "a_select":
			tell(who.post, entrySelected, post)
		case "q_vote_up", "a_vote_up", "c_vote_up":
			votes := post
			votes.by, votes.subject = 0, post.postID // who voted is nobody's business
			if e.Topics.NetVotes != nil && slices.Contains(roundVotes, *e.Topics.NetVotes) {
				votes.number = *e.Topics.NetVotes
				tell(who.post, entryVotes, votes)
			}
		}
		if strings.HasSuffix(e.Name, "_post") && e.Name != "u_wall_post" {
			for _, user := range who.mentioned {
				tell(user, entryMention, post)
			}
		}
	}
	moderated := post
	moderated.by, moderated.subject = 0, post.postID // as on the old site, which shows no moderator's name
	switch e.Name {
	case "q_approve", "a_approve", "c_approve":
		tell(who.post, entryApproved, moderated)
	case "q_hide", "a_hide", "c_hide":
		tell(who.post, entryHidden, moderated)
	case "u_message":
		tell(number(e, "userid"), entryMessage,
			entry{subject: e.Actor.UserID, by: e.Actor.UserID, messageID: number(e, "messageid")})
	case "u_wall_post":
		tell(number(e, "userid"), entryWall,
			entry{subject: e.Actor.UserID, by: e.Actor.UserID, messageID: number(e, "messageid")})
	case "g_message":
		for _, user := range who.group {
			tell(user, entryGroup, entry{subject: number(e, "groupid"), by: e.Actor.UserID,
				messageID: number(e, "messageid")})
		}
	case "u_badge":
		tell(number(e, "userid"), entryBadge, entry{subject: number(e, "badgeid"), number: number(e, "badgeid")})
	}
	return list
}

// HandleForInbox makes the entries of the inbox that follow from an event of the outbox.
func (m *Module) HandleForInbox(ctx context.Context, tx *database.DB, e events.Event) error {
	who, err := readAuthors(ctx, tx, e)
	if err != nil {
		return err
	}
	list, stored := entriesOf(e, who), false
	told := []int{0, e.Actor.UserID}
	for _, one := range list {
		told = append(told, one.userID)
	}
	if len(list) > 0 {
		wanted, err := choicesOf(ctx, tx, "inbox", func(c channels) bool { return c.Inbox }, told)
		if err != nil {
			return err
		}
		for _, one := range list {
			if !wanted(one.userID, topicOf[one.kind]) {
				continue
			}
			if err := one.store(ctx, tx, e); err != nil {
				return err
			}
			stored = true
		}
	}
	followed, err := tellFollowers(ctx, tx, e, told)
	if err != nil || !stored && !followed {
		return err
	}
	return m.announce(ctx, tx, e.Seq)
}

// store writes an entry: into the unread one of the same kind and subject, if there is one, or as a new
// one.
func (n entry) store(ctx context.Context, tx *database.DB, e events.Event) error {
	changed, err := tx.Exec(ctx, `UPDATE {q2ab_inbox}
		SET occurrences = occurrences + 1, seq = ?, postid = ?, messageid = ?, byuserid = ?, number = ?, at = ?
		WHERE userid = ? AND kind = ? AND subject = ? AND unread = 1 AND seq < ?`,
		e.Seq, n.postID, n.messageID, n.by, n.number, e.At, n.userID, string(n.kind), n.subject, e.Seq)
	if err != nil {
		return fmt.Errorf("add to an entry of the inbox: %w", err)
	}
	if changed > 0 {
		return nil
	}
	_, err = tx.Exec(ctx, tx.InsertIgnore()+` {q2ab_inbox} (userid, kind, subject, seq, postid, messageid,
			byuserid, number, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		n.userID, string(n.kind), n.subject, e.Seq, n.postID, n.messageID, n.by, n.number, e.At)
	if err != nil {
		return fmt.Errorf("make an entry of the inbox: %w", err)
	}
	return nil
}

// tellFollowers makes entries for those who follow the author, a tag or a category of a new question, or
// the question of a new answer, other than those in told. It reports whether there are any.
func tellFollowers(ctx context.Context, tx *database.DB, e events.Event, told []int) (some bool, err error) {
	if !e.Topics.Public {
		return false, nil
	}
	var follows []string
	var args []any
	add := func(condition string, arg any) { follows, args = append(follows, condition), append(args, arg) }
	switch e.Name {
	case "q_post":
		if e.Actor.UserID != 0 {
			add("f.entitytype = 'U' AND f.entityid = ?", e.Actor.UserID)
		}
		// By the index, which tells apart what differs in accents only.
		add("f.entitytype = 'T' AND f.entityid IN (SELECT wordid FROM {posttags} WHERE postid = ?)",
			e.Topics.PostID)
		if len(e.Topics.CategoryIDs) > 0 {
			add("f.entitytype = 'C' AND f.entityid IN ?", e.Topics.CategoryIDs)
		}
	case "a_post":
		add("f.entitytype = 'Q' AND f.entityid = ?", e.Topics.QuestionID)
	}
	for i, condition := range follows {
		made, err := tx.Exec(ctx, tx.InsertIgnore()+` {q2ab_inbox} (userid, kind, subject, seq, postid, byuserid, at)
			SELECT DISTINCT f.userid, 'followed', ?, ?, ?, ?, ?
			FROM {userfavorites} f
			LEFT JOIN {q2ab_preferences} c ON c.userid = f.userid AND c.kind = 'followed'
			WHERE `+condition+` AND COALESCE(c.inbox, 1) = 1 AND f.userid NOT IN ?`,
			e.Topics.QuestionID, e.Seq, e.Topics.PostID, e.Actor.UserID, e.At, args[i], told)
		if err != nil {
			return false, fmt.Errorf("tell followers: %w", err)
		}
		some = some || made > 0
	}
	return some, nil
}

// readAuthors returns those whom an event about a post may concern.
func readAuthors(ctx context.Context, tx *database.DB, e events.Event) (who authors, err error) {
	if e.Name == "g_message" {
		who.group, err = groupMembers(ctx, tx, number(e, "groupid"))
		return who, err
	}
	kind, what, _ := strings.Cut(e.Name, "_")
	if len(kind) != 1 || !strings.Contains("qac", kind) || e.Topics.PostID == 0 {
		return who, nil
	}
	switch what {
	case "post", "select", "vote_up", "approve", "hide":
	default:
		return who, nil
	}
	parent := number(e, "parentid")
	err = tx.Select(ctx, func(rows *sql.Rows) error {
		var id, user int
		err := rows.Scan(&id, &user)
		switch id {
		case e.Topics.PostID:
			who.post = user
		case parent:
			who.parent = user
		}
		return err
	}, "SELECT postid, userid FROM {posts} WHERE postid IN ? AND userid IS NOT NULL",
		[]int{e.Topics.PostID, parent})
	if err == nil && e.Name == "c_post" {
		err = tx.Select(ctx, database.Append(&who.thread), `SELECT DISTINCT userid
			FROM {posts}
			WHERE parentid = ? AND type = 'C' AND postid <> ? AND userid IS NOT NULL
				AND UNIX_TIMESTAMP(created) <= ?
			ORDER BY userid`, parent, e.Topics.PostID, e.At)
	}
	if err != nil {
		return who, fmt.Errorf("read whom an event concerns: %w", err)
	}
	if what == "post" && e.Topics.Public {
		text, _ := e.Param("text").(string)
		who.mentioned, err = people(ctx, tx, mentions(text))
	}
	return who, err
}

// groupMembers returns the members of a group of the plugin q2a-custom-messages who want to be told of its
// messages.
func groupMembers(ctx context.Context, tx *database.DB, group int) (users []int, err error) {
	if err := tx.Select(ctx, database.Append(&users), "SELECT userid FROM {msg_group_users} "+
		"WHERE groupid = ? AND `join` = 1 AND notify <> 0 ORDER BY userid", group); err != nil {
		return nil, fmt.Errorf("read who wants to be told of a group: %w", err)
	}
	return users, nil
}

// mention matches an @ that begins a word, and the longest text that could be a handle after it. Handles
// may have spaces, which is why people looks for the longest that exists.
var mention = regexp.MustCompile(`(?:^|[\s　(（「『、。,])[@＠]([^\s@＠+/][^@＠+/\r\n]{0,19})`)

// mentions returns, for each @ in a text, the texts after it that could be a handle, the longest first.
func mentions(text string) (list [][]string) {
	for _, m := range mention.FindAllStringSubmatch(text, maxMentions) {
		var candidates []string
		for r := []rune(strings.TrimRight(m[1], " 　")); len(r) > 0; r = r[:len(r)-1] {
			candidates = append(candidates, strings.TrimSpace(string(r)))
		}
		list = append(list, slices.Compact(candidates))
	}
	return list
}

// people returns, for each list of candidates, the user whose handle is the first of them that exists.
func people(ctx context.Context, tx *database.DB, candidates [][]string) (users []int, err error) {
	if len(candidates) == 0 {
		return nil, nil
	}
	known := map[string]int{}
	err = tx.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var handle string
		err := rows.Scan(&id, &handle)
		known[database.FoldGeneralCI(handle)] = id
		return err
	}, "SELECT userid, handle FROM {users} WHERE handle IN ?", slices.Concat(candidates...))
	if err != nil {
		return nil, fmt.Errorf("look for mentioned people: %w", err)
	}
	for _, list := range candidates {
		for _, c := range list {
			if id := known[database.FoldGeneralCI(c)]; id != 0 {
				users = append(users, id)
				break
			}
		}
	}
	return users, nil
}

// forget removes what the tables of this module hold of an account that is deleted.
func forget(ctx context.Context, tx *database.DB, userID int) error {
	if err := forgetEngagement(ctx, tx, userID); err != nil {
		return err
	}
	for _, table := range []string{"DELETE FROM {q2ab_inbox}", "DELETE FROM {q2ab_preferences}",
		"DELETE FROM {q2ab_follow_mails}", "DELETE FROM {q2ab_followed}", "DELETE FROM {q2ab_digests}",
		"DELETE FROM {q2ab_dead_mail}"} {
		if _, err := tx.Exec(ctx, table+" WHERE userid = ?", userID); err != nil {
			return fmt.Errorf("forget the inbox of a user: %w", err)
		}
	}
	return nil
}
