package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// thumbnailEach is how often the reader asks for a thumbnail: once in so many requests.
const thumbnailEach = 50

// reader requests random images from the server, one after the other, and checks them.
type reader struct {
	base  string
	files []file
	every time.Duration

	mu       sync.Mutex
	phases   []*phase
	failures []string
}

// phase holds the reader's results during one part of the trial.
type phase struct {
	name       string
	took       []time.Duration // of whole images, from the request to the last byte
	thumbnails int
	wrong      int
}

func newReader(address string, files []file, reads int) *reader {
	r := &reader{base: "http://" + address, files: files, phases: []*phase{{name: "before"}}}
	if reads > 0 {
		r.every = time.Second / time.Duration(reads)
	}
	return r
}

// begin begins a new phase.
func (r *reader) begin(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phases = append(r.phases, &phase{name: name})
}

// count returns the number of whole images that were requested in the current phase.
func (r *reader) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.phases[len(r.phases)-1].took)
}

// run requests images until the context ends.
func (r *reader) run(ctx context.Context) {
	for i := 1; ctx.Err() == nil; i++ {
		f := &r.files[rand.IntN(len(r.files))]
		began := time.Now()
		thumbnail := i%thumbnailEach == 0
		var err error
		if thumbnail {
			err = r.thumbnail(ctx, f)
		} else {
			err = r.whole(ctx, f)
		}
		took := time.Since(began)
		if ctx.Err() != nil {
			return
		}
		r.note(took, thumbnail, err)
		time.Sleep(r.every - took)
	}
}

func (r *reader) note(took time.Duration, thumbnail bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.phases[len(r.phases)-1]
	if err != nil {
		p.wrong++
		r.failures = append(r.failures, fmt.Sprintf("%s: %v", p.name, err))
	}
	if thumbnail {
		p.thumbnails++
	} else {
		p.took = append(p.took, took)
	}
}

// whole requests an image in its original size and checks its content.
func (r *reader) whole(ctx context.Context, f *file) error {
	content, err := r.get(ctx, "/v1/media/"+f.id)
	if err == nil && sha256.Sum256(content) != f.hash {
		err = fmt.Errorf("image %s comes as %d other bytes", f.id, len(content))
	}
	return err
}

// thumbnail requests a smaller version of an image and checks its size.
func (r *reader) thumbnail(ctx context.Context, f *file) error {
	content, err := r.get(ctx, "/v1/media/"+f.id+"?size=32")
	if err != nil {
		return err
	}
	small, err := jpeg.Decode(bytes.NewReader(content))
	if err == nil && small.Bounds().Dx() != 32 {
		err = fmt.Errorf("it is %v", small.Bounds())
	}
	if err != nil {
		return fmt.Errorf("the thumbnail of %s: %w", f.id, err)
	}
	return nil
}

func (r *reader) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.200s", path, res.Status, content)
	}
	return content, err
}

// percentile returns the time that the given percentage of the responses did not exceed.
func (p *phase) percentile(hundredths int) time.Duration {
	if len(p.took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(p.took))
	return sorted[min(len(sorted)-1, len(sorted)*hundredths/100)]
}
