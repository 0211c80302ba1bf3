package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// floorPlanVariable is the environment variable that names a file with the statements of each
// request. A process in which it is set acts as the floor.
const floorPlanVariable = "Q2AB_BENCH_FLOOR"

func writeFloorPlan(folder string, all []workload) (string, error) {
	plan := map[string][]string{}
	for _, w := range all {
		for _, r := range w.requests {
			plan[r.path] = r.statements
		}
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, "floor.json")
	return file, os.WriteFile(file, text, 0o600)
}

// floorPool returns a pool with as many connections as the server uses by default.
func floorPool(databaseURL string) (*sql.DB, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return nil, err
	}
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr, cfg.DBName, cfg.InterpolateParams = "tcp", u.Host,
		strings.TrimPrefix(u.Path, "/"), true
	cfg.User = u.User.Username()
	cfg.Passwd, _ = u.User.Password()
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(16)
	pool.SetMaxIdleConns(16)
	return pool, nil
}

// serveFloor serves the floor, a bare handler that the server is compared with. It runs the
// statements of a request, reads all their rows, and writes those of the last statement as JSON. It
// leaves out everything that the backend does beyond the database.
func serveFloor(ctx context.Context, planFile string) (err error) {
	text, err := os.ReadFile(planFile) //nolint:gosec // a file of the parent process
	if err != nil {
		return err
	}
	plan := map[string][]string{}
	if err := json.Unmarshal(text, &plan); err != nil {
		return fmt.Errorf("read the plan: %w", err)
	}
	pool, err := floorPool(os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	mux := http.NewServeMux()
	mux.HandleFunc("/readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		statements, planned := plan[r.URL.RequestURI()]
		if !planned {
			http.Error(w, "a request that is not in the plan", http.StatusNotFound)
			return
		}
		body, err := answer(r.Context(), pool, statements)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
	server := &http.Server{Addr: os.Getenv("LISTEN"), Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func answer(ctx context.Context, pool *sql.DB, statements []string) ([]byte, error) {
	var last [][]any
	for _, s := range statements {
		var err error
		if last, err = readAll(ctx, pool, s); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	err := json.NewEncoder(&b).Encode(last)
	return b.Bytes(), err
}

// readAll reads all rows of a statement.
func readAll(ctx context.Context, pool *sql.DB, statement string) (all [][]any, err error) {
	rows, err := pool.QueryContext(ctx, statement)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	places := make([]any, len(columns))
	for rows.Next() {
		row := make([]any, len(columns))
		for i := range row {
			places[i] = &row[i]
		}
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		for i, v := range row {
			if text, ok := v.([]byte); ok {
				row[i] = string(text)
			}
		}
		all = append(all, row)
	}
	return all, rows.Err()
}
