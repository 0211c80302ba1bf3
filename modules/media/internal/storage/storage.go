// Package storage keeps files under keys: in a folder, or in a bucket of Amazon S3 or of a service that speaks its protocol.
//
// Its public face: Open gives the Store that an address names, and the errors say what went wrong in words that do not
// depend on the kind of store. Objects never change once they are put, so browsers and proxies may keep them for a year.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// CacheControl is the header that every object is stored and served with: a new upload has a new key.
const CacheControl = "public, max-age=31536000, immutable"

var (
	// ErrNotFound is returned for a key that nothing is stored under.
	ErrNotFound = errors.New("no such object")
	// ErrUnavailable is returned when the store cannot do its work now: it is down, not reached, full, or refuses us.
	ErrUnavailable = errors.New("the store is not available")
	// ErrDenied is an ErrUnavailable: there are no credentials, or the store does not take them for what was asked.
	ErrDenied = fmt.Errorf("%w: it refuses the credentials", ErrUnavailable)
	// ErrNotSupported is returned for what this kind of store cannot do.
	ErrNotSupported = errors.New("this kind of store cannot do that")
	// ErrKey is returned for a key that is none; ValidKey tells the form.
	ErrKey = errors.New("not a key of an object")
	// ErrSize is returned when the body is not as long as was said. Nothing is stored then.
	ErrSize = errors.New("the content is not as long as was said")
	// ErrRange is returned for a part that begins behind the end of the object.
	ErrRange = errors.New("the object is not that long")
)

// Info is what a store knows of an object besides its content.
type Info struct {
	// Size is that of the whole object in bytes, also where a part was asked for.
	Size int64
	// ContentType is as it was put. A folder keeps none: there it follows from the key's ending or else from the content,
	// and is application/octet-stream for all but pictures and PDF.
	ContentType string
	Modified    time.Time
}

// Object is an entry of a list.
type Object struct {
	Key      string
	Size     int64
	Modified time.Time
}

// Store keeps files. Its methods may be called by many goroutines at once. All of them return ErrKey for a wrong key,
// ErrUnavailable if the store fails, and the context's error if it ended. A folder cannot have an object a beside one a/b.
type Store interface {
	// Put stores the body, replacing what was there. Readers see the old object or the whole new one, never a part, and
	// after an error they see the old one; only if the answer got lost it can be the new one.
	Put(ctx context.Context, key, contentType string, body io.ReadSeeker, size int64) error
	// Get reads length bytes of the object, or fewer if it is not that long, beginning with byte from; a negative length
	// means all that follow. The reader must be closed. The content is what was put even if the object is replaced meanwhile.
	Get(ctx context.Context, key string, from, length int64) (io.ReadCloser, Info, error)
	// Stat tells of an object without reading it.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete removes the object if there is one.
	Delete(ctx context.Context, key string) error
	// List is objects whose keys start with prefix and come after the key after ("" for all), by their keys' bytes; at most
	// limit, or 1000 if that is 0. Fewer than limit means that there are no more.
	List(ctx context.Context, prefix, after string, limit int) ([]Object, error)
	// Presign gives an address to which a client may send the object itself, by PUT, with these headers and exactly that
	// size and content type, until it expires. A browser sets Content-Length by itself. What the client sends is not looked
	// at by anybody: it must be before it is shown.
	Presign(ctx context.Context, key, contentType string, size int64, expires time.Duration) (address string, headers http.Header, err error)
}

// Open is the store at an address: file:/path or a plain path for a folder, which is made if need be, or
// s3://bucket/prefix?region=…&endpoint=…&path-style=true for a bucket. The prefix and all parameters may be left out; region
// and credentials are looked for where all of Amazon's programs look for them. A bucket is not asked whether it is there:
// a server can start while its store is down.
func Open(ctx context.Context, address string) (Store, error) {
	if scheme, _, ok := strings.Cut(address, "://"); ok && scheme != "file" && scheme != "s3" {
		return nil, fmt.Errorf("a store's address starts with file: or s3:, this one with %q", scheme)
	}
	if address == "" {
		return nil, errors.New("the store has no address")
	}
	if !strings.HasPrefix(address, "s3:") {
		path := strings.TrimPrefix(address, "file:")
		if rest, ok := strings.CutPrefix(path, "//"); ok && strings.HasPrefix(address, "file:") {
			path = rest
		}
		return openFolder(path)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the store's address: %w", err)
	}
	return openBucket(ctx, u)
}

// keyForm leaves out all that file systems, shells, addresses or people could misunderstand: a part of a key does not
// start with a dot, so there is no way upwards and no collision with files that are being written.
var keyForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,199})*$`)

// maxKey is the longest key; S3 takes 1024 bytes, of which a store's prefix may need some.
const maxKey = 512

// ValidKey tells whether it has the form of a key: names joined by slashes, each of letters, digits, dots, dashes and
// underscores, and not starting with a dot or a dash.
func ValidKey(key string) bool { return len(key) <= maxKey && keyForm.MatchString(key) }

func checkKey(key string) error {
	if !ValidKey(key) {
		return fmt.Errorf("%w: %.100q", ErrKey, key)
	}
	return nil
}

// checkSize compares what was said with what there is, before anything is sent.
func checkSize(body io.ReadSeeker, size int64) error {
	start, err := body.Seek(0, io.SeekCurrent)
	if err != nil {
		return fmt.Errorf("seek: %w", err)
	}
	end, err := body.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("seek: %w", err)
	}
	if _, err := body.Seek(start, io.SeekStart); err != nil {
		return fmt.Errorf("seek: %w", err)
	}
	if end-start != size {
		return fmt.Errorf("%w: %d bytes, not %d", ErrSize, end-start, size)
	}
	return nil
}

// Unknown is the type of all that browsers are not to show.
const Unknown = "application/octet-stream"

// byEnding are the types of files by their endings. Not package mime's, which depends on the machine and knows HTML.
var byEnding = map[string]string{
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp", ".pdf": "application/pdf",
}

// TypeByEnding is the media type that goes with a file's ending, such as ".jpg"; Unknown for all but pictures and PDF.
func TypeByEnding(ending string) string {
	if t, ok := byEnding[strings.ToLower(ending)]; ok {
		return t
	}
	return Unknown
}

// mostListed is how many objects a list has if no limit is given.
const mostListed = 1000
