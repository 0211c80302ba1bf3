package testsite

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"38qa.net/backend/modules/kernel/database"
)

// Exec runs a statement on the site's database, as another program would.
func (s *Site) Exec(t testing.TB, query string, args ...any) {
	t.Helper()
	if _, err := s.App.DB.Exec(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// Alter is like [Site.Exec], for a statement that must change rows.
func (s *Site) Alter(t testing.TB, query string, args ...any) {
	t.Helper()
	if n, err := s.App.DB.Exec(t.Context(), query, args...); err != nil || n == 0 {
		t.Fatalf("%s: %d rows, %v", query, n, err)
	}
}

// SetOptions sets options of the site. It must be called before the first request, because the site keeps its
// options in memory for a second.
func (s *Site) SetOptions(t testing.TB, values map[string]string) {
	t.Helper()
	for title, value := range values {
		s.Exec(t, "INSERT INTO {options} (title, content) VALUES (?, ?)"+
			s.App.DB.Overwrite("title", "content"), title, value)
	}
}

// Scalar returns the one number that a query reads.
func (s *Site) Scalar(t testing.TB, query string, args ...any) (n int) {
	t.Helper()
	if _, err := s.App.DB.Get(t.Context(), []any{&n}, query, args...); err != nil {
		t.Fatal(err)
	}
	return n
}

// Numbers returns the first column of a query.
func (s *Site) Numbers(t testing.TB, query string, args ...any) (all []int) {
	t.Helper()
	if err := s.App.DB.Select(t.Context(), database.Append(&all), query, args...); err != nil {
		t.Fatal(err)
	}
	return all
}

// VisitorCookie returns the recorded cookie "anon1", to which question 186 belongs.
func (s *Site) VisitorCookie(t testing.TB) (cookie string) {
	t.Helper()
	found, err := s.App.DB.Get(t.Context(), []any{&cookie}, "SELECT cookieid FROM {posts} WHERE postid = 186")
	if err != nil || !found {
		t.Fatal(found, err)
	}
	return cookie
}

// Statements returns the statements that a GET request sends to the database. The site's options, which the
// site reads again after a second, are read before, so that the number does not depend on the time.
func (s *Site) Statements(t testing.TB, path string, header ...string) []string {
	t.Helper()
	s.App.Site.Forget()
	if _, err := s.App.Site.Options(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, counter := database.CountStatements(t.Context())
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody).WithContext(ctx)
	r.Header.Set("User-Agent", "q2ab-test")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.App.Server.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	return counter.Queries()
}
