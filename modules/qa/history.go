package qa

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
)

// version is one of the versions of a post.
type version struct {
	versionText

	// number counts the versions that are known, from 1.
	number int
	// at is when the version was made, in Unix seconds, and userID by whom; 0 where that is not known.
	at     int64
	userID int
	silent bool
	// withholds is set if the versions before this one are not for everybody; see (*change).withholds.
	withholds bool
	// partial is set if the format and the category of the version are not known.
	partial bool
	current bool
}

// same reports whether two versions have the same text, as far as both are known.
func (v version) same(other version) bool {
	a, b := v.versionText, other.versionText
	if v.partial || other.partial {
		a.format, b.format, a.categoryID, b.categoryID = "", "", 0, 0
	}
	return a == b
}

// replaced is a version as the plugin Edit History keeps it: when an edit replaces a text, the plugin keeps
// that text, with the time and the user of the edit.
type replaced struct {
	versionText

	until int64
	by    int
}

// history returns all versions of a post, the oldest first, from those that are kept here, the rows of the
// plugin Edit History, and the post itself, which is the last version. The plugin knows nothing of edits
// here; where both tables have a version, the one that is kept here counts.
func history(p *post, kept []version, past []replaced) []version {
	var old []version
	at, userID := p.created, p.userID
	for _, r := range past {
		v := version{versionText: r.versionText, at: min(at, r.until), userID: userID, partial: true}
		v.format = formatLike(p, v.content)
		if before := keptBefore(kept, r.until); before == nil || !before.same(v) {
			old = append(old, v)
		}
		at, userID = r.until, r.by
	}
	list := make([]version, 0, len(old)+len(kept)+1)
	number, last := 0, 0
	for _, v := range kept {
		for len(old) > 0 && old[0].at <= v.at {
			number++
			old[0].number = number
			list, old = append(list, old[0]), old[1:]
		}
		number += v.number - last // some versions after the first one may not be there any more
		last, v.number = v.number, number
		list = append(list, v)
	}
	for _, v := range old {
		number++
		v.number = number
		list = append(list, v)
	}
	return withCurrent(list, p, past)
}

// keptBefore returns the last of the versions that was made before a time, nil if there is none.
func keptBefore(kept []version, at int64) *version {
	for i := range slices.Backward(kept) {
		if kept[i].at < at {
			return &kept[i]
		}
	}
	return nil
}

// withCurrent completes the list with the post as it is now, and marks that.
func withCurrent(list []version, p *post, past []replaced) []version {
	now := version{versionText: p.text()}
	n := len(list)
	if n > 0 && list[n-1].same(now) {
		list[n-1].versionText, list[n-1].partial, list[n-1].current = now.versionText, false, true
		return list
	}
	now.at, now.userID = p.madeBy()
	now.withholds = p.flaggedAway()
	if n > 0 {
		now.number = list[n-1].number
		if len(past) > 0 && past[len(past)-1].until > list[n-1].at {
			now.at, now.userID = past[len(past)-1].until, past[len(past)-1].by
		} else if now.at <= list[n-1].at { // the old site edited it without a trace
			now.at, now.userID, now.silent, now.withholds = 0, 0, true, true
		}
	}
	now.number++
	now.current = true
	return append(list, now)
}

// formatLike returns the format that an earlier content of the post probably had: that of the post, unless
// this is HTML and the content has no tags.
func formatLike(p *post, content string) string {
	if p.format == "html" && !someTag.MatchString(content) {
		return ""
	}
	return p.format
}

// shownTo returns those versions that a caller may see. What was taken away from a post is for those who
// could see the post if it were hidden: its author, and those who hide posts. Others see the versions from
// the last one on that took something away, and not that this was done silently.
func shownTo(o *site.Options, c auth.Caller, p *post, list []version) []version {
	hidden := *p
	hidden.hidden, hidden.queued = true, false
	if mayView(o, c, &hidden) {
		return list
	}
	first := 0
	for i, v := range list {
		if v.withholds {
			first = i
		}
	}
	shown := slices.Clone(list[first:])
	if shown[0].silent {
		shown[0].silent, shown[0].at, shown[0].userID = false, 0, 0
	}
	return shown
}

// versions reads all versions of a post that the caller sees, the oldest first.
func (m *Module) versions(ctx context.Context, o *site.Options, p *post) ([]version, error) {
	kept, err := m.keptVersions(ctx, p.id)
	if err != nil {
		return nil, err
	}
	past, err := m.pluginVersions(ctx, p.id)
	if err != nil {
		return nil, err
	}
	return shownTo(o, auth.CallerOf(ctx), p, history(p, kept, past)), nil
}

func (m *Module) keptVersions(ctx context.Context, postID int) ([]version, error) {
	var list []version
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var v version
		var user sql.NullInt64
		err := rows.Scan(&v.number, &v.at, &user, &v.silent, &v.withholds, &v.title, &v.content, &v.format,
			&v.tags, &v.categoryID)
		v.userID = int(user.Int64)
		list = append(list, v)
		return err
	}, `SELECT number, at, userid, silent, withholds, title, content, format, tags, categoryid
		FROM {q2ab_revisions}
		WHERE postid = ?
		ORDER BY number`, postID)
	if err != nil {
		return nil, fmt.Errorf("read the versions of a post: %w", err)
	}
	return list, nil
}

// pluginVersions reads the newest rows that the plugin Edit History has of a post, the oldest first. There
// are none if the site does not have the plugin's table.
func (m *Module) pluginVersions(ctx context.Context, postID int) ([]replaced, error) {
	there, err := m.editHistory.there(ctx, m.db)
	if err != nil || !there {
		return nil, err
	}
	var list []replaced
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var r replaced
		var user sql.NullInt64
		var title, content, tags sql.NullString
		err := rows.Scan(&r.until, &user, &title, &content, &tags)
		r.by, r.title, r.content, r.tags = int(user.Int64), title.String, content.String, tags.String
		list = append(list, r)
		return err
	}, `SELECT UNIX_TIMESTAMP(updated), userid, title, content, tags
		FROM {edit_history}
		WHERE postid = ?
		ORDER BY updated DESC
		LIMIT ?`, postID, maxVersions)
	if err != nil {
		return nil, fmt.Errorf("read the plugin's versions of a post: %w", err)
	}
	slices.Reverse(list)
	return list, nil
}

// pluginTable remembers for a minute whether the site has a plugin's table.
type pluginTable struct {
	name   string
	looked chan lookedUp // holds the last look
}

type lookedUp struct {
	at    time.Time
	found bool
}

// tableLookedUp is for how long it is believed whether a plugin's table is there.
const tableLookedUp = time.Minute

func newPluginTable(name string) *pluginTable {
	t := &pluginTable{name, make(chan lookedUp, 1)}
	t.looked <- lookedUp{}
	return t
}

func (t *pluginTable) there(ctx context.Context, db *database.DB) (bool, error) {
	last := <-t.looked
	defer func() { t.looked <- last }()
	if time.Since(last.at) < tableLookedUp {
		return last.found, nil
	}
	found, err := db.HasTable(ctx, t.name)
	if err != nil {
		return false, fmt.Errorf("look for a plugin's table: %w", err)
	}
	last = lookedUp{time.Now(), found}
	return found, nil
}
