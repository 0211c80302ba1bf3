package qa

import (
	"strings"

	"38qa.net/backend/modules/site/option"
)

// Kind is the kind of a post, as Q2A's table of posts has it. Whether the post is hidden or queued, which
// the table has in the same column, is no part of it.
type Kind string

// The kinds of posts.
const (
	KindQuestion Kind = "Q"
	KindAnswer   Kind = "A"
	KindComment  Kind = "C"
	KindNote     Kind = "NOTE" // why a question is closed
)

// These lists say which kinds of posts an operation works on.
var (
	anyKind             = []Kind{KindQuestion, KindAnswer, KindComment}
	onlyQuestions       = []Kind{KindQuestion}
	onlyAnswers         = []Kind{KindAnswer}
	onlyComments        = []Kind{KindComment}
	questionsAndAnswers = []Kind{KindQuestion, KindAnswer}
)

var (
	kindNames = map[Kind]string{
		KindQuestion: "question", KindAnswer: "answer", KindComment: "comment", KindNote: "note",
	}
	kindLetters = map[Kind]string{KindQuestion: "q", KindAnswer: "a", KindComment: "c"}
)

// splitType returns the kind and the state (HIDDEN, QUEUED, or "" if it is visible) of a post whose column
// type has the given value.
func splitType(column string) (kind Kind, state string) {
	base, state, _ := strings.Cut(column, "_")
	return Kind(base), state
}

// name returns the kind as the API has it.
func (k Kind) name() string { return kindNames[k] }

// letter returns the letter with which the names of Q2A's events about such posts begin, "" for notes.
func (k Kind) letter() string { return kindLetters[k] }

// kindOptions are the options that Q2A has once for each kind of post.
type kindOptions struct {
	post, edit option.Key // who may write and who may edit such posts
	voting     option.Key // whether people vote on them
	comments   option.Key // whether people comment on them; None, which is off, for comments
	minLength  option.Key // the fewest characters of their content
}

var (
	questionOptions = kindOptions{
		post: option.PermitPostQ, edit: option.PermitEditQ, voting: option.VotingOnQs,
		comments: option.CommentOnQs, minLength: option.MinLenQContent,
	}
	answerOptions = kindOptions{
		post: option.PermitPostA, edit: option.PermitEditA, voting: option.VotingOnAs,
		comments: option.CommentOnAs, minLength: option.MinLenAContent,
	}
	commentOptions = kindOptions{
		post: option.PermitPostC, edit: option.PermitEditC, voting: option.VotingOnCs,
		minLength: option.MinLenCContent,
	}
)

// optionsOf returns the options for a kind of post. As in Q2A, what is neither a question nor an answer
// counts as a comment.
func optionsOf(kind Kind) *kindOptions {
	switch kind {
	case KindQuestion:
		return &questionOptions
	case KindAnswer:
		return &answerOptions
	}
	return &commentOptions
}
