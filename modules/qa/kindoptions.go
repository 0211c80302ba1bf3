package qa

import "38qa.net/backend/modules/site/option"

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
func optionsOf(kind string) *kindOptions {
	switch kind {
	case "Q":
		return &questionOptions
	case "A":
		return &answerOptions
	}
	return &commentOptions
}
