package mail

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// The limits of feedback in an hour, for an account and for a client's address. Q2A has none.
const (
	maxFeedback         = 5
	maxFeedbackOfClient = 10
)

type feedbackInput struct {
	Browser string `header:"User-Agent"`
	Body    struct {
		Message      string `json:"message" minLength:"1" maxLength:"8000"`
		Name         string `json:"name,omitempty" maxLength:"100"`
		Email        string `json:"email,omitempty" maxLength:"80" doc:"Where the site may reply"`
		Previous     string `json:"previous,omitempty" maxLength:"1000" doc:"The page from which the writer came"`
		CaptchaToken string `json:"captchaToken,omitempty" maxLength:"8192" doc:"Of the solved challenge, where GET /v1/auth/session names feedback"`
	}
}

type feedbackOutput struct{ Status int }

func (m *Module) registerFeedback(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "send-feedback", Method: http.MethodPost, Path: "/v1/feedback", Tags: []string{"Site"},
		Summary: "Write to those who run the site",
		Description: "It is mailed to the site's own address. Where the site has switched feedback off, this " +
			"is 404 (GET /v1/site tells).",
		DefaultStatus: http.StatusAccepted,
		Errors: []int{http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity,
			http.StatusTooManyRequests},
	}, m.sendFeedback)
}

func (m *Module) sendFeedback(ctx context.Context, in *feedbackInput) (*feedbackOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	if !o.Bool(option.FeedbackEnabled) {
		return nil, problem.New(problem.CodeFeatureOff)
	}
	caller, b := auth.CallerOf(ctx), &in.Body
	if err := auth.Refusal(o, caller, option.None, caller.Level); err != nil {
		return nil, err
	}
	var faults []problem.Field
	if strings.TrimSpace(b.Message) == "" {
		faults = append(faults, problem.Field{Name: "message", Code: problem.FieldEmpty})
	}
	if b.Email != "" && !validAddress(b.Email) {
		faults = append(faults, problem.Field{Name: "email", Code: problem.FieldBadEmail})
	}
	if len(faults) > 0 {
		return nil, problem.Invalid(faults...)
	}
	if err := m.settings.Auth.CheckCaptcha(ctx, o, caller.Level, auth.CaptchaFeedback,
		b.CaptchaToken); err != nil {
		return nil, err
	}
	_, err = m.settings.Auth.Write(ctx, func(w *auth.Writer) (int, error) {
		if err := w.CountHourly("feedback", maxFeedback, maxFeedbackOfClient); err != nil {
			return 0, err
		}
		w.Report("feedback", "email", b.Email, "name", b.Name, "message", b.Message, "previous", b.Previous,
			"browser", in.Browser)
		return 0, nil
	})
	return &feedbackOutput{http.StatusAccepted}, err
}

// feedbackFrom says who wrote to the site, and from where. Fields that were left out are "".
type feedbackFrom struct {
	Name     string `json:"name,omitempty"`
	Email    string `json:"email,omitempty"`
	Previous string `json:"previous,omitempty"`
	Browser  string `json:"browser,omitempty"`
	IP       string `json:"ip,omitempty"`
}

// feedbackMail returns the mail with what somebody wrote to the site.
func feedbackMail(e events.Event) queued {
	text := func(param string) string { s, _ := e.Param(param).(string); return s }
	from := &feedbackFrom{Name: oneLine(text("name")), Email: text("email"),
		Previous: oneLine(text("previous")), Browser: oneLine(text("browser"))}
	if e.Actor.IP.IsValid() {
		from.IP = e.Actor.IP.String()
	}
	return queued{kind: "feedback", userID: e.Actor.UserID,
		about: about{Text: text("message"), Feedback: from}}
}

// writtenBy lists who wrote, below the message.
const writtenBy = "{{with .Feedback}}" +
	"{{if .Name}}\nName: {{.Name}}{{end}}{{if .Email}}\nE-mail: {{.Email}}{{end}}" +
	"{{if $.Handle}}\nMember: {{$.Handle}}{{end}}{{if .Previous}}\nPage before: {{.Previous}}{{end}}" +
	"{{if .IP}}\nIP: {{.IP}}{{end}}{{if .Browser}}\nBrowser: {{.Browser}}{{end}}{{end}}\n"

// feedbackKinds is the mail with what somebody wrote to the site.
var feedbackKinds = map[string]kind{
	"feedback": {
		toSite: true, aboutMessage: true,
		en: parse("{{.Site}}: feedback\n\nSomebody wrote to the site:\n\n{{quote .Message}}\n" + writtenBy),
		ja: parse("{{.Site}}: お問い合わせ\n\nサイトへのお問い合わせがありました。\n\n{{quote .Message}}\n" + writtenBy),
	},
}
