package community

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
)

// The kinds of drafts.
const (
	draftOfQuestion = "question"
	draftOfAnswer   = "answer"
	draftOfComment  = "comment"
	draftOfMessage  = "message"
)

// place is where a draft belongs: a kind, and what it is about.
type place struct {
	kind    string
	subject int
}

// The keys of the plugin q2a-auto-save in the table usermetas, which has 8,000 characters for a draft.
const (
	keyOfQuestion = "q2a_as_question_0000"
	keyOfAnswer   = "q2a_as_answer_"
	metaLength    = 8000
)

// key returns the plugin's key of a draft, or "" if the plugin keeps no such drafts.
func (p place) key() string {
	switch p.kind {
	case draftOfQuestion:
		return keyOfQuestion
	case draftOfAnswer:
		return keyOfAnswer + strconv.Itoa(p.subject)
	}
	return ""
}

// placeOfKey returns the place to which one of the plugin's keys belongs, and whether it belongs to one.
// The diary's key does not.
func placeOfKey(key string) (p place, ok bool) {
	if key == keyOfQuestion {
		return place{kind: draftOfQuestion}, true
	}
	digits, ok := strings.CutPrefix(key, keyOfAnswer)
	id, err := strconv.ParseUint(digits, 10, 32)
	p = place{draftOfAnswer, int(id)}
	return p, ok && err == nil && id > 0 && p.key() == key
}

// editorOf returns the name that the plugin gives the field of the old site's form.
func (p place) editor() string {
	if p.kind == draftOfAnswer {
		return "a_content"
	}
	return "content"
}

// forPlugin returns a draft as the plugin keeps it, and whether it can: PHP's editor reads HTML, and the
// column has room for 8,000 characters. As everywhere in Q2A, characters beyond the Basic Multilingual
// Plane are left out.
func (p place) forPlugin(t DraftText) (text string, ok bool) {
	if p.key() == "" || t.Format == "markdown" {
		return "", false
	}
	content := t.Content
	if t.Format == "plain" {
		content = strings.ReplaceAll(html.EscapeString(content), "\n", "<br>")
	}
	text = `{"name":` + phpString(p.editor()) + `,"title":` + phpString(t.Title) + `,"content":` +
		phpString(content) + "}"
	return text, utf8.RuneCountInString(text) <= metaLength
}

// phpString returns a text as PHP's json_encode does with JSON_UNESCAPED_UNICODE.
func phpString(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r > 0xffff:
		case r == '"' || r == '\\' || r == '/':
			b.WriteString(`\` + string(r))
		case strings.ContainsRune("\b\f\n\r\t", r):
			b.WriteString(strings.NewReplacer("\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`).
				Replace(string(r)))
		case r < ' ', r == 0x2028, r == 0x2029:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// fromPlugin reads a draft of the plugin. ok reports whether it is one: PHP may have cut it off.
func fromPlugin(text string) (t DraftText, ok bool) {
	var kept struct{ Title, Content string }
	if json.Unmarshal([]byte(text), &kept) != nil {
		return t, false
	}
	return DraftText{Title: kept.Title, Content: kept.Content, Format: "html"}, true
}

// keptDraft is all that is known of a draft.
type keptDraft struct {
	place
	own    *DraftText // as the API took it
	mirror []byte     // hash of the copy for PHP; nil without one
	saved  int64      // when the API took it, or first saw PHP's
	posted bool       // whether the user has posted since what the draft was for
	meta   *string    // what the plugin finds in usermetas
}

// current returns the draft as it is now, and when it was saved, 0 if that is not known. ok reports
// whether there is one. What PHP has written since counts, and what PHP has cleared is gone, as its
// plugin clears drafts that were posted. Of drafts that PHP does not see or has no plugin for, the posts
// themselves say it.
func (k keptDraft) current() (text DraftText, saved int64, ok bool) {
	if k.meta != nil && (k.own == nil || !bytes.Equal(k.mirror, hashOf(*k.meta))) {
		text, ok = fromPlugin(*k.meta)
		return text, 0, ok
	}
	if k.own == nil || k.posted || k.mirror != nil && k.meta == nil {
		return text, 0, false
	}
	return *k.own, k.saved, true
}

func hashOf(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// draftPosted is an SQL expression that says whether what a draft d was for has been posted since.
const draftPosted = `CASE d.kind
	WHEN 'question' THEN EXISTS (SELECT 1 FROM {posts} p WHERE p.userid = d.userid
		AND p.type IN ('Q', 'Q_HIDDEN', 'Q_QUEUED') AND p.postid > d.newest)
	WHEN 'answer' THEN EXISTS (SELECT 1 FROM {posts} p WHERE p.parentid = d.subject AND p.userid = d.userid
		AND p.type IN ('A', 'A_HIDDEN', 'A_QUEUED') AND p.postid > d.newest)
	WHEN 'comment' THEN EXISTS (SELECT 1 FROM {posts} p WHERE p.parentid = d.subject AND p.userid = d.userid
		AND p.type IN ('C', 'C_HIDDEN', 'C_QUEUED') AND p.postid > d.newest)
	ELSE EXISTS (SELECT 1 FROM {messages} g WHERE g.type = 'PRIVATE' AND g.fromuserid = d.userid
		AND g.touserid = d.subject AND g.messageid > d.newest)
	END`

// readDraft returns what is known of one draft.
func readDraft(ctx context.Context, db *database.DB, userID int, at place) (keptDraft, error) {
	kept, err := readDrafts(ctx, db, userID, []draftPosition{{0, at.kind, at.subject}})
	if err != nil {
		return keptDraft{}, err
	}
	return kept[0], nil
}

// lockDraft is like readDraft, and keeps the user's other requests from changing drafts until the
// transaction ends.
func lockDraft(ctx context.Context, tx *database.DB, userID int, at place) (keptDraft, error) {
	var id int
	found, err := tx.Get(ctx, []any{&id}, "SELECT userid FROM {users} WHERE userid = ?"+tx.ForUpdate(), userID)
	if err != nil {
		return keptDraft{}, fmt.Errorf("lock drafts: %w", err)
	}
	if !found {
		return keptDraft{}, problem.New(problem.CodeUnauthenticated)
	}
	return readDraft(ctx, tx, userID, at)
}

// readDrafts returns what is known of the drafts at some places, in their order. It takes two statements.
func readDrafts(ctx context.Context, db *database.DB, userID int, places []draftPosition) ([]keptDraft, error) {
	kept := make([]keptDraft, len(places))
	index := map[place]*keptDraft{}
	var conditions, keys []string
	args := []any{userID}
	for i, p := range places {
		k := &kept[i]
		k.place = place{p.Kind, p.Subject}
		index[k.place] = k
		conditions = append(conditions, "d.kind = ? AND d.subject = ?")
		args = append(args, p.Kind, p.Subject)
		if key := k.key(); key != "" {
			keys = append(keys, key)
		}
	}
	if len(places) == 0 {
		return kept, nil
	}
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var at place
		var own sql.NullString
		var mirror []byte
		var saved int64
		var posted bool
		if err := rows.Scan(&at.kind, &at.subject, &own, &mirror, &saved, &posted); err != nil {
			return err
		}
		k := index[at]
		if k == nil {
			return nil
		}
		k.mirror, k.saved, k.posted = bytes.Clone(mirror), saved, posted
		if !own.Valid {
			return nil
		}
		k.own = &DraftText{}
		return json.Unmarshal([]byte(own.String), k.own)
	}, `SELECT d.kind, d.subject, d.draft, d.mirror, d.saved, `+draftPosted+`
		FROM {q2ab_drafts} d
		WHERE d.userid = ? AND (`+strings.Join(conditions, " OR ")+")", args...)
	if err == nil && len(keys) > 0 {
		err = db.Select(ctx, func(rows *sql.Rows) error {
			var key, text string
			err := rows.Scan(&key, &text)
			if at, ok := placeOfKey(key); ok && index[at] != nil {
				index[at].meta = &text
			}
			return err
		}, "SELECT title, content FROM {usermetas} WHERE userid = ? AND title IN ?", userID, keys)
	}
	if err != nil {
		return nil, fmt.Errorf("read drafts: %w", err)
	}
	return kept, nil
}

// write keeps a text as the user's draft, whole here, and where the plugin looks for it if that can hold it.
func (k keptDraft) write(ctx context.Context, tx *database.DB, userID int, t DraftText) error {
	own, err := json.Marshal(t)
	if err != nil {
		return err
	}
	newest := "SELECT COALESCE(MAX(postid), 0) FROM {posts}"
	if k.kind == draftOfMessage {
		newest = "SELECT COALESCE(MAX(messageid), 0) FROM {messages}"
	}
	var last int
	if _, err := tx.Get(ctx, []any{&last}, newest); err != nil {
		return fmt.Errorf("save a draft: %w", err)
	}
	var mirror []byte
	text, mirrored := k.forPlugin(t)
	if mirrored {
		mirror = hashOf(text)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO {q2ab_drafts} (userid, kind, subject, draft, mirror, newest, saved)
		VALUES (?, ?, ?, ?, ?, ?, ?)`+tx.Overwrite("userid, kind, subject", "draft", "mirror", "newest", "saved"),
		userID, k.kind, k.subject, string(own), mirror, last, tx.Now()); err != nil {
		return fmt.Errorf("save a draft: %w", err)
	}
	switch {
	case mirrored:
		_, err = tx.Exec(ctx, "INSERT INTO {usermetas} (userid, title, content) VALUES (?, ?, ?)"+
			tx.Overwrite("userid, title", "content"), userID, k.key(), text)
	case k.meta != nil: // an older text must not pass for the newest
		_, err = tx.Exec(ctx, "DELETE FROM {usermetas} WHERE userid = ? AND title = ?", userID, k.key())
	}
	if err != nil {
		return fmt.Errorf("save a draft for the old site: %w", err)
	}
	return nil
}

// dropDraft removes a draft, also where the plugin keeps it.
func dropDraft(ctx context.Context, tx *database.DB, userID int, at place) error {
	err := forgetDraft(ctx, tx, userID, at)
	if err == nil && at.key() != "" {
		_, err = tx.Exec(ctx, "DELETE FROM {usermetas} WHERE userid = ? AND title = ?", userID, at.key())
	}
	if err != nil {
		return fmt.Errorf("remove a draft: %w", err)
	}
	return nil
}

// forgetDraft removes what the API keeps of a draft.
func forgetDraft(ctx context.Context, tx *database.DB, userID int, at place) error {
	_, err := tx.Exec(ctx, "DELETE FROM {q2ab_drafts} WHERE userid = ? AND kind = ? AND subject = ?",
		userID, at.kind, at.subject)
	return err
}
