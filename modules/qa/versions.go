package qa

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
)

// Every version of a post is kept, in the transaction of the edit that makes it. Nothing is written when a
// post is made: its first version is kept when it is edited for the first time. The old site edits posts,
// too, without keeping versions; when the last version that is kept is not what the post was before an
// edit, that is kept before the edit's own.

// maxVersions is how many versions of a post are kept: the first one, and the newest. Each has at most the
// size of a post, which is 12,000 characters and the title and tags.
const maxVersions = 100

// versionText is what a version of a post consists of.
type versionText struct {
	title, content, format, tags string
	// categoryID is a question's category, 0 without one and for answers and comments, which have that of
	// their question.
	categoryID int
}

// text returns the post's text as a version.
func (p *post) text() versionText {
	v := versionText{title: p.title, content: p.content, format: p.format, tags: p.tags}
	if p.kind == KindQuestion {
		v.categoryID = p.categoryID
	}
	return v
}

// hash returns a text that differs for different versions.
func (v versionText) hash() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s\x00%d", v.title, v.content, v.format, v.tags,
		v.categoryID))
	return hex.EncodeToString(sum[:16])
}

// madeBy returns when the post's text became what it is, as far as the post says so, and by whom: by the
// last edit or, if something else has happened to it last or nothing has, when the post was written.
func (p *post) madeBy() (at int64, userID int) {
	switch p.updateType {
	case "", "E", "T", "A":
		if p.updated != 0 {
			return p.updated, p.lastUserID
		}
	}
	return p.created, p.userID
}

// keepVersion is the statement that keeps a version of a post and, where that is not what was kept last,
// the version before it. What was kept last is l, and v are the two versions: place 1 is the version
// before. The old site leaves no trace of a silent edit; the version before has such a one behind it if the
// last thing that the post tells of is older than what was kept last.
//
// The arguments are the number of slots but one, the present time, the hash of the version before, those of
// the two versions, the post's id and again the hash of the version before.
const keepVersion = `REPLACE INTO {q2ab_revisions} (postid, slot, number, hash, at, userid, silent, withholds,
		title, content, format, tags, categoryid)
	SELECT n.postid, CASE WHEN n.number = 1 THEN 0 ELSE 1 + (n.number - 2) % ? END, n.number, n.hash,
		CASE WHEN n.untraced = 1 THEN ? ELSE n.at END, CASE WHEN n.untraced = 1 THEN NULL ELSE n.userid END,
		CASE WHEN n.untraced = 1 THEN 1 ELSE n.silent END,
		CASE WHEN n.untraced = 1 THEN 1 ELSE n.withholds END,
		n.title, n.content, n.format, n.tags, n.categoryid
	FROM (
		SELECT v.*, COALESCE(l.number, 0) + CASE WHEN v.place = 1 OR l.hash = ? THEN 1 ELSE 2 END AS number,
			CASE WHEN v.place = 1 AND l.number IS NOT NULL AND v.at <= l.at THEN 1 ELSE 0 END AS untraced
		FROM (` + oneVersion + ` UNION ALL ` + oneVersion + `) v
		LEFT JOIN (SELECT postid, number, hash, at
			FROM {q2ab_revisions}
			WHERE postid = ?
			ORDER BY number DESC
			LIMIT 1) l ON l.postid = v.postid
		WHERE v.place = 2 OR l.number IS NULL OR l.hash <> ?
	) n`

const oneVersion = `SELECT ? AS place, ? AS postid, ? AS hash, ? AS at, ? AS userid, ? AS silent,
	? AS withholds, ? AS title, ? AS content, ? AS format, ? AS tags, ? AS categoryid`

// keepVersions keeps the versions that the action makes of posts, one statement for each post whose text
// changes.
func (c *change) keepVersions() error {
	for _, p := range c.posts() {
		before := c.was(p.id)
		if before == nil || c.gone(p) || p.kind == KindNote || before.text() == p.text() {
			continue
		}
		old, text := before.text(), p.text()
		at, userID := before.madeBy()
		args := []any{maxVersions - 1, c.Tx.Now(), old.hash()}
		args = append(args, versionArgs(1, p.id, at, userID, false, before.flaggedAway(), old)...)
		args = append(args, versionArgs(2, p.id, c.Tx.Now(), c.actor.userID, c.silent, c.withholds(before),
			text)...)
		if _, err := c.Tx.Exec(c.Ctx, keepVersion, append(args, p.id, old.hash())...); err != nil {
			return fmt.Errorf("keep a version: %w", err)
		}
	}
	return nil
}

// versionArgs returns the arguments of oneVersion.
func versionArgs(
	place, postID int, at int64, userID int, silent, withholds bool, v versionText,
) []any {
	return []any{place, postID, v.hash(), at, orNull(userID), bit(silent), bit(withholds), v.title,
		v.content, v.format, v.tags, v.categoryID}
}

// bit returns 1 for true and 0 for false, which is how tables hold them.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// withholds reports whether the edit takes away what stood in the post before, so that its earlier versions
// are shown only to those who may see hidden posts: it leaves no trace, it changes what not everybody could
// see, or somebody other than the author edits what had been flagged.
func (c *change) withholds(before *post) bool {
	return c.silent || !everyoneSees(before, c.was) ||
		before.flags > 0 && !c.rules(before).isByUser
}

// flaggedAway reports whether what somebody other than the author did to the post last may have taken away
// what was flagged.
func (p *post) flaggedAway() bool {
	_, userID := p.madeBy()
	return p.flags > 0 && userID != p.userID
}

// dropVersions deletes all versions of a post that is deleted for good.
func dropVersions(ctx context.Context, tx *database.DB, postID int) error {
	if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_revisions} WHERE postid = ?", postID); err != nil {
		return fmt.Errorf("delete the versions of a post: %w", err)
	}
	return nil
}
