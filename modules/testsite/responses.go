package testsite

// List is one page of a list.
type List[T any] struct {
	Items      []T
	NextCursor string
	Total      *int
}

// Question is a question in a list.
type Question struct {
	ID         int                         `json:"id"`
	Title      string                      `json:"title"`
	Category   struct{ ID int }            `json:"category"`
	Answers    int                         `json:"answerCount"`
	Max        int                         `json:"maxAnswerVotes"`
	Selected   int                         `json:"selectedAnswerId"`
	ClosedByID int                         `json:"closedById"`
	Votes      struct{ Net, Up, Down int } `json:"votes"`
	Views      int                         `json:"viewCount"`
	Flags      int                         `json:"flagCount"`
	CreatedAt  string                      `json:"createdAt"`
	Author     struct {
		ID, Points int
		Handle     string
	} `json:"author"`
	Tags    []string `json:"tags"`
	Hotness float64  `json:"hotness"`
	Score   float64  `json:"score"`
	Path    string   `json:"path"`
}

// IDs returns the ids of questions.
func IDs(questions []Question) []int {
	out := []int{}
	for _, q := range questions {
		out = append(out, q.ID)
	}
	return out
}

// Activity is an entry of a list of recent activity.
type Activity struct {
	Question Question
	Post     struct {
		ID   int
		Type string
	}
	What  string
	At    string
	By    struct{ Handle string }
	Votes struct{ Net int }
}

// An Entry is the part of an [Activity] that tests compare with a recorded one.
type Entry struct {
	Question, Post int
	What           string
	At             int64
}

// Entries returns the parts of a list that tests compare with a recorded one.
func Entries(items []Activity) []Entry {
	out := []Entry{}
	for _, a := range items {
		out = append(out, Entry{a.Question.ID, a.Post.ID, a.What, Unix(a.At)})
	}
	return out
}

// RecordedActivity is an entry of one of Q2A's merged lists.
type RecordedActivity struct {
	PostID      int     `json:"postid"`
	OPostID     *int    `json:"opostid"`
	OUpdateType *string `json:"oupdatetype"`
	OTime       int64   `json:"otime"`
	Time        int64   `json:"time"`
	Created     int64   `json:"created"`
}

// UpdateWords are the API's names of Q2A's types of updates.
var UpdateWords = map[string]string{
	"E": "content", "T": "tags", "A": "category", "C": "closed", "S": "selected", "H": "visibility", "Y": "type",
}

// RecordedEntries returns the parts of a recorded list that tests compare; timed reports whether the API's
// list has times.
func RecordedEntries(list []RecordedActivity, timed bool) []Entry {
	out := []Entry{}
	for _, r := range list {
		e := Entry{r.PostID, r.PostID, "new", r.Time}
		if r.OPostID != nil {
			e.Post = *r.OPostID
		}
		if r.OUpdateType != nil {
			e.What = UpdateWords[*r.OUpdateType]
		}
		if e.At == 0 {
			e.At = r.OTime
		}
		if e.At == 0 {
			e.At = r.Created
		}
		if !timed {
			e.At = 0
		}
		out = append(out, e)
	}
	return out
}
