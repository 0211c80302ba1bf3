package qa

import (
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Limits says how long the parts of posts may be on a site, for forms that check them before they send.
type Limits struct {
	Title           Range `json:"title" doc:"Characters"`
	QuestionContent Range `json:"questionContent" doc:"Characters: the least of the plain text, the greatest as stored"`
	AnswerContent   Range `json:"answerContent" doc:"Like questionContent"`
	CommentContent  Range `json:"commentContent" doc:"Like questionContent"`
	Tags            Range `json:"tags" doc:"How many tags a question has; 0 to 0 where the site has none"`
	Extra           Range `json:"extra" doc:"Characters of the site's additional field"`
	Name            Range `json:"name" doc:"Characters of an anonymous author's name"`
}

// Range is how much of something is allowed.
type Range struct {
	Min int `json:"min"`
	Max int `json:"max"`
}

// LimitsOf returns the limits that the site's options set within those of Q2A's columns.
func LimitsOf(o *site.Options) Limits {
	content := func(kind Kind) Range { return Range{o.Int(optionsOf(kind).minLength), maxContent} }
	l := Limits{
		Title:           titleRange(o),
		QuestionContent: content(KindQuestion), AnswerContent: content(KindAnswer),
		CommentContent: content(KindComment),
		Extra:          Range{0, maxExtra}, Name: Range{0, maxName},
	}
	if o.UsingTags() {
		l.Tags = tagRange(o)
	}
	return l
}

func titleRange(o *site.Options) Range {
	least := o.Int(option.MinLenQTitle)
	return Range{least, max(least, min(o.Int(option.MaxLenQTitle), maxTitle))}
}

// tagRange returns how many tags a question has on a site that uses tags.
func tagRange(o *site.Options) Range {
	most := o.Int(option.MaxNumQTags)
	return Range{min(o.Int(option.MinNumQTags), most), most}
}
