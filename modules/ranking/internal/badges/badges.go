// Package badges defines the badges of the plugin ys-badges: which badges there are, and what each
// is given for. Names, numbers, thresholds and events are the plugin's. Where the plugin's event
// handler and its script for past activity differ, the handler's rule is used for both, so that the
// result does not depend on when a user is examined.
package badges

import (
	"slices"

	"38qa.net/backend/modules/kernel/problem"
)

// Badge is a badge with the rule by which it is earned.
type Badge struct {
	ID int
	// Name is the plugin's name for the badge. Event is the Q2A event after which the plugin checks
	// whether somebody has earned it. Monthly badges have neither.
	Name, Event string
	// Group is what the badge is given for: answer, question, diary, action or month.
	Group string

	// ofPost reports whether a post earns the badge for its author; ofPerson reports whether a user
	// has earned it by all activity so far. Exactly one of them is set; for monthly badges neither
	// is.
	ofPost   func(*Post) bool
	ofPerson func(*Person) bool
}

// Title returns the badge's title in the given language.
func (b *Badge) Title(l problem.Language) string { return texts[b.ID][0][inLanguage(l)] }

// Description returns what the badge is given for, in the given language.
func (b *Badge) Description(l problem.Language) string { return texts[b.ID][1][inLanguage(l)] }

// inLanguage returns the index of a language in texts.
func inLanguage(l problem.Language) int {
	if l == problem.Japanese {
		return 1
	}
	return 0
}

// All lists the badges that are given for a post or for a user's activity, ordered by id.
var All = slices.Concat(
	family('A', "answer", 101,
		[]string{"answer", "good_answer", "quick_answer", "savior", "detail_answer", "answer_with_image",
			"kind", "help_others", "hero"},
		[]string{"a_post", "a_vote_up", "a_post", "a_post", "a_post", "a_post", "a_post", "a_post",
			"a_post"}),
	family('Q', "question", 201,
		[]string{"questioner", "good_question", "with_many_answer", "detail_question",
			"question_with_image", "question_with_video", "full_of_curiosity", "hardworking",
			"question_master"},
		[]string{"q_post", "q_vote_up", "a_post", "q_post", "q_post", "q_post", "q_post", "q_post",
			"q_post"}),
	family('B', "diary", 301,
		[]string{"recorder", "good_blog", "blog_with_many_comment", "detail_blog", "blog_with_image",
			"blog_with_video", "blog_continuing", "diligent_recorder", "recording_expert"},
		[]string{"qas_blog_b_post", "qas_blog_vote_up", "qas_blog_c_post", "qas_blog_b_post",
			"qas_blog_b_post", "qas_blog_b_post", "qas_blog_b_post", "qas_blog_b_post", "qas_blog_b_post"}),
	[]Badge{
		{ID: 401, Name: "supporter", Event: "a_vote_up", Group: "action",
			ofPerson: func(p *Person) bool { return p.Supported >= 3 }},
		{ID: 402, Name: "info_collector", Event: "q_favorite", Group: "action",
			ofPerson: func(p *Person) bool { return p.Collected >= 5 }},
		{ID: 403, Name: "popular_person", Event: "u_favorite", Group: "action",
			ofPerson: func(p *Person) bool { return p.Followers >= 10 }},
	},
)

// Monthly lists the badges that are given once for each month, to the users who wrote most posts of
// a kind in it.
var Monthly = []Badge{{ID: 1001, Group: "month"}, {ID: 1002, Group: "month"}, {ID: 1003, Group: "month"}}

// MonthlyKind returns the kind of post that a monthly badge counts: Q, A, or B for diary posts.
func MonthlyKind(id int) byte { return "QAB"[id-1001] }

// ByID returns the badge with the given id, or nil if there is none.
func ByID(id int) *Badge {
	for _, list := range [][]Badge{All, Monthly} {
		if i := slices.IndexFunc(list, func(b Badge) bool { return b.ID == id }); i >= 0 {
			return &list[i]
		}
	}
	return nil
}

// family returns the nine badges of a kind of post. Their ids are consecutive and begin with first.
func family(kind byte, group string, first int, names, events []string) []Badge {
	list := make([]Badge, len(names))
	for i := range names {
		list[i] = Badge{ID: first + i, Name: names[i], Event: events[i], Group: group}
	}
	ofPost := func(i int, earned func(*Post) bool) {
		list[i].ofPost = func(p *Post) bool { return p.Kind == kind && earned(p) }
	}
	ofPost(0, func(*Post) bool { return true })
	ofPost(1, func(p *Post) bool { return p.Upvotes >= likesOfGood })
	if kind == 'A' {
		ofPost(2, func(p *Post) bool { return p.Wait < quickSeconds })
		ofPost(3, func(p *Post) bool { return p.First && p.Wait >= saviorSeconds })
		ofPost(4, isDetailed)
		ofPost(5, hasPicture)
	} else {
		ofPost(2, func(p *Post) bool { return p.Replies >= repliesOfMany })
		ofPost(3, isDetailed)
		ofPost(4, hasPicture)
		ofPost(5, hasVideo)
	}
	for i, most := range map[byte][3]int{'A': {5, 15, 50}, 'Q': {3, 10, 30}, 'B': {3, 10, 30}}[kind] {
		list[6+i].ofPerson = func(p *Person) bool {
			return map[byte]int{'A': p.Answers, 'Q': p.Questions, 'B': p.DiaryPosts}[kind] >= most
		}
	}
	return list
}
