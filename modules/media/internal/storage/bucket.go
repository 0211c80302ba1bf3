package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// bucket is a Store in an S3 bucket. The credentials need s3:PutObject, s3:GetObject and
// s3:DeleteObject on its objects, and s3:ListBucket on the bucket: without the last one, S3
// responds to requests for missing objects that they are forbidden.
type bucket struct {
	client *s3.Client
	signer *s3.PresignClient
	name   string
	prefix string // "" or with a slash at its end
}

// The time spent waiting for an unavailable store must be shorter than the time for which clients
// wait for a response.
const (
	connectTime = 5 * time.Second
	answerTime  = 30 * time.Second
	attempts    = 3
)

func openBucket(ctx context.Context, u *url.URL) (Store, error) {
	b := &bucket{name: u.Host, prefix: strings.Trim(u.Path, "/")}
	if b.name == "" || u.User != nil || u.Port() != "" || u.Opaque != "" || u.Fragment != "" {
		return nil, errors.New("a store's address in S3 is s3://bucket/prefix?region=…&endpoint=…&path-style=true")
	}
	if b.prefix != "" {
		if !ValidKey(b.prefix) {
			return nil, fmt.Errorf("the store's prefix: %w: %q", ErrKey, b.prefix)
		}
		b.prefix += "/"
	}
	region, endpoint, pathStyle, err := bucketParameters(u.Query())
	if err != nil {
		return nil, err
	}
	httpClient := awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectTime }).
		WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = answerTime })
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(httpClient), config.WithRetryMaxAttempts(attempts),
	}
	if region != "" {
		options = append(options, config.WithRegion(region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("the settings of S3: %w", err)
	}
	if cfg.Region == "" {
		if endpoint == "" {
			return nil, errors.New("the store's region is not set: add ?region=… to its address, or set AWS_REGION")
		}
		cfg.Region = "us-east-1" // what other services than Amazon's expect where they have no regions
	}
	cfg.Credentials = deniedWithout{cfg.Credentials}
	b.client = s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = pathStyle
		if endpoint != "" {
			o.BaseEndpoint = aws.String(endpoint)
		}
		if o.BaseEndpoint != nil {
			// Services other than Amazon's often do not support the checksums that the SDK adds
			// by default.
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
			o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		}
	})
	// When an upload is signed in advance, its content is not known. A checksum would be that of
	// empty content, and S3 would refuse every upload.
	b.signer = s3.NewPresignClient(b.client, s3.WithPresignClientFromClientOptions(func(o *s3.Options) {
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	}))
	return b, nil
}

func bucketParameters(q url.Values) (region, endpoint string, pathStyle bool, err error) {
	for name, values := range q {
		value := values[0]
		switch name {
		case "region":
			region = value
		case "endpoint":
			endpoint = value
			if e, err := url.Parse(value); err != nil || e.Scheme != "http" && e.Scheme != "https" ||
				e.Host == "" {
				return "", "", false, fmt.Errorf("the store's endpoint is no address: %q", value)
			}
		case "path-style":
			if pathStyle, err = strconv.ParseBool(value); err != nil {
				return "", "", false, fmt.Errorf("the store's path-style is true or false, not %q", value)
			}
		default: // a misspelt parameter must not be ignored
			return "", "", false, fmt.Errorf("the store's address has no parameter %q", name)
		}
	}
	return region, endpoint, pathStyle, nil
}

// deniedWithout is a credentials provider that returns ErrDenied if there are no credentials.
type deniedWithout struct{ from aws.CredentialsProvider }

// Retrieve implements aws.CredentialsProvider.
func (d deniedWithout) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if d.from == nil {
		return aws.Credentials{}, fmt.Errorf("%w: there are none", ErrDenied)
	}
	c, err := d.from.Retrieve(ctx)
	if err != nil && ctx.Err() == nil {
		return c, fmt.Errorf("%w: there are none: %w", ErrDenied, err)
	}
	return c, err
}

// Put sends the object in one request, which S3 carries out completely or not at all.
func (b *bucket) Put(ctx context.Context, key, contentType string, body io.ReadSeeker, size int64) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := checkSize(body, size); err != nil {
		return err
	}
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: b.key(key), Body: body, ContentLength: &size,
		ContentType: &contentType, CacheControl: aws.String(CacheControl),
	})
	return b.failed(ctx, "put", key, err)
}

// Get asks for a byte range only if a part is wanted, because no range of an empty object is
// valid.
func (b *bucket) Get(ctx context.Context, key string, from, length int64) (io.ReadCloser, Info, error) {
	if err := checkKey(key); err != nil {
		return nil, Info{}, err
	}
	if from < 0 {
		return nil, Info{}, fmt.Errorf("%w: byte %d", ErrRange, from)
	}
	in := &s3.GetObjectInput{Bucket: &b.name, Key: b.key(key)}
	switch {
	case length == 0 && from == 0:
		info, err := b.Stat(ctx, key)
		return http.NoBody, info, err
	case length >= 0:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", from, from+max(length, 1)-1))
	case from > 0:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", from))
	}
	out, err := b.client.GetObject(ctx, in)
	if err != nil {
		err = b.failed(ctx, "get", key, err)
		if errors.Is(err, ErrRange) && from == 0 {
			info, err := b.Stat(ctx, key) // it is empty, so its first bytes are none
			return http.NoBody, info, err
		}
		return nil, Info{}, err
	}
	info := Info{aws.ToInt64(out.ContentLength), aws.ToString(out.ContentType), aws.ToTime(out.LastModified)}
	if _, total, ok := strings.Cut(aws.ToString(out.ContentRange), "/"); ok {
		if n, err := strconv.ParseInt(total, 10, 64); err == nil {
			info.Size = n
		}
	}
	if length == 0 {
		_ = out.Body.Close() // what there is of it is not wanted
		return http.NoBody, info, nil
	}
	return &download{ctx, b, key, out.Body}, info, nil
}

// download is the body of an object. It turns failures of the store while the body is being read
// into this package's errors.
type download struct {
	ctx  context.Context
	from *bucket
	key  string
	body io.ReadCloser
}

// Read implements io.Reader.
func (d *download) Read(p []byte) (int, error) {
	n, err := d.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = d.from.failed(d.ctx, "read", d.key, err)
	}
	return n, err
}

// Close implements io.Closer.
func (d *download) Close() error { return d.body.Close() }

// Stat requests the object's headers only.
func (b *bucket) Stat(ctx context.Context, key string) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: b.key(key)})
	if err != nil {
		return Info{}, b.failed(ctx, "stat", key, err)
	}
	return Info{aws.ToInt64(out.ContentLength), aws.ToString(out.ContentType),
		aws.ToTime(out.LastModified)}, nil
}

// Delete does not check whether the object exists: S3 reports success for missing objects too.
func (b *bucket) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: b.key(key)})
	if err = b.failed(ctx, "delete", key, err); errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// List ignores objects that other programs have put into the bucket under names that are not
// valid keys.
func (b *bucket) List(ctx context.Context, prefix, after string, limit int) ([]Object, error) {
	if limit <= 0 {
		limit = mostListed
	}
	var found []Object
	in := &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: b.key(prefix)}
	if after != "" {
		in.StartAfter = b.key(after)
	}
	for {
		in.MaxKeys = aws.Int32(int32(min(limit-len(found), mostListed)))
		out, err := b.client.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, b.failed(ctx, "list", prefix, err)
		}
		for _, o := range out.Contents {
			key := strings.TrimPrefix(aws.ToString(o.Key), b.prefix)
			if ValidKey(key) {
				found = append(found, Object{key, aws.ToInt64(o.Size), aws.ToTime(o.LastModified)})
			}
		}
		if len(found) >= limit || !aws.ToBool(out.IsTruncated) {
			return found, nil
		}
		in.ContinuationToken, in.StartAfter = out.NextContinuationToken, nil
	}
}

// Presign includes the size and the content type in the signature, so that S3 accepts only the
// upload that was announced.
func (b *bucket) Presign(
	ctx context.Context, key, contentType string, size int64, expires time.Duration,
) (string, http.Header, error) {
	if err := checkKey(key); err != nil {
		return "", nil, err
	}
	if expires <= 0 {
		return "", nil, fmt.Errorf("presign %s: it would have expired %v ago", key, -expires)
	}
	signed, err := b.signer.PresignPutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: b.key(key), ContentLength: &size, ContentType: &contentType,
		CacheControl: aws.String(CacheControl),
	}, s3.WithPresignExpires(expires))
	if err != nil {
		return "", nil, b.failed(ctx, "presign", key, err)
	}
	headers := signed.SignedHeader.Clone()
	headers.Del("Host") // the client sets it by itself
	return signed.URL, headers, nil
}

func (b *bucket) key(key string) *string { return aws.String(b.prefix + key) }

// failed turns an error of the SDK into one of this package's errors.
func (b *bucket) failed(ctx context.Context, doing, key string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s %s: %w", doing, key, ctx.Err())
	}
	if errors.Is(err, ErrUnavailable) {
		return fmt.Errorf("%s %s: %w", doing, key, err)
	}
	code, status := "", 0
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		code = e.ErrorCode()
	}
	if e, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		status = e.HTTPStatusCode()
	}
	switch {
	case code == "NoSuchBucket":
		return fmt.Errorf("%w: there is no bucket %s: %w", ErrUnavailable, b.name, err)
	case code == "NoSuchKey" || status == http.StatusNotFound:
		return fmt.Errorf("%w: %s", ErrNotFound, key)
	case code == "InvalidRange" || status == http.StatusRequestedRangeNotSatisfiable:
		return fmt.Errorf("%w: %s", ErrRange, key)
	case status == http.StatusForbidden || status == http.StatusUnauthorized || deniedCodes[code]:
		return fmt.Errorf("%w: %s %s in bucket %s: %w", ErrDenied, doing, key, b.name, err)
	}
	return fmt.Errorf("%w: %s %s in bucket %s: %w", ErrUnavailable, doing, key, b.name, err)
}

// deniedCodes are the codes of S3's errors about credentials that have the status 400.
var deniedCodes = map[string]bool{"ExpiredToken": true, "InvalidToken": true,
	"TokenRefreshRequired": true, "AuthorizationHeaderMalformed": true}
