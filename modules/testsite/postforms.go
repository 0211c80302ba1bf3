package testsite

import (
	"regexp"
	"strings"
)

var (
	questionPath = regexp.MustCompile(`^/(\d+)/`)
	// fieldForms are the API requests that stand for forms of the old site, by the names of the forms'
	// buttons.
	fieldForms = []struct {
		form *regexp.Regexp
		call func(tr *Transition, question string, m []string) Call
	}{
		{regexp.MustCompile(`^doask$`), askCall},
		{regexp.MustCompile(`^a_doadd$`), func(tr *Transition, q string, _ []string) Call {
			return Call{"POST", "/v1/questions/" + q + "/answers", tr.writing("a_")}
		}},
		{regexp.MustCompile(`^c(\d+)_doadd$`), func(tr *Transition, _ string, m []string) Call {
			return Call{"POST", "/v1/posts/" + m[1] + "/comments", tr.writing("c" + m[1] + "_")}
		}},
		{regexp.MustCompile(`^q_dosave$`), editQuestionCall},
		{regexp.MustCompile(`^([ac])(\d+)_dosave$`), editReplyCall},
		{
			regexp.MustCompile(`^([ac])?(\d+|q)_do(hide|reshow|approve|reject|flag|unflag|clearflags|claim|delete)$`),
			clickCall,
		},
		{regexp.MustCompile(`^a(\d+)_doselect$`), func(_ *Transition, q string, m []string) Call {
			return Call{"PUT", "/v1/questions/" + q + "/selected-answer",
				map[string]any{"answerId": number(m[1])}}
		}},
		{regexp.MustCompile(`^a(\d+)_dounselect$`), func(_ *Transition, q string, _ []string) Call {
			return Call{"DELETE", "/v1/questions/" + q + "/selected-answer", nil}
		}},
		{regexp.MustCompile(`^doclose$`), closeCall},
		{regexp.MustCompile(`^q_doreopen$`), func(_ *Transition, q string, _ []string) Call {
			return Call{"DELETE", "/v1/questions/" + q + "/closure", nil}
		}},
		{regexp.MustCompile(`^vote_(\d+)_(-?\d)_`), func(_ *Transition, _ string, m []string) Call {
			return voteCall(m[1], m[2])
		}},
	}
)

// postCall returns the API request for a recorded action on a post, and false for other actions.
func (tr *Transition) postCall() (Call, bool) {
	question := ""
	if m := questionPath.FindStringSubmatch(tr.Action.Request.Path); m != nil {
		question = m[1]
	}
	switch tr.Field("qa_operation") {
	case "vote":
		return voteCall(tr.Field("postid"), tr.Field("vote")), true
	case "click_admin":
		id := tr.Field("entityid")
		switch action := tr.Field("action"); action {
		case "approve", "reject", "hide", "reshow", "clearflags", "delete":
			return clickCall(tr, id, []string{"", "?", id, action}), true
		}
	}
	if tr.Action.Request.Method == "GET" && question != "" {
		return Call{"GET", "/v1/questions/" + question, nil}, true
	}
	for _, f := range fieldForms {
		for name := range tr.Action.Request.Fields {
			if m := f.form.FindStringSubmatch(name); m != nil {
				return f.call(tr, question, m), true
			}
		}
	}
	return Call{}, false
}

// writing returns the fields that all forms for texts have in common. Their names in the form begin with the
// prefix.
func (tr *Transition) writing(prefix string) map[string]any {
	body := map[string]any{"content": tr.Field(prefix + "content")}
	if tr.Field(prefix+"content_ckeditor_ok") == "1" {
		body["format"] = "html"
	}
	body["notify"] = tr.hasField(prefix + "notify")
	for _, name := range []string{"email", "name"} {
		if tr.hasField(prefix + name) {
			body[name] = tr.Field(prefix + name)
		}
	}
	if tr.hasField(prefix + "silent") {
		body["silent"] = true
	}
	return body
}

func askCall(tr *Transition, _ string, _ []string) Call {
	body := tr.writing("")
	body["title"] = tr.Field("title")
	if tr.hasField("tags") {
		body["tags"] = []string{tr.Field("tags")}
	}
	for _, f := range []string{"category_4", "category_3", "category_2", "category_1", "category_0"} {
		if id := number(tr.Field(f)); id != 0 {
			body["categoryId"] = id
			break
		}
	}
	if tr.hasField("extra") {
		body["extra"] = tr.Field("extra")
	}
	if follow := tr.param("follow"); follow != nil {
		body["followsAnswerId"] = follow
	}
	return Call{"POST", "/v1/questions", body}
}

func editQuestionCall(tr *Transition, q string, _ []string) Call {
	body := tr.writing("q_")
	if !tr.hasField("q_content") {
		delete(body, "content")
		delete(body, "notify")
	}
	if tr.hasField("q_title") {
		body["title"] = tr.Field("q_title")
	}
	if tr.hasField("q_extra") {
		body["extra"] = tr.Field("q_extra")
	}
	if tr.hasField("q_tags") {
		body["tags"] = []string{tr.Field("q_tags")}
	}
	if tr.hasField("q_category_0") {
		body["categoryId"] = number(tr.Field("q_category_0"))
	}
	return Call{"PATCH", "/v1/questions/" + q, body}
}

func editReplyCall(tr *Transition, _ string, m []string) Call {
	prefix := m[1] + m[2] + "_"
	body := tr.writing(prefix)
	if tr.Field(prefix+"dotoc") != "" {
		body["parentId"] = number(tr.Field(prefix + "commenton"))
		return Call{"POST", "/v1/answers/" + m[2] + "/comment", body}
	}
	return Call{"PATCH", map[string]string{"a": "/v1/answers/", "c": "/v1/comments/"}[m[1]] + m[2], body}
}

func clickCall(tr *Transition, q string, m []string) Call {
	id := m[2]
	if id == "q" {
		id = q
	}
	post := "/v1/posts/" + id
	switch m[3] {
	case "hide", "reshow":
		return Call{"PUT", post + "/visibility", map[string]any{"hidden": m[3] == "hide"}}
	case "approve", "reject":
		return Call{"PUT", post + "/approval", map[string]any{"approved": m[3] == "approve"}}
	case "flag":
		return Call{"PUT", post + "/flag", nil}
	case "unflag":
		return Call{"DELETE", post + "/flag", nil}
	case "clearflags":
		return Call{"DELETE", post + "/flags", nil}
	case "claim":
		return Call{"PUT", post + "/owner", nil}
	}
	kind := map[string]string{"": "questions", "a": "answers", "c": "comments"}[m[1]]
	if m[1] == "?" { // the administrators' list says no kind
		about := func(kind string) bool {
			return strings.Contains(tr.Action.Name, kind) || tr.param(kind) != nil
		}
		switch {
		case about("comment"):
			kind = "comments"
		case about("question"):
			kind = "questions"
		default:
			kind = "answers"
		}
	}
	return Call{"DELETE", "/v1/" + kind + "/" + id, nil}
}

func closeCall(tr *Transition, q string, _ []string) Call {
	details := tr.Field("q_close_details")
	if m := regexp.MustCompile(`^https?://[^/]+/(\d+)`).FindStringSubmatch(details); m != nil {
		return Call{"PUT", "/v1/questions/" + q + "/closure", map[string]any{"duplicateOf": number(m[1])}}
	}
	return Call{"PUT", "/v1/questions/" + q + "/closure", map[string]any{"note": details}}
}

func voteCall(id, vote string) Call {
	if vote == "0" {
		return Call{"DELETE", "/v1/posts/" + id + "/vote", nil}
	}
	return Call{"PUT", "/v1/posts/" + id + "/vote", map[string]any{"value": number(vote)}}
}
