package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// objects gives access to the store without using the code that is being tested.
type objects interface {
	list(ctx context.Context) (*listing, error)
	read(ctx context.Context, key string) ([]byte, error)
}

// listing is the contents of the store at one time, without thumbnails.
type listing struct {
	objects map[string]version
	// leftovers is the number of files that were being written when a process was killed. A bucket
	// has none.
	leftovers int
}

// version identifies one writing of an object: it differs if the object is written again, even with
// the same content.
type version struct {
	info     fs.FileInfo // of a folder's
	tag      string      // of a bucket's
	modified time.Time
}

func (v version) same(o version) bool {
	return v.modified.Equal(o.modified) && v.tag == o.tag &&
		(v.info == nil || o.info != nil && os.SameFile(v.info, o.info))
}

// thumbnails is the prefix of the keys of thumbnails, which are in the same store.
const thumbnails = "thumbnails/"

// openObjects opens the store with an address of the form of MEDIA_URL.
func openObjects(ctx context.Context, address string) (objects, error) {
	if !strings.HasPrefix(address, "s3:") {
		path, err := filepath.Abs(strings.TrimPrefix(strings.TrimPrefix(address, "file:"), "//"))
		if err != nil {
			return nil, err
		}
		return folder(path), os.MkdirAll(path, 0o750)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("--store is no address")
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	q := u.Query()
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = q.Get("path-style") == "true"
		if region := q.Get("region"); region != "" {
			o.Region = region
		}
		if endpoint := q.Get("endpoint"); endpoint != "" {
			o.BaseEndpoint = &endpoint
			o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		}
	})
	b := &bucket{client: client, name: u.Host}
	if b.prefix = strings.Trim(u.Path, "/"); b.prefix != "" {
		b.prefix += "/"
	}
	return b, nil
}

// folder is a store in a folder of the file system.
type folder string

func (f folder) list(context.Context) (*listing, error) {
	l := &listing{objects: map[string]version{}}
	err := filepath.WalkDir(string(f), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		key, err := filepath.Rel(string(f), path)
		if err != nil || strings.HasPrefix(key, thumbnails) {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was being written
		}
		if strings.HasPrefix(e.Name(), ".") {
			l.leftovers++
		} else if err == nil {
			l.objects[key] = version{info: info, modified: info.ModTime()}
		}
		return err
	})
	return l, err
}

func (f folder) read(_ context.Context, key string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(f), filepath.FromSlash(key)))
}

// bucket is a store in an S3 bucket.
type bucket struct {
	client       *s3.Client
	name, prefix string
}

func (b *bucket) list(ctx context.Context) (*listing, error) {
	l := &listing{objects: map[string]version{}}
	pages := s3.NewListObjectsV2Paginator(b.client,
		&s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &b.prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Contents {
			if key := strings.TrimPrefix(aws.ToString(o.Key), b.prefix); !strings.HasPrefix(key, thumbnails) {
				l.objects[key] = version{tag: aws.ToString(o.ETag), modified: aws.ToTime(o.LastModified)}
			}
		}
	}
	return l, nil
}

func (b *bucket) read(ctx context.Context, key string) ([]byte, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: aws.String(b.prefix + key)})
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	return io.ReadAll(out.Body)
}
