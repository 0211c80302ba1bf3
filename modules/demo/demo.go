// Package demo fills a new site with content: with a small demonstration community (Fill), or
// with a generated community of any size (Seed).
package demo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/media"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site/option"
)

// newest is the latest time in the demonstration, from which the times of its questions count
// back. It is fixed, so that the demonstration is the same everywhere.
var newest = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// options are the site's options whose values differ from Q2A's defaults in the demonstration.
var options = map[option.Key]string{
	option.SiteTitle: "みつばちQ&A", option.SiteURL: "", option.SiteLanguage: "ja", option.CommentOnQs: "1",
	option.VotingOnCs: "1", option.PointsToTitles: "0 見習い蜂,150 はたらき蜂,400 Queen Bee",
	option.FeedForHot: "1", option.FeedForTagQs: "1", option.ShowViewCounts: "1", option.ExtraFieldActive: "",
	option.WysiwygEditorUploadImages: "1",
}

// Fill writes the demonstration community into a site that has Q2A's tables and nothing in them.
// It puts pictures into blobs, which is the path of Q2A's folder of blobs.
func Fill(ctx context.Context, db *database.DB, blobs string) error {
	f := &filler{ctx: ctx, db: db, blobs: blobs, users: map[string]int{}, categories: map[string][]int{},
		words: map[string]*wordRow{}, points: map[string]*figures{},
		options: map[option.Key]string{}, questionsIn: map[int]int{}}
	for i, p := range people {
		f.users[p.handle] = i + 1
		f.points[p.handle] = &figures{}
	}
	for _, step := range []func() error{
		f.people, func() error { return f.categoryRows(categories, nil, "") },
		f.posts, f.wordRows, f.figureRows, f.optionRows,
	} {
		if err := step(); err != nil {
			return fmt.Errorf("demonstration: %w", err)
		}
	}
	return nil
}

// filler writes the rows of the demonstration and counts what is needed for the site's derived
// figures.
type filler struct {
	ctx         context.Context //nolint:containedctx // lives as long as one filling
	db          *database.DB
	blobs       string
	users       map[string]int   // by handle
	categories  map[string][]int // ids from the top down, by path
	written     int
	words       map[string]*wordRow
	wordOrder   []string
	points      map[string]*figures
	options     map[option.Key]string
	questionsIn map[int]int // visible questions, by category
	counts      struct{ q, a, c, unanswered, unselected, unupvoted int }
}

type wordRow struct{ id, title, content, tagWord, tag int }

// figures are the columns of a user's row in Q2A's table of points.
type figures struct {
	questions, answers, comments, selects, selecteds int
	upQ, downQ, upA, downA, upC, downC               int
	questionVotes, answerVotes, ups, downs           int
}

func (f *filler) exec(query string, args ...any) error {
	_, err := f.db.Exec(f.ctx, query, args...)
	return err
}

func sqlTime(t time.Time) string { return t.Format(time.DateTime) }

func (f *filler) people() error {
	for i, p := range people {
		at := sqlTime(newest.AddDate(0, -8, i))
		if err := f.exec(`INSERT INTO {users} (userid, created, createip, email, handle, level,
				passhash, loggedin, loginip, flags)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 65)`,
			i+1, at, []byte{192, 0, 2, byte(i + 1)}, fmt.Sprintf("user%d@example.org", i+1), p.handle,
			p.level, passwordHash, at, []byte{192, 0, 2, byte(i + 1)}); err != nil {
			return err
		}
		if p.about != "" {
			if err := f.exec("INSERT INTO {userprofile} (userid, title, content) VALUES (?, 'about', ?)",
				i+1, p.about); err != nil {
				return err
			}
		}
	}
	return nil
}

// categoryRows writes categories and those below them. above holds the ids, and path the slugs,
// of the categories above them.
func (f *filler) categoryRows(branches []branch, above []int, path string) error {
	for i, b := range branches {
		id := len(f.categories) + 1
		var parent any
		if len(above) > 0 {
			parent = above[len(above)-1]
		}
		full := strings.TrimPrefix(path+"/"+b.slug, "/")
		slugs := strings.Split(full, "/")
		slices.Reverse(slugs)
		ids := append(slices.Clone(above), id)
		f.categories[full] = ids
		if err := f.exec(`INSERT INTO {categories} (categoryid, parentid, title, tags, content,
				position, backpath)
			VALUES (?, ?, ?, ?, ?, ?, ?)`,
			id, parent, b.title, b.slug, b.about, i+1, strings.Join(slugs, "/")); err != nil {
			return err
		}
		if err := f.categoryRows(b.below, ids, full); err != nil {
			return err
		}
	}
	return nil
}

// optionRows writes the site's options, and the counts that Q2A keeps among them.
func (f *filler) optionRows() error {
	unapproved := 0
	for _, p := range people {
		if p.level < approvedLevel {
			unapproved++
		}
	}
	tags := 0
	for _, w := range f.words {
		if w.tag > 0 {
			tags++
		}
	}
	values := map[option.Key]int{option.CacheQcount: f.counts.q, option.CacheAcount: f.counts.a,
		option.CacheCcount: f.counts.c, option.CacheUnaqcount: f.counts.unanswered,
		option.CacheUnselqcount: f.counts.unselected, option.CacheUnupaqcount: f.counts.unupvoted,
		option.CacheTagcount: tags, option.CacheUserpointscount: len(people),
		option.CacheFlaggedcount: 0, option.CacheQueuedcount: 0, option.CacheUapprovecount: unapproved}
	for key, n := range values {
		f.options[key] = strconv.Itoa(n)
	}
	maps.Copy(f.options, options)
	for key, value := range f.options {
		if err := f.exec("INSERT INTO {options} (title, content) VALUES (?, ?)",
			key.Name(), value); err != nil {
			return err
		}
	}
	for id, n := range f.questionsIn {
		if err := f.exec("UPDATE {categories} SET qcount = ? WHERE categoryid = ?", n, id); err != nil {
			return err
		}
	}
	return nil
}

const (
	// approvedLevel is Q2A's level of users who have been approved.
	approvedLevel = 10
	// answerWeight is how many points a vote on an answer brings by Q2A's default, where a vote
	// on a question brings one.
	answerWeight = 2
)

// figureRows writes the points of all users, by Q2A's formula with its default weights.
func (f *filler) figureRows() error {
	for handle, p := range f.points {
		sum := 2*p.questions + 4*p.answers + 3*p.selects + 30*p.selecteds + p.questionVotes +
			answerWeight*p.answerVotes + p.upQ + p.downQ + p.upA + p.downA
		if err := f.exec(`INSERT INTO {userpoints} (userid, points, qposts, aposts, cposts,
				aselects, aselecteds, qupvotes, qdownvotes, aupvotes, adownvotes, cupvotes, cdownvotes,
				qvoteds, avoteds, cvoteds, upvoteds, downvoteds, bonus)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
			f.users[handle], 100+10*sum,
			p.questions, p.answers, p.comments, p.selects, p.selecteds, p.upQ, p.downQ, p.upA, p.downA,
			p.upC, p.downC, p.questionVotes, answerWeight*p.answerVotes, 0, p.ups, p.downs); err != nil {
			return err
		}
	}
	return nil
}

// index adds a visible post to the word index.
func (f *filler) index(post, question int, kind, title, text string, tags []string, created string) error {
	w := qa.IndexWords(title, text, tags)
	for _, word := range w.Title {
		row := f.word(word)
		row.title++
		if err := f.exec("INSERT INTO {titlewords} (postid, wordid) VALUES (?, ?)",
			post, row.id); err != nil {
			return err
		}
	}
	content := make([]string, 0, len(w.Content))
	for word := range w.Content {
		content = append(content, word)
	}
	slices.Sort(content)
	for _, word := range content {
		row := f.word(word)
		row.content++
		if err := f.exec(`INSERT INTO {contentwords} (postid, wordid, count, type, questionid)
			VALUES (?, ?, ?, ?, ?)`,
			post, row.id, min(w.Content[word], 255), kind, question); err != nil {
			return err
		}
	}
	for _, word := range w.TagWords {
		row := f.word(word)
		row.tagWord++
		if err := f.exec("INSERT INTO {tagwords} (postid, wordid) VALUES (?, ?)", post, row.id); err != nil {
			return err
		}
	}
	for _, tag := range w.Tags {
		row := f.word(tag)
		row.tag++
		if err := f.exec("INSERT INTO {posttags} (postid, wordid, postcreated) VALUES (?, ?, ?)",
			post, row.id, created); err != nil {
			return err
		}
	}
	return nil
}

// word returns the row of a word and creates it if necessary. It inserts a new row at once,
// because the rows of the index refer to it; wordRows writes the counts at the end.
func (f *filler) word(word string) *wordRow {
	if row, ok := f.words[word]; ok {
		return row
	}
	row := &wordRow{id: len(f.words) + 1}
	f.words[word] = row
	f.wordOrder = append(f.wordOrder, word)
	if err := f.exec("INSERT INTO {words} (wordid, word) VALUES (?, ?)", row.id, word); err != nil {
		row.id = 0 // so that the rows that refer to it fail with an error
	}
	return row
}

func (f *filler) wordRows() error {
	for _, word := range f.wordOrder {
		w := f.words[word]
		if err := f.exec(`UPDATE {words}
			SET titlecount = ?, contentcount = ?, tagwordcount = ?, tagcount = ?
			WHERE wordid = ?`,
			w.title, w.content, w.tagWord, w.tag, w.id); err != nil {
			return err
		}
	}
	return nil
}

// picture stores a drawn picture as the old site stores an upload: as a row, and a file in the
// folder of blobs.
func (f *filler) picture(id string, content []byte, by string) error {
	if err := media.Put(f.blobs, id, "png", content); err != nil {
		return err
	}
	return f.exec(`INSERT INTO {blobs} (blobid, format, filename, userid, created)
		VALUES (?, 'png', 'picture.png', ?, ?)`,
		id, f.users[by], sqlTime(newest))
}
