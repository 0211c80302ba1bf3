package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"38qa.net/backend/modules/demo"
	"38qa.net/backend/modules/kernel/database"
)

// What the benchmark of members makes: a member with that many messages, to and from so many others, and
// with that many followers.
const (
	memberMessages  = 10000
	memberPartners  = 300
	memberFollowers = 50000
)

// benchMembers measures what a member with many messages and followers reads, and looking users up by the
// beginning of their handles, on a community of that many users and more.
func benchMembers(ctx context.Context, s settings, folder, server string) (err error) {
	address := databaseURL(s.databaseURL, s.questions[0]) + "_members"
	if err := prepareDatabase(ctx, s.databaseURL, address, demo.SeedOptions{Questions: s.questions[0],
		Users: max(s.users, memberFollowers+memberPartners), NoContentIndex: true}); err != nil {
		return err
	}
	db, err := database.Open(ctx, database.Settings{URL: address, Prefix: tablePrefix})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	subject, err := start(ctx, server, append(serverEnvironment(folder, address),
		"FOLLOWERS_SHOWN_TO=everybody", "ACCESS_TOKEN_TTL=24h"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, subject.stop()) }()
	m, err := signInMember(ctx, subject.address)
	if err != nil {
		return err
	}
	if err := m.fill(ctx, db); err != nil {
		return err
	}
	workloads, err := m.workloads(ctx, db)
	if err != nil {
		return err
	}
	fmt.Println("| workload | server req/s | p50 ms | p99 ms | errors |\n| --- | ---: | ---: | ---: | ---: |")
	for _, w := range workloads {
		all, err := loadFor(ctx, s, w, subject.address, func() bool { return false }, s.duration)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		fmt.Printf("| %s | %.0f | %.2f | %.2f | %d |\n", w.name, all.rate(), all.percentile(50),
			all.percentile(99), all.errors)
	}
	return nil
}

// member is the member whose requests are measured.
type member struct {
	address, handle, header string
	id                      int
}

// signInMember signs the member up, unless that was done before, and in.
func signInMember(ctx context.Context, address string) (*member, error) {
	m := &member{address: address, handle: "bench-member"}
	account := map[string]string{"handle": m.handle, "email": "bench-member@example.com",
		"password": "a password of the bench"}
	if _, err := post(ctx, address, "/v1/auth/sign-up", account, 0); err != nil { // 422 the second time
		return nil, err
	}
	var tokens struct{ AccessToken string }
	err := m.ask(ctx, http.MethodPost, "/v1/auth/sign-in",
		map[string]string{"login": m.handle, "password": account["password"]}, &tokens)
	m.header = "Authorization: Bearer " + tokens.AccessToken + "\r\n"
	return m, err
}

// fill gives the member messages and followers, unless that was done before.
func (m *member) fill(ctx context.Context, db *database.DB) error {
	var messages int
	if _, err := db.Get(ctx, []any{&m.id, &messages}, `SELECT userid,
			(SELECT COUNT(*) FROM {messages} WHERE fromuserid = userid OR touserid = userid)
		FROM {users}
		WHERE handle = ?`, m.handle); err != nil || messages >= memberMessages {
		return err
	}
	// Every third message of a conversation is the member's own.
	for first := range memberMessages / 1000 {
		var rows []string
		var args []any
		for i := first * 1000; i < (first+1)*1000; i++ {
			from, to := 1+i%memberPartners, m.id
			if i/memberPartners%3 == 0 {
				from, to = to, from
			}
			rows = append(rows, "('PRIVATE', ?, ?, ?, '', FROM_UNIXTIME(?), 0, 0)")
			args = append(args, from, to, fmt.Sprintf("Message %d about hives.", i), 1_700_000_000+i*600)
		}
		if _, err := db.Exec(ctx, `INSERT INTO {messages}
			(type, fromuserid, touserid, content, format, created, fromhidden, tohidden)
			VALUES `+strings.Join(rows, ", "), args...); err != nil {
			return fmt.Errorf("insert messages: %w", err)
		}
	}
	_, err := db.Exec(ctx, db.InsertIgnore()+` {userfavorites} (userid, entitytype, entityid, nouserevents)
		SELECT userid, 'U', ?, 1 FROM {users} WHERE userid <> ? AND userid <= ?`, m.id, m.id, memberFollowers)
	return err
}

// workloads returns what the member asks for: the first page of each list half of the time, else a later one.
func (m *member) workloads(ctx context.Context, db *database.DB) (all []workload, err error) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, list := range []struct{ name, path string }{
		{"followers", "/v1/users/" + m.handle + "/followers?limit=50"},
		{"conversations", "/v1/me/conversations?limit=20"},
	} {
		pages, err := m.walk(ctx, list.path)
		if err != nil {
			return nil, err
		}
		w := workload{name: list.name}
		for i := range requestsOfEach { // half of them for the first page
			page := request{path: list.path, header: m.header}
			if i%2 == 1 && len(pages) > 0 {
				page.path += pages[r.IntN(len(pages))]
			}
			w.requests = append(w.requests, page)
		}
		all = append(all, w)
	}
	conversation, prefixes := workload{name: "conversation"}, workload{name: "users by prefix"}
	for range requestsOfEach {
		var partner, other string
		if _, err := db.Get(ctx, []any{&partner}, "SELECT handle FROM {users} WHERE userid = ?",
			1+r.IntN(memberPartners)); err != nil {
			return nil, err
		}
		if _, err := db.Get(ctx, []any{&other}, "SELECT handle FROM {users} WHERE userid = ?",
			1+r.IntN(memberFollowers)); err != nil {
			return nil, err
		}
		conversation.requests = append(conversation.requests,
			request{path: "/v1/me/messages/" + url.PathEscape(partner), header: m.header})
		letters := []rune(other)
		prefixes.requests = append(prefixes.requests, request{header: m.header,
			path: "/v1/users?prefix=" + url.QueryEscape(string(letters[:1+r.IntN(min(4, len(letters)))]))})
	}
	return append(all, conversation, prefixes), nil
}

// walk returns the cursors of up to fifty pages at the start of a list, as parameters of a query.
func (m *member) walk(ctx context.Context, list string) (cursors []string, err error) {
	for cursor := ""; len(cursors) < 50; {
		var page struct{ NextCursor string }
		if err := m.ask(ctx, http.MethodGet, list+cursor, nil, &page); err != nil || page.NextCursor == "" {
			return cursors, err
		}
		cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
		cursors = append(cursors, cursor)
	}
	return cursors, nil
}

// ask sends a request as the member and decodes the response into out.
func (m *member) ask(ctx context.Context, method, path string, body, out any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+m.address+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if name, value, ok := strings.Cut(strings.TrimSpace(m.header), ": "); ok {
		r.Header.Set(name, value)
	}
	client := http.Client{Timeout: time.Minute}
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(out)
}
