package demo

import (
	"maps"
	"slices"

	"38qa.net/backend/modules/qa"
)

// wordCounts are the numbers of posts with a word: in the title, the content, the words of tags, the whole tags.
type wordCounts struct{ title, content, tagWord, tag int32 }

// index numbers the words as they come up and counts them.
type index struct {
	ids    map[string]int32
	counts []wordCounts // by word id minus one
	// noContent leaves out the words of contents.
	noContent bool
}

func newIndex() *index { return &index{ids: map[string]int32{}} }

// id is a word's id; a new word gets a row.
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

// maxCount is the greatest number that contentwords.count holds.
const maxCount = 255

// add makes the rows of one post in Q2A's index.
func (x *index) add(r *rows, s *seeder, post int32, p *planned, question int32, w qa.IndexedWords) {
	for _, word := range w.Title {
		id := x.id(r, word)
		x.counts[id-1].title++
		r.add("titlewords", "postid, wordid", post, id)
	}
	if x.noContent {
		w.Content = nil
	}
	for _, word := range slices.Sorted(maps.Keys(w.Content)) { // sorted, so that the same seed gives the same ids
		id := x.id(r, word)
		x.counts[id-1].content++
		r.add("contentwords", "postid, wordid, count, type, questionid", post, id, min(w.Content[word], maxCount), kindNames[p.kind], question)
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
