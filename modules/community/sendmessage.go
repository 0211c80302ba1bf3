package community

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site/option"
)

type sendInput struct {
	Handle string `path:"handle" maxLength:"80" doc:"The receiver's handle, in any case of letters"`
	Body   messageBody
}

// sentMessage is a private message that was sent just now. It is like message, but for sites that keep no
// messages.
type sentMessage struct {
	ID        int          `json:"id,omitempty" doc:"Absent where the site keeps no messages but only mails them"`
	To        *auth.Author `json:"to,omitempty"`
	Content   string       `json:"content"`
	Format    string       `json:"format" enum:"plain,html"`
	HTML      string       `json:"html" doc:"The content as HTML that is safe to show"`
	CreatedAt time.Time    `json:"createdAt"`
}

type sendOutput struct{ Body sentMessage }

func (m *Module) registerSending(api huma.API) {
	web.Register(api, messageOperation("send-message", http.MethodPost, "me/messages/{handle}",
		"Write a private message"), m.sendMessage)
}

func (m *Module) sendMessage(ctx context.Context, in *sendInput) (*sendOutput, error) {
	caller, o, err := m.messenger(ctx)
	if err != nil {
		return nil, err
	}
	plugins, err := m.messagePlugins(ctx)
	if err != nil {
		return nil, err
	}
	to, err := m.auth.AccountByHandle(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	if to.ID == caller.UserID {
		return nil, problem.New(auth.CodeOwnAccount)
	}
	text, err := m.prepareMessage(ctx, plugins, in.Body)
	if err != nil {
		return nil, err
	}
	id, err := m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		return m.writePrivate(w, plugins.on, to, text)
	})
	if err != nil {
		return nil, err
	}
	row := messageRow{to: to.ID, text: text, created: m.db.Now()}
	if id != 0 {
		rows, err := m.readMessages(ctx, "SELECT "+messageColumns+
			" FROM {messages} m WHERE m.messageid = ?", id)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			row = rows[0]
		}
	}
	shown, err := m.showMessages(ctx, o, []messageRow{row})
	if err != nil {
		return nil, err
	}
	s := shown[0]
	return &sendOutput{sentMessage{ID: id, To: s.To, Content: s.Content, Format: s.Format, HTML: s.HTML,
		CreatedAt: s.CreatedAt}}, nil
}

// writePrivate writes a private message and returns its id, or 0 if the site keeps none.
func (m *Module) writePrivate(
	w *auth.Writer, plugins bool, to auth.Account, text qa.StoredText,
) (int, error) {
	people, err := lockPartners(w.Ctx, w.Tx, w.Caller.UserID, to.ID)
	if err != nil {
		return 0, err
	}
	receiver, there := people[to.ID]
	if !there {
		return 0, problem.NotFound()
	}
	if p := auth.Refusal(w.Options, w.Caller, option.None, w.Caller.Level); p != nil {
		return 0, p
	}
	relations, err := m.allRelations(w.Ctx, w.Tx, plugins, people[w.Caller.UserID], []partner{receiver})
	if err != nil {
		return 0, err
	}
	if p := mayMessage(plugins, relations[to.ID]); p != nil {
		return 0, p
	}
	if err := auth.CheckLimit(w.Ctx, w.Tx, w.Options, w.Caller, auth.Messages); err != nil {
		return 0, err
	}
	if err := w.Wrote(); err != nil {
		return 0, err
	}
	id := 0
	var messageID any
	if w.Options.Bool(option.ShowMessageHistory) {
		if id, err = m.insertMessage(w, "PRIVATE", to.ID, text); err != nil {
			return 0, err
		}
		messageID = id
	}
	w.ReportTo([]int{to.ID}, "u_message", "userid", to.ID, "handle", to.Handle, "messageid", messageID,
		"message", text.Content)
	return id, auth.Charge(w.Ctx, w.Tx, w.Caller, auth.Messages)
}

// insertMessage writes the row of a message of the caller.
func (m *Module) insertMessage(w *auth.Writer, kind string, to int, text qa.StoredText) (int, error) {
	id, err := w.Tx.Insert(w.Ctx,
		`INSERT INTO {messages} (type, fromuserid, touserid, content, format, created)
		VALUES (?, ?, ?, ?, ?, FROM_UNIXTIME(?))`,
		kind, w.Caller.UserID, to, text.Content, text.Format, w.Tx.Now())
	if err != nil {
		return 0, fmt.Errorf("store a message: %w", err)
	}
	return int(id), m.qa.KeepFiles(w.Ctx, w.Tx, w.Options, text)
}
