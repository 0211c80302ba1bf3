package demo

import (
	"maps"
	"slices"

	"38qa.net/backend/modules/qa"
)

// wordCounts are the numbers of posts that have a word in the title, in the content, as a part of
// a tag, and as a whole tag.
type wordCounts struct{ title, content, tagWord, tag int32 }

// index numbers the words as they first occur, and counts them.
type index struct {
	ids    map[string]int32
	counts []wordCounts // by word id minus one
	// noContent leaves out the words of contents; see SeedOptions.NoContentIndex.
	noContent bool
}

func newIndex() *index { return &index{ids: map[string]int32{}} }

// id returns the id of a word. It adds a row for a new word.
func (x *index) id(r *rows, word string) int32 {
	id := x.ids[word]
	if id == 0 {
		x.counts = append(x.counts, wordCounts{})
		id = int32(len(x.counts))
		x.ids[word] = id
		r.add("words", "wordid, word", id, word)
	}
	return id
}

// maxCount is the greatest number that the column contentwords.count can hold.
const maxCount = 255

// add adds the rows of one post to Q2A's word index.
func (x *index) add(r *rows, s *seeder, post int32, p *planned, question int32, w qa.IndexedWords) {
	for _, word := range w.Title {
		id := x.id(r, word)
		x.counts[id-1].title++
		r.add("titlewords", "postid, wordid", post, id)
	}
	if x.noContent {
		w.Content = nil
	}
	// The words are sorted, so that the same seed gives the same ids.
	for _, word := range slices.Sorted(maps.Keys(w.Content)) {
		id := x.id(r, word)
		x.counts[id-1].content++
		r.add("contentwords", "postid, wordid, count, type, questionid", post, id,
			min(w.Content[word], maxCount), kindNames[p.kind], question)
	}
	for _, word := range w.TagWords {
		id := x.id(r, word)
		x.counts[id-1].tagWord++
		r.add("tagwords", "postid, wordid", post, id)
	}
	for _, tag := range w.Tags {
		id := x.id(r, tag)
		if x.counts[id-1].tag++; x.counts[id-1].tag == 1 {
			s.counts.tags++
		}
		r.add("posttags", "postid, wordid, postcreated", post, id, seedTime(p.at))
	}
}
