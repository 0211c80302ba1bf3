package community

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa"
)

const (
	// maxDrafts is how many drafts the API keeps of a user. Those of the old site's plugin, which knows
	// no bound, do not count.
	maxDrafts = 100
	// excerptLength is how many characters of a draft lists show, and excerptFrom of how many they are made.
	excerptLength, excerptFrom = 200, 2000
)

// DraftText is what a draft consists of. It is kept as it was sent, and only its owner gets it back.
type DraftText struct {
	Title      string   `json:"title,omitempty" maxLength:"800" doc:"Of a question"`
	Content    string   `json:"content,omitempty" maxLength:"48000" doc:"As the editor has it; it is kept as it is and never shown to others"`
	Format     string   `json:"format,omitempty" enum:"plain,html,markdown" doc:"How content is written, if the client says so"`
	Tags       []string `json:"tags,omitempty" maxItems:"50" doc:"Of a question"`
	CategoryID int      `json:"categoryId,omitempty" minimum:"0" maximum:"4294967295" doc:"Of a question"`
}

// revision returns a short hash of the text, which is the draft's entity tag.
func (t DraftText) revision() string {
	text, _ := json.Marshal(t)
	return strconv.FormatUint(xxhash.Sum64(text), 36)
}

// draft is a draft with its place.
type draft struct {
	Kind string `json:"kind" enum:"question,answer,comment,message"`
	ID   int    `json:"id" doc:"0 for a question; the question of an answer, the post that a comment is on, or the user that a message is for"`
	DraftText
	SavedAt *time.Time `json:"savedAt,omitempty" doc:"Absent if the old site has saved it, which does not say when"`
}

// draftItem is a draft in a list.
type draftItem struct {
	Kind    string     `json:"kind" enum:"question,answer,comment,message"`
	ID      int        `json:"id" doc:"0 for a question; the question of an answer, the post that a comment is on, or the user that a message is for"`
	Title   string     `json:"title,omitempty" doc:"Of a question"`
	Excerpt string     `json:"excerpt" doc:"The beginning of the draft's text, as plain text"`
	SavedAt *time.Time `json:"savedAt,omitempty" doc:"Absent if the old site has saved it, which does not say when"`
}

// DraftPlace names a draft in the address of an operation.
type DraftPlace struct {
	Kind string `path:"kind" enum:"question,answer,comment,message" doc:"What is being written"`
	ID   int    `path:"id" minimum:"0" maximum:"4294967295" doc:"0 for a question; the question of an answer, the post that a comment is on, or the user that a message is for"`
}

type saveDraftInput struct {
	DraftPlace
	Body DraftText
}

type draftOutput struct {
	ETag string `header:"ETag"`
	Body draft
}

type draftsOutput struct{ Body web.List[draftItem] }

// registerDrafts adds the operations on the caller's drafts.
func (m *Module) registerDrafts(api huma.API) {
	op := func(id, method, path, summary string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/me/drafts" + path, Summary: summary,
			Tags: []string{"Me"}, Errors: append([]int{http.StatusForbidden}, errors...)}
	}
	web.Register(api, op("list-drafts", http.MethodGet, "", "One's own drafts, the last saved first"), m.listDrafts)
	web.Register(api, op("get-draft", http.MethodGet, "/{kind}/{id}", "A draft of one's own",
		http.StatusNotFound), m.getDraft)
	save := op("save-draft", http.MethodPut, "/{kind}/{id}", "Save a draft", http.StatusNotFound,
		http.StatusConflict, http.StatusPreconditionFailed)
	save.Description = fmt.Sprintf("With If-Match another tab's text is not overwritten, and with "+
		"If-None-Match: * no draft at all. At most %d drafts of a user are kept. A draft goes when what it was "+
		"for is posted, here or on the old site. The old site's editor offers drafts of questions and of answers "+
		"too, if they have 8,000 characters at most, and what it saves is found here.", maxDrafts)
	web.Register(api, save, m.saveDraft)
	remove := op("delete-draft", http.MethodDelete, "/{kind}/{id}", "Throw a draft away", http.StatusNotFound,
		http.StatusPreconditionFailed)
	remove.DefaultStatus = http.StatusNoContent
	web.Register(api, remove, m.deleteDraft)
}

// place returns where the draft belongs, or a problem if there are no such drafts.
func (in DraftPlace) place() (place, error) {
	switch {
	case in.Kind == draftOfQuestion && in.ID != 0:
		return place{}, problem.Invalid(problem.Field{Name: "id", Code: problem.FieldTooLarge, Args: []any{0}})
	case in.Kind != draftOfQuestion && in.ID == 0:
		return place{}, problem.Invalid(problem.Field{Name: "id", Code: problem.FieldTooSmall, Args: []any{1}})
	}
	return place{in.Kind, in.ID}, nil
}

// show returns the draft as the owner gets it.
func (k keptDraft) show(text DraftText, saved int64) *draftOutput {
	return &draftOutput{web.RevisionTag(text.revision()), draft{k.kind, k.subject, text, savedAt(saved)}}
}

func savedAt(saved int64) *time.Time {
	if saved == 0 {
		return nil
	}
	at := time.Unix(saved, 0).UTC()
	return &at
}

func (m *Module) getDraft(ctx context.Context, in *DraftPlace) (*draftOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	at, err := in.place()
	if err != nil {
		return nil, err
	}
	k, err := readDraft(ctx, m.db, caller.UserID, at)
	if err != nil {
		return nil, err
	}
	text, saved, ok := k.current()
	if !ok {
		return nil, problem.NotFound()
	}
	return k.show(text, saved), nil
}

// saveDraft keeps a draft. The row of the user is locked meanwhile, so that of two tabs that know the same
// draft one overwrites it, and the other learns of it.
func (m *Module) saveDraft(ctx context.Context, in *saveDraftInput) (out *draftOutput, err error) {
	err = m.changeDraft(ctx, &in.DraftPlace, func(tx *database.DB, userID int, k keptDraft, ok bool) error {
		if !ok {
			if err := mayBegin(ctx, tx, userID, k.place); err != nil {
				return err
			}
		}
		out = k.show(in.Body, tx.Now())
		return k.write(ctx, tx, userID, in.Body)
	})
	return out, err
}

// changeDraft runs a use case on one of the caller's drafts in a transaction, if the request's headers
// If-Match and If-None-Match allow it. ok tells whether there is the draft.
func (m *Module) changeDraft(
	ctx context.Context, in *DraftPlace,
	use func(tx *database.DB, userID int, k keptDraft, ok bool) error,
) error {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return err
	}
	at, err := in.place()
	if err != nil {
		return err
	}
	return m.db.Tx(ctx, func(tx *database.DB) error {
		k, err := lockDraft(ctx, tx, caller.UserID, at)
		if err != nil {
			return err
		}
		text, _, ok := k.current()
		if err := matches(ctx, text, ok); err != nil {
			return err
		}
		return use(tx, caller.UserID, k, ok)
	})
}

// matches obeys the request's headers If-Match and If-None-Match.
func matches(ctx context.Context, text DraftText, ok bool) error {
	if !ok {
		return web.CheckMatchOrNew(ctx, "")
	}
	return web.CheckMatchOrNew(ctx, text.revision())
}

// mayBegin refuses a new draft if there is nothing that it could be for, or if the user has too many.
// Drafts that exist can be saved again in any case, for whoever is writing does not know that a question
// has just gone.
func mayBegin(ctx context.Context, tx *database.DB, userID int, at place) error {
	query := map[string]string{
		draftOfAnswer:  "SELECT 1 FROM {posts} WHERE postid = ? AND type = 'Q'",
		draftOfComment: "SELECT 1 FROM {posts} WHERE postid = ? AND type IN ('Q', 'A')",
		draftOfMessage: "SELECT 1 FROM {users} WHERE userid = ?",
	}[at.kind]
	var n int
	if query != "" {
		found, err := tx.Get(ctx, []any{&n}, query, at.subject)
		if err != nil {
			return fmt.Errorf("look for what a draft is for: %w", err)
		}
		if !found || at.kind == draftOfMessage && at.subject == userID {
			return problem.NotFound()
		}
	}
	if _, err := tx.Get(ctx, []any{&n},
		"SELECT COUNT(*) FROM {q2ab_drafts} WHERE userid = ? AND draft IS NOT NULL", userID); err != nil {
		return fmt.Errorf("count drafts: %w", err)
	}
	if n >= maxDrafts {
		return problem.New(codeTooManyDrafts, maxDrafts)
	}
	return nil
}

func (m *Module) deleteDraft(ctx context.Context, in *DraftPlace) (*noContent, error) {
	err := m.changeDraft(ctx, in, func(tx *database.DB, userID int, k keptDraft, ok bool) error {
		if !ok {
			return problem.NotFound()
		}
		return dropDraft(ctx, tx, userID, k.place)
	})
	return &noContent{http.StatusNoContent}, err
}

// draftPosition is a position in a list of drafts.
type draftPosition struct {
	Saved   int64  `json:"t"`
	Kind    string `json:"k"`
	Subject int    `json:"id"`
}

// Valid reports whether a draft can have such a position.
func (p *draftPosition) Valid() bool {
	switch p.Kind {
	case draftOfQuestion:
		return web.ValidUnix(p.Saved) && p.Subject == 0
	case draftOfAnswer, draftOfComment, draftOfMessage:
		return web.ValidUnix(p.Saved) && web.ValidID(p.Subject)
	}
	return false
}

// compare orders drafts, the last saved first and those of an unknown time at the end.
func (p draftPosition) compare(other draftPosition) int {
	return cmp.Or(-cmp.Compare(p.Saved, other.Saved), cmp.Compare(p.Kind, other.Kind),
		-cmp.Compare(p.Subject, other.Subject))
}

func (m *Module) listDrafts(ctx context.Context, in *struct{ web.Page }) (*draftsOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	if err := in.Check(); err != nil {
		return nil, err
	}
	all, err := m.draftPlaces(ctx, caller.UserID)
	if err != nil {
		return nil, err
	}
	size := in.Size(20)
	if in.Cursor != "" {
		var at draftPosition
		if err := web.DecodeCursor("drafts", in.Cursor, &at); err != nil {
			return nil, err
		}
		i, found := slices.BinarySearchFunc(all, at, draftPosition.compare)
		if found {
			i++
		}
		all = all[i:]
	}
	all = all[min(len(all), in.Offset(size)):]
	out := &draftsOutput{Body: web.List[draftItem]{Items: []draftItem{}}}
	if len(all) > size {
		all = all[:size]
		out.Body.NextCursor = web.EncodeCursor("drafts", &all[size-1])
	}
	kept, err := readDrafts(ctx, m.db, caller.UserID, all)
	if err != nil {
		return nil, err
	}
	for _, k := range kept {
		if text, saved, ok := k.current(); ok {
			out.Body.Items = append(out.Body.Items,
				draftItem{k.kind, k.subject, text.Title, text.excerpt(), savedAt(saved)})
		}
	}
	return out, nil
}

// draftPlaces returns where a user may have drafts, in the order of the list. Some of them may have become
// posts since.
func (m *Module) draftPlaces(ctx context.Context, userID int) ([]draftPosition, error) {
	saved := map[place]int64{}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var at place
		var time int64
		err := rows.Scan(&at.kind, &at.subject, &time)
		saved[at] = time
		return err
	}, "SELECT kind, subject, saved FROM {q2ab_drafts} WHERE userid = ?", userID)
	if err == nil {
		err = m.db.Select(ctx, func(rows *sql.Rows) error {
			var title string
			err := rows.Scan(&title)
			if at, ok := placeOfKey(title); ok {
				saved[at] = max(saved[at], 0)
			}
			return err
		}, "SELECT title FROM {usermetas} WHERE userid = ? AND title LIKE 'q2a_as_%'", userID)
	}
	if err != nil {
		return nil, fmt.Errorf("list drafts: %w", err)
	}
	all := make([]draftPosition, 0, len(saved))
	for at, time := range saved {
		all = append(all, draftPosition{time, at.kind, at.subject})
	}
	slices.SortFunc(all, draftPosition.compare)
	return all, nil
}

// excerpt returns the beginning of the draft's text.
func (t DraftText) excerpt() string {
	text := cut(t.Content, excerptFrom)
	if t.Format == "html" || t.Format == "" && strings.Contains(text, "<") {
		text = qa.TextOf(text, "html")
	}
	return cut(strings.TrimSpace(text), excerptLength)
}

// cut returns at most the first n characters of a text.
func cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n])
}
