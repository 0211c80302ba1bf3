// Package storage keeps files under keys: in a folder, or in a bucket of Amazon S3 or of a
// service that speaks its protocol.
//
// Its public face: Open returns the Store at an address, and the errors describe failures in
// terms that do not depend on the kind of store. Objects never change once they are stored, so
// browsers and proxies may keep them for a year.
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

// CacheControl is the Cache-Control header with which every object is stored and served. Objects
// may be cached forever, because every upload gets a new key.
const CacheControl = "public, max-age=31536000, immutable"

var (
	// ErrNotFound is returned for a key under which nothing is stored.
	ErrNotFound = errors.New("no such object")
	// ErrUnavailable is returned when the store cannot do its work now: it is down, unreachable
	// or full, or it refuses access.
	ErrUnavailable = errors.New("the store is not available")
	// ErrDenied is an ErrUnavailable that is returned when there are no credentials, or when they
	// do not permit the operation.
	ErrDenied = fmt.Errorf("%w: it refuses the credentials", ErrUnavailable)
	// ErrNotSupported is returned for an operation that this kind of store does not have.
	ErrNotSupported = errors.New("this kind of store cannot do that")
	// ErrKey is returned for a key of the wrong form; see [ValidKey].
	ErrKey = errors.New("not a key of an object")
	// ErrSize is returned when the body does not have the announced length. In this case nothing
	// is stored.
	ErrSize = errors.New("the content is not as long as was said")
	// ErrRange is returned for a part that begins after the end of the object.
	ErrRange = errors.New("the object is not that long")
)

// Info is what a store knows about an object besides its content.
type Info struct {
	// Size is the length of the whole object in bytes, even if only a part was requested.
	Size int64
	// ContentType is the type with which the object was stored. A folder does not store types:
	// there it is derived from the ending of the key, or else from the content, and it is
	// application/octet-stream for everything but pictures and PDF.
	ContentType string
	Modified    time.Time
}

// Object is an entry in a list of objects.
type Object struct {
	Key      string
	Size     int64
	Modified time.Time
}

// Store keeps files. Its methods may be called by many goroutines at once. All of them return
// ErrKey for a malformed key, ErrUnavailable if the store fails, and the context's error if the
// context has ended. A folder cannot hold both an object "a" and an object "a/b".
type Store interface {
	// Put stores the body under the key and replaces the previous object. Readers see either the
	// old object or the whole new one, never a part. After an error they still see the old one,
	// except that they may see the new one if only the store's response was lost.
	Put(ctx context.Context, key, contentType string, body io.ReadSeeker, size int64) error
	// Get reads up to length bytes of the object, beginning with byte from. A negative length
	// means everything that follows; fewer bytes are returned if the object is shorter. The
	// caller must close the reader. The reader delivers the object as it was when Get was called,
	// even if it is replaced meanwhile.
	Get(ctx context.Context, key string, from, length int64) (io.ReadCloser, Info, error)
	// Stat returns what is known about an object, without its content.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete removes the object, if there is one.
	Delete(ctx context.Context, key string) error
	// List returns objects whose keys start with prefix and are greater than after ("" for all),
	// sorted by the bytes of their keys. It returns at most limit objects, or 1000 if limit is 0.
	// Fewer than that mean that there are no more.
	List(ctx context.Context, prefix, after string, limit int) ([]Object, error)
	// Presign returns an address to which a client may send the object itself, by PUT, until the
	// address expires. The client must send these headers, and the content must have exactly this
	// size and type. Browsers set Content-Length by themselves. Nobody has checked the content
	// that the client sends, so it must be checked before it is shown.
	Presign(ctx context.Context, key, contentType string, size int64, expires time.Duration) (
		address string, headers http.Header, err error)
}

// Open returns the store at an address: file:/path or a plain path for a folder, which is created
// if necessary, or s3://bucket/prefix?region=…&endpoint=…&path-style=true for a bucket. The
// prefix and all parameters are optional; region and credentials are looked for where all of
// Amazon's programs look for them. Open does not contact a bucket, so that a server can start
// while its store is down.
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

// keyForm allows only characters that file systems, shells, addresses and people cannot
// misunderstand. No part of a key starts with a dot. So a key cannot lead out of the folder, and
// cannot be the name of a temporary file.
var keyForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,199})*$`)

// maxKey is the length of the longest key. S3 accepts 1024 bytes, of which a store's prefix may
// need some.
const maxKey = 512

// ValidKey reports whether the key is well-formed. A key is one or more names joined by slashes.
// Each name consists of letters, digits, dots, dashes and underscores, and does not start with a
// dot or a dash.
func ValidKey(key string) bool { return len(key) <= maxKey && keyForm.MatchString(key) }

func checkKey(key string) error {
	if !ValidKey(key) {
		return fmt.Errorf("%w: %.100q", ErrKey, key)
	}
	return nil
}

// checkSize checks that the body has the announced size, before anything is sent.
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

// Unknown is the media type of all files that browsers must not show.
const Unknown = "application/octet-stream"

// byEnding maps the endings of files to their media types. Package mime is not used, because its
// table depends on the machine and includes HTML.
var byEnding = map[string]string{
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif",
	".webp": "image/webp", ".pdf": "application/pdf",
}

// TypeByEnding returns the media type for a file's ending, such as ".jpg". It returns Unknown for
// everything but pictures and PDF.
func TypeByEnding(ending string) string {
	if t, ok := byEnding[strings.ToLower(ending)]; ok {
		return t
	}
	return Unknown
}

// mostListed is the greatest number of objects that List returns if the caller gives no limit.
const mostListed = 1000
