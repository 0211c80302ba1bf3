package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"38qa.net/backend/modules/demo"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/tools/internal/process"
)

const (
	// readPause is about the pause between two reads on one connection: readers of a site do not
	// load it to its limit.
	readPause = 40 * time.Millisecond
	// photoWidth and photoHeight are the sides of a phone's photograph with 12 megapixels.
	photoWidth, photoHeight = 4000, 3000
)

// benchUploads measures reads alone, during the configured number of simultaneous uploads, and while
// the thumbnails of the uploads are made.
func benchUploads(ctx context.Context, s settings, folder, server string) (err error) {
	url := databaseURL(s.databaseURL, s.questions[0])
	if err := prepareDatabase(ctx, s.databaseURL, url,
		demo.SeedOptions{Questions: s.questions[0]}); err != nil {
		return err
	}
	db, err := database.Open(ctx, database.Settings{URL: url, Prefix: tablePrefix})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	subject, err := start(ctx, server,
		append(serverEnvironment(folder, url), "JOBS_POLL=500ms", "UPLOADS_TO="+s.uploadsTo))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, subject.stop()) }()
	if err := firstRuns(ctx, db); err != nil {
		return err
	}
	w, err := visible(ctx, subject.address, recentThreads(s.questions[0]))
	if err != nil {
		return err
	}
	fmt.Printf("\n%d uploads at once, into the %s, of a JPEG of %d × %d pixels; %d connections read, each some %d times a second.\n\n",
		s.uploads, s.uploadsTo, photoWidth, photoHeight,
		s.connections, time.Second/readPause)
	fmt.Print("| reads | seconds | reads/s | p50 ms | p99 ms | p99 / alone | errors |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	var alone result
	row := func(what string, r result) {
		fmt.Printf("| %s | %.0f | %.0f | %.2f | %.2f | %.2f | %d |\n", what, r.took.Seconds(), r.rate(),
			r.percentile(50), r.percentile(99), r.percentile(99)/alone.percentile(99), r.errors)
	}
	until := time.Now().Add(s.duration)
	if alone, err = readUntil(ctx, s, w, subject.address,
		func() bool { return time.Now().After(until) }); err != nil {
		return err
	}
	row("alone", alone)
	uploading := make(chan error, 1)
	var uploads uploadsResult
	go func() {
		var err error
		uploads, err = uploadApart(ctx, subject.address, s.uploads)
		uploading <- err
	}()
	var failed error
	beside, err := readUntil(ctx, s, w, subject.address, func() bool {
		select {
		case failed = <-uploading:
			return true
		default:
			return false
		}
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	row("beside the uploads", beside)
	making, err := readUntil(ctx, s, w, subject.address, func() bool {
		var waiting int
		_, err := db.Get(ctx, []any{&waiting}, "SELECT COUNT(*) FROM {q2ab_media} WHERE state = 'waiting'")
		return err != nil || waiting == 0
	})
	if err != nil {
		return err
	}
	row("beside the making of thumbnails", making)
	fmt.Printf("\nUploads of %.1f MB: %d in %.0f s, p50 %.1f s, p99 %.1f s, refused or failed %d. The server's memory: %s, at most %s.\n",
		uploads.Megabytes, uploads.Done, uploads.Seconds,
		uploads.P50/1000, uploads.P99/1000, uploads.Errors, subject.memory(process.Resident),
		subject.memory(process.Peak))
	return nil
}

// visible returns the requests of a workload that get a response with the status 200; others are for
// hidden posts.
func visible(ctx context.Context, address string, all workload) (w workload, err error) {
	for _, r := range all.requests {
		one := workload{requests: []request{r}}
		result, err := load(ctx, address, 1, eachOnce(one, 1))
		if err != nil {
			return w, err
		}
		if result.errors == 0 {
			w.requests = append(w.requests, r)
		}
	}
	return w, nil
}

// readUntil sends reads over all connections, with pauses, until ended returns true.
func readUntil(
	ctx context.Context, s settings, w workload, address string, ended func() bool,
) (result, error) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		for !ended() {
			select {
			case <-ctx.Done():
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	return load(ctx, address, s.connections, func(connection int) func() (request, bool) {
		r := rand.New(rand.NewPCG(3, uint64(connection)))
		return func() (request, bool) {
			select {
			case <-over:
				return request{}, false
			case <-time.After(readPause/2 + rand.N(readPause)):
				return w.requests[r.IntN(len(w.requests))], true
			}
		}
	})
}

// uploadsVariable is the environment variable that makes this program the process that uploads; its
// value is the server's address. Uploads come from a process of their own with a low priority,
// because real clients are on other machines and take no processor time from the readers.
const (
	uploadsVariable = "BENCH_UPLOAD_TO"
	countVariable   = "BENCH_UPLOADS"
)

// uploadsResult is the result of the uploads. P50 and P99 are in milliseconds.
type uploadsResult struct {
	Done, Errors                 int
	Seconds, P50, P99, Megabytes float64
}

func uploadApart(ctx context.Context, address string, count int) (r uploadsResult, err error) {
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	cmd := exec.CommandContext(ctx, "nice", "-n", "15", self) //nolint:gosec // this program itself
	cmd.Env = append(os.Environ(), uploadsVariable+"="+address, fmt.Sprintf("%s=%d", countVariable, count))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("uploads: %w", err)
	}
	return r, json.Unmarshal(out, &r)
}

// sendUploads is the main function of the process that uploads. It prints its result as JSON.
func sendUploads(ctx context.Context, address string) error {
	count, err := strconv.Atoi(os.Getenv(countVariable))
	if err != nil {
		return err
	}
	photo, err := photograph()
	if err != nil {
		return err
	}
	all := uploadAll(ctx, address, count, photo)
	return json.NewEncoder(os.Stdout).Encode(uploadsResult{Done: len(all.latencies), Errors: all.errors,
		Seconds: all.took.Seconds(), P50: all.percentile(50), P99: all.percentile(99),
		Megabytes: float64(len(photo)) / 1e6})
}

// photograph returns a JPEG as large as a phone's and as costly to decode: soft shapes with noise.
func photograph() ([]byte, error) {
	r := rand.New(rand.NewPCG(4, 4))
	m := image.NewYCbCr(image.Rect(0, 0, photoWidth, photoHeight), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		x, y := i%m.YStride, i/m.YStride
		m.Y[i] = uint8((x/20+y/30)%200 + r.IntN(24))
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = uint8(i%m.CStride*255/m.CStride), uint8(i/m.CStride*255/(photoHeight/2))
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 85})
	return b.Bytes(), err
}

// uploadAll sends the file count times at the same time, each time from another client address.
func uploadAll(ctx context.Context, address string, count int, content []byte) (all result) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "photo.jpg")
	if err == nil {
		_, err = part.Write(content)
	}
	if err != nil || form.Close() != nil {
		return result{errors: count}
	}
	// Each upload has a connection of its own, like browsers. What this process costs is not
	// measured.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	begin := time.Now()
	var mu sync.Mutex
	var sending sync.WaitGroup
	for i := range count {
		sending.Go(func() {
			start := time.Now()
			err := uploadOne(ctx, client, address, form.FormDataContentType(), body.Bytes(), i)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				all.errors++
				fmt.Fprintln(os.Stderr, "upload:", err)
				return
			}
			all.latencies = append(all.latencies, time.Since(start))
		})
	}
	sending.Wait()
	all.took = time.Since(begin)
	return all
}

func uploadOne(
	ctx context.Context, client *http.Client, address, contentType string, body []byte, number int,
) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/v1/media", bytes.NewReader(body)) //nolint:gosec // the server that was started for it
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.9.%d.%d", number>>8&255, number&255))
	res, err := client.Do(r) //nolint:gosec // see above
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusCreated {
		err = fmt.Errorf("%s %s", res.Status, strings.TrimSpace(string(answer)))
	}
	return err
}
