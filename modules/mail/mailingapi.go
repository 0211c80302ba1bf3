package mail

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// The states of a mailing.
const (
	mailingNone    = "none"
	mailingPaused  = "paused"
	mailingRunning = "running"
)

// MailingText is the text of a mailing, its sender and its pace, as clients see it. It is exported because
// schemas leave out embedded types that are not.
type MailingText struct {
	FromName  string `json:"fromName" maxLength:"100" doc:"Empty: the site's title"`
	FromEmail string `json:"fromEmail" maxLength:"80" doc:"Empty: the site's own address. With the setting MAIL_FROM mails come from that address, and this is where answers go"`
	Subject   string `json:"subject" maxLength:"200"`
	Body      string `json:"body" maxLength:"10000" doc:"Plain text. A link to unsubscribe follows it"`
	PerMinute int    `json:"perMinute" minimum:"1" maximum:"6000" doc:"How many mails are sent in a minute"`
}

// mailingState is the text of the mailing and how far it has come.
type mailingState struct {
	MailingText
	State      string     `json:"state" enum:"none,paused,running" doc:"none: no mailing is under way. While the old site's page sends it, it is paused here, and lastStepAt moves"`
	Done       int        `json:"doneUserCount" doc:"How many users it has come to, also of those who get none"`
	Total      int        `json:"totalUserCount" doc:"How many users there were when it began"`
	Recipients int        `json:"recipientCount" doc:"How many members get a mailing now: who want mailings, are not blocked and, where the site approves users, are approved"`
	LastStepAt *time.Time `json:"lastStepAt,omitempty" doc:"About when mails were last sent, on either side"`
}

type mailingOutput struct{ Body mailingState }

type mailingTextInput struct{ Body MailingText }

type mailingStateInput struct {
	Body struct {
		State string `json:"state" enum:"none,paused,running" doc:"running begins a mailing, or goes on with it; none cancels it"`
	}
}

type mailingPreviewOutput struct {
	Body struct {
		Subject    string `json:"subject"`
		Text       string `json:"text" doc:"The mail as plain text"`
		HTML       string `json:"html" doc:"The mail as HTML"`
		Recipients int    `json:"recipientCount" doc:"How many members would get it now"`
	}
}

// The problems of mailings.
var (
	codeMailingUnderWay = problem.Define("mailing_under_way", http.StatusConflict,
		problem.Text("A mailing is under way", "一斉メールを送信中です"),
		problem.Text("Its text can be changed once it is over or cancelled.",
			"送信が終わるか取り消されるまで、内容は変更できません。"))
	codeNoMailing = problem.Define("no_mailing", http.StatusConflict,
		problem.Text("No mailing is under way", "送信中の一斉メールはありません"),
		problem.Text("There is nothing to pause.", "一時停止できるものがありません。"))
	codeMailsOff = problem.Define("mails_off", http.StatusConflict,
		problem.Text("No mails are sent", "メール送信が無効です"),
		problem.Text("The setting MAIL_URL says how mails leave.", "設定 MAIL_URL でメールの送信方法を指定してください。"))
)

func (m *Module) registerMailing(api huma.API) {
	op := func(id, method, path, summary, description string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/admin/mailing" + path,
			Tags: []string{"Administration"}, Summary: summary, Description: "For administrators. " + description,
			Errors: append([]int{http.StatusForbidden}, errors...)}
	}
	web.Register(api, op("get-mailing", http.MethodGet, "", "The mailing to all members, and how far it has come",
		"The old site shows the same, on its own page for mailings."), auth.ForAdmins(m.getMailing))
	web.Register(api, op("set-mailing", http.MethodPut, "", "Change the text of the mailing",
		"Not while it is under way: mailing_under_way.", http.StatusConflict), auth.ForAdmins(m.setMailing))
	web.Register(api, op("preview-mailing", http.MethodGet, "/preview", "The mailing as the caller would get it",
		"Nothing is sent."), auth.ForAdmins(m.previewMailing))
	test := op("test-mailing", http.MethodPost, "/test", "Send the mailing to the caller alone",
		"To the address of the caller's account.", http.StatusConflict, http.StatusUnprocessableEntity)
	test.DefaultStatus = http.StatusAccepted
	web.Register(api, test, auth.ForAdmins(m.testMailing))
	web.Register(api, op("control-mailing", http.MethodPut, "/state", "Begin, pause, go on with or cancel the mailing",
		"It is sent by the job mailing, to each member once, also if the old site has begun it or goes on with "+
			"it. Mails that are queued already leave after a pause too, but not after it is cancelled.",
		http.StatusConflict, http.StatusUnprocessableEntity), auth.ForAdmins(m.controlMailing))
}

func (m *Module) getMailing(ctx context.Context, _ *struct{}) (*mailingOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	return m.showMailing(ctx, o)
}

func (m *Module) showMailing(ctx context.Context, o *site.Options) (*mailingOutput, error) {
	l := letterIn(o)
	s := mailingState{State: mailingNone, MailingText: MailingText{FromName: l.fromName, FromEmail: l.fromEmail,
		Subject: l.subject, Body: l.body, PerMinute: paceIn(o).perMinute}}
	p, err := readProgress(ctx, m.db, "")
	if err != nil {
		return nil, err
	}
	if s.Recipients, err = m.countRecipients(ctx, o); err != nil || !p.under {
		return &mailingOutput{s}, err
	}
	s.State, s.Done, s.Total = mailingPaused, p.done, p.total
	if at := min(p.at(), m.db.Now()); at > 0 {
		last := time.Unix(at, 0).UTC()
		s.LastStepAt = &last
	}
	runs, err := m.jobs.History(ctx, mailingJob, 1)
	if err == nil && len(runs) > 0 && (runs[0].Status == jobs.Running || runs[0].Status == jobs.Queued) {
		s.State = mailingRunning
	}
	return &mailingOutput{s}, err
}

func (m *Module) countRecipients(ctx context.Context, o *site.Options) (n int, err error) {
	condition, args := recipientsOf(o)
	_, err = m.db.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {users} WHERE "+condition, args...)
	return n, err
}

func (m *Module) setMailing(ctx context.Context, in *mailingTextInput) (*mailingOutput, error) {
	b := in.Body
	if b.FromEmail != "" && !validAddress(b.FromEmail) {
		return nil, problem.Invalid(problem.Field{Name: "fromEmail", Code: problem.FieldBadEmail})
	}
	values := map[option.Key]string{
		// The old site's page shows the text only where this option is on.
		option.MailingEnabled:  "1",
		option.MailingFromName: oneLine(inTable(b.FromName)), option.MailingFromEmail: b.FromEmail,
		option.MailingSubject: oneLine(inTable(b.Subject)), option.MailingBody: plain(inTable(b.Body)),
		option.MailingPerMinute: strconv.Itoa(b.PerMinute),
	}
	err := m.db.Tx(ctx, func(tx *database.DB) error {
		p, err := readProgress(ctx, tx, tx.ForUpdate())
		if err != nil {
			return err
		}
		if p.under {
			return problem.New(codeMailingUnderWay)
		}
		if err := audit.Record(ctx, tx, audit.Entry{Kind: auditedMailing, After: b}); err != nil {
			return err
		}
		return site.Set(ctx, tx, values)
	})
	if err != nil {
		return nil, err
	}
	m.site.Forget()
	return m.getMailing(ctx, nil)
}

func (m *Module) previewMailing(ctx context.Context, _ *struct{}) (*mailingPreviewOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	k := kinds[kindMailingTest]
	r := &row{queued: queued{kind: kindMailingTest, userID: auth.CallerOf(ctx).UserID}}
	c, err := m.about(ctx, o, r.userID)
	if err != nil {
		return nil, err
	}
	if err := m.loadMailing(ctx, r, c); err != nil {
		return nil, err
	}
	japanese := strings.HasPrefix(o.String(option.SiteLanguage), "ja")
	if c.NoMore = noMoreEn; japanese {
		c.NoMore = noMoreJa
	}
	if c.Unsubscribe, err = m.unsubscribeLink(ctx, k, r); err != nil {
		return nil, err
	}
	out := &mailingPreviewOutput{}
	if out.Body.Subject, out.Body.Text, err = k.write(c, japanese); err != nil {
		return nil, err
	}
	out.Body.HTML = page(out.Body.Subject, out.Body.Text, c.Unsubscribe, japanese)
	out.Body.Recipients, err = m.countRecipients(ctx, o)
	return out, err
}

// mailable returns a problem if there is no mailing to send: no text, or no way for mails to leave.
func (m *Module) mailable(o *site.Options) error {
	if m.target == nil {
		return problem.New(codeMailsOff)
	}
	var faults []problem.Field
	l := letterIn(o)
	if l.subject == "" {
		faults = append(faults, problem.Field{Name: "subject", Code: problem.FieldRequired})
	}
	if l.body == "" {
		faults = append(faults, problem.Field{Name: "body", Code: problem.FieldRequired})
	}
	if len(faults) > 0 {
		return problem.Invalid(faults...)
	}
	return nil
}

func (m *Module) testMailing(ctx context.Context, _ *struct{}) (*struct{ Status int }, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.mailable(o); err != nil {
		return nil, err
	}
	_, err = m.settings.Auth.Write(ctx, func(w *auth.Writer) (int, error) {
		// One test in a second is enough for everybody.
		return 0, add(ctx, w.Tx, w.Tx.Now(), queued{kind: kindMailingTest, userID: w.Caller.UserID})
	})
	m.wake.Signal()
	return &struct{ Status int }{http.StatusAccepted}, err
}

func (m *Module) controlMailing(ctx context.Context, in *mailingStateInput) (*mailingOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	err = m.db.Tx(ctx, func(tx *database.DB) error { // also what is refused then was asked for
		return audit.Record(ctx, tx, audit.Entry{Kind: auditedMailing, After: in.Body})
	})
	if err != nil {
		return nil, err
	}
	switch in.Body.State {
	case mailingRunning:
		err = m.runMailing(ctx, o)
	case mailingPaused:
		err = m.pauseMailing(ctx)
	default:
		if err = m.jobs.Cancel(ctx, mailingJob); err == nil {
			err = m.db.Tx(ctx, func(tx *database.DB) error { return cancelMailing(ctx, tx) })
		}
	}
	if err != nil {
		return nil, err
	}
	m.site.Forget()
	return m.getMailing(ctx, nil)
}

// auditedMailing is the kind of thing that a mailing is in the log of changes.
const auditedMailing = "mailing"

// runMailing begins a mailing, or goes on with the one under way. If the process dies in between, the
// mailing is paused.
func (m *Module) runMailing(ctx context.Context, o *site.Options) error {
	p, err := readProgress(ctx, m.db, "")
	if err != nil {
		return err
	}
	if m.target == nil {
		return problem.New(codeMailsOff)
	}
	if !p.under {
		if err := m.mailable(o); err != nil {
			return err
		}
		by := auth.CallerOf(ctx).UserID
		err := m.db.Tx(ctx, func(tx *database.DB) error { return beginMailing(ctx, tx, o, by) })
		if err != nil {
			return err
		}
	}
	_, err = m.jobs.Request(ctx, mailingJob, jobs.Options{})
	return err
}

// pauseMailing stops the run that sends the mailing and lets the old site go on with it.
func (m *Module) pauseMailing(ctx context.Context) error {
	p, err := readProgress(ctx, m.db, "")
	if err != nil {
		return err
	}
	if !p.under {
		return problem.New(codeNoMailing)
	}
	if err := m.jobs.Cancel(ctx, mailingJob); err != nil {
		return err
	}
	return m.db.Tx(ctx, func(tx *database.DB) error { return releaseMailing(ctx, tx) })
}
