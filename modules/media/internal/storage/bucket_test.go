package storage_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"38qa.net/backend/modules/media/internal/storage"
)

const accessKey, secretKey = "AKIDEXAMPLE", "a secret of the tests"

// setCredentials makes the tests use credentials of their own, never those of the person who runs them.
func setCredentials(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_SESSION_TOKEN": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_PROFILE": "", "AWS_ENDPOINT_URL": "", "AWS_REGION": "",
	} {
		t.Setenv(name, value)
	}
}

// emulator is moto, which is started when the first test needs it.
var emulator struct {
	once   sync.Once
	url    string
	reason string
	child  *exec.Cmd
}

func TestMain(m *testing.M) {
	code := m.Run()
	if emulator.child != nil {
		_ = emulator.child.Process.Kill()
		_ = emulator.child.Wait()
	}
	os.Exit(code)
}

// s3Endpoint returns the address of a server that speaks S3's protocol and accepts any credentials.
func s3Endpoint(t *testing.T) string {
	t.Helper()
	emulator.once.Do(func() {
		if emulator.url = os.Getenv("TEST_S3_ENDPOINT"); emulator.url != "" {
			return
		}
		program, err := exec.LookPath(cmp.Or(os.Getenv("MOTO_SERVER"), "moto_server"))
		if err != nil {
			emulator.reason = "no S3 to test with: install moto (pip install 'moto[server]'), or set MOTO_SERVER to its moto_server, or TEST_S3_ENDPOINT to an address"
			return
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			emulator.reason = err.Error()
			return
		}
		address := l.Addr().String()
		l.Close()
		_, port, _ := net.SplitHostPort(address)
		emulator.child = exec.Command(program, "-H", "127.0.0.1", "-p", port)
		// The emulator reads the environment variables of Amazon's programs too, and the tests set odd
		// values.
		emulator.child.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
			return strings.HasPrefix(v, "AWS_")
		})
		if err := emulator.child.Start(); err != nil {
			emulator.child, emulator.reason = nil, err.Error()
			return
		}
		for range 300 {
			if c, err := net.Dial("tcp", address); err == nil {
				c.Close()
				emulator.url = "http://" + address
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		emulator.reason = "moto_server does not start"
	})
	if emulator.reason != "" {
		t.Skip(emulator.reason)
	}
	return emulator.url
}

func rawClient(endpoint string) *s3.Client {
	return s3.New(s3.Options{
		Region: "us-east-1", UsePathStyle: true, BaseEndpoint: aws.String(endpoint),
		Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
	})
}

var buckets int

// newBucket makes a bucket and returns its name.
func newBucket(t *testing.T, endpoint string) string {
	t.Helper()
	buckets++
	name := fmt.Sprintf("store-%d-%d", os.Getpid(), buckets)
	if _, err := rawClient(endpoint).CreateBucket(t.Context(),
		&s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	return name
}

func openBucket(t *testing.T, endpoint, bucket string) storage.Store {
	t.Helper()
	s, err := storage.Open(t.Context(), fmt.Sprintf("s3://%s?region=us-east-1&path-style=true&endpoint=%s",
		bucket, url.QueryEscape(endpoint)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBucket(t *testing.T) {
	setCredentials(t)
	endpoint := s3Endpoint(t)
	t.Run("without prefix", func(t *testing.T) {
		checkStore(t, openBucket(t, endpoint, newBucket(t, endpoint)))
	})
	t.Run("with prefix", func(t *testing.T) {
		name := newBucket(t, endpoint)
		// Objects outside the prefix do not belong to the store.
		put(t, openBucket(t, endpoint, name), "a/photos0/x", "image/png", "x")
		put(t, openBucket(t, endpoint, name), "a/b", "image/png", "x")
		s := openBucket(t, endpoint, name+"/a/photos/")
		checkStore(t, s)
		if all := keys(t, s, "", "", 0); strings.Contains(all, "photos") ||
			!strings.HasPrefix(all, "0 2026/11/a.jpg ") {
			t.Errorf("listed: %s", all)
		}
		if _, err := openBucket(t, endpoint, name).Stat(t.Context(), "a/photos/2026/11/a.jpg"); err != nil {
			t.Error(err)
		}
	})
}

func TestBucketHeaders(t *testing.T) {
	setCredentials(t)
	endpoint := s3Endpoint(t)
	name := newBucket(t, endpoint)
	put(t, openBucket(t, endpoint, name), "a.png", "image/png", "a")
	out, err := rawClient(endpoint).HeadObject(t.Context(), &s3.HeadObjectInput{
		Bucket: &name, Key: aws.String("a.png"),
	})
	if err != nil || aws.ToString(out.CacheControl) != storage.CacheControl ||
		aws.ToString(out.ContentType) != "image/png" {
		t.Errorf("%+v, %v", out, err)
	}
}

// TestBucketListPassesOverOthers checks that a list does not end early at objects which other programs have
// stored under invalid keys.
func TestBucketListPassesOverOthers(t *testing.T) {
	setCredentials(t)
	endpoint := s3Endpoint(t)
	name := newBucket(t, endpoint)
	for _, key := range []string{"a/", "b b", "c", "d/.hidden", "ee", "f/", "g"} {
		if _, err := rawClient(endpoint).PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: &name, Key: &key, Body: strings.NewReader("x"),
		}); err != nil {
			t.Fatal(err)
		}
	}
	for limit, want := range map[int]string{0: "c ee g", 1: "c", 2: "c ee", 3: "c ee g"} {
		if got := keys(t, openBucket(t, endpoint, name), "", "", limit); got != want {
			t.Errorf("%d: %s, want %s", limit, got, want)
		}
	}
}

// gate does what S3 does and moto does not: it refuses requests whose signature, in the address, does not fit
// the request.
type gate struct{ next http.Handler }

func (g gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if given := q.Get("X-Amz-Signature"); given != "" {
		signedAt, err := time.Parse("20060102T150405Z", q.Get("X-Amz-Date"))
		seconds, _ := strconv.Atoi(q.Get("X-Amz-Expires"))
		if err != nil || time.Now().After(signedAt.Add(time.Duration(seconds)*time.Second)) {
			http.Error(w, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
				http.StatusForbidden)
			return
		}
		if want := signatureOf(r, signedAt); want != given {
			http.Error(w, "<Error><Code>SignatureDoesNotMatch</Code></Error>", http.StatusForbidden)
			return
		}
	}
	g.next.ServeHTTP(w, r)
}

// signatureOf returns the signature that a received request should have.
func signatureOf(r *http.Request, at time.Time) string {
	q := r.URL.Query()
	headers := strings.Split(q.Get("X-Amz-SignedHeaders"), ";")
	for _, name := range []string{"Signature", "Algorithm", "Credential", "Date", "SignedHeaders"} {
		q.Del("X-Amz-" + name)
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.EscapedPath()+"?"+q.Encode(), http.NoBody)
	if err != nil {
		return err.Error()
	}
	for _, h := range headers {
		switch h {
		case "host":
		case "content-length":
			again.ContentLength = r.ContentLength
		default:
			again.Header[http.CanonicalHeaderKey(h)] = r.Header.Values(h)
		}
	}
	address, _, err := v4.NewSigner().PresignHTTP(r.Context(),
		aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, again,
		"UNSIGNED-PAYLOAD", "s3", "us-east-1", at, func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err != nil {
		return err.Error()
	}
	u, err := url.Parse(address)
	if err != nil {
		return err.Error()
	}
	return u.Query().Get("X-Amz-Signature")
}

func TestBucketPresign(t *testing.T) {
	setCredentials(t)
	endpoint := s3Endpoint(t)
	name := newBucket(t, endpoint)
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gate{httputil.NewSingleHostReverseProxy(target)})
	defer server.Close()
	s := openBucket(t, server.URL, name+"/photos")

	address, headers, err := s.Presign(t.Context(), "a/b.png", "image/png", 5, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(address, headers)
	for _, h := range []string{"content-length", "content-type", "cache-control", "host"} {
		if u, err := url.Parse(address); err != nil ||
			!strings.Contains(";"+u.Query().Get("X-Amz-SignedHeaders")+";", ";"+h+";") {
			t.Errorf("%s is not signed", h)
		}
	}
	if headers.Get("Content-Type") != "image/png" || headers.Get("Cache-Control") != storage.CacheControl ||
		headers.Get("Content-Length") != "5" || len(headers) != 3 {
		t.Errorf("headers: %v", headers)
	}
	send := func(address, contentType, cache, body string) int {
		r, err := http.NewRequest(http.MethodPut, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Cache-Control", cache)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	for what, status := range map[string]int{
		"longer":        send(address, "image/png", storage.CacheControl, "123456"),
		"shorter":       send(address, "image/png", storage.CacheControl, "1234"),
		"another type":  send(address, "text/html", storage.CacheControl, "12345"),
		"another cache": send(address, "image/png", "no-store", "12345"),
		"another key":   send(strings.Replace(address, "b.png", "c.png", 1), "image/png", storage.CacheControl, "12345"),
	} {
		if status != http.StatusForbidden {
			t.Errorf("%s: %d", what, status)
		}
	}
	if _, err := s.Stat(t.Context(), "a/b.png"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("it is there already: %v", err)
	}
	if status := send(address, "image/png", storage.CacheControl, "12345"); status != http.StatusOK {
		t.Errorf("the right one: %d", status)
	}
	content, info, err := get(t, s, "a/b.png", 0, -1)
	if content != "12345" || info.ContentType != "image/png" || err != nil {
		t.Errorf("%q, %+v, %v", content, info, err)
	}

	address, _, err = s.Presign(t.Context(), "late.png", "image/png", 5, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(2100 * time.Millisecond)
	if status := send(address, "image/png", storage.CacheControl, "12345"); status != http.StatusForbidden {
		t.Errorf("too late: %d", status)
	}
	if _, _, err := s.Presign(t.Context(), "a.png", "image/png", 5, 0); err == nil {
		t.Error("signed for no time")
	}
	if _, _, err := s.Presign(t.Context(), "../a.png", "image/png", 5,
		time.Minute); !errors.Is(err, storage.ErrKey) {
		t.Error(err)
	}
}

// every calls each method that sends a request to the store.
func every(ctx context.Context, s storage.Store) map[string]error {
	body, _, getErr := s.Get(ctx, "a", 0, -1)
	if getErr == nil {
		body.Close()
	}
	_, statErr := s.Stat(ctx, "a")
	_, listErr := s.List(ctx, "", "", 0)
	return map[string]error{
		"put": s.Put(ctx, "a", "image/png", strings.NewReader("a"), 1), "get": getErr, "stat": statErr, "list": listErr, "delete": s.Delete(ctx, "a"),
	}
}

func TestBucketDenied(t *testing.T) {
	setCredentials(t)
	for code, status := range map[string]int{
		"InvalidAccessKeyId": 403, "SignatureDoesNotMatch": 403, "AccessDenied": 403, "ExpiredToken": 400,
		"Unauthorized": 401,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(status)
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
		}))
		for what, err := range every(t.Context(), openBucket(t, server.URL, "b")) {
			if code == "ExpiredToken" && what == "stat" {
				continue // the answer to HEAD has no body that could tell
			}
			if !errors.Is(err, storage.ErrDenied) || !errors.Is(err, storage.ErrUnavailable) ||
				!strings.Contains(err.Error(), "credentials") {
				t.Errorf("%s, %s: %v", code, what, err)
			}
		}
		server.Close()
	}
}

func TestBucketWithoutCredentials(t *testing.T) {
	setCredentials(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	s := openBucket(t, "http://127.0.0.1:1", "b")
	for what, err := range every(t.Context(), s) {
		if !errors.Is(err, storage.ErrDenied) || !strings.Contains(err.Error(), "there are none") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, _, err := s.Presign(t.Context(), "a", "image/png", 1,
		time.Minute); !errors.Is(err, storage.ErrDenied) {
		t.Errorf("presign: %v", err)
	}
}

func TestBucketDown(t *testing.T) {
	setCredentials(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer broken.Close()
	for _, endpoint := range []string{"http://" + l.Addr().String(), broken.URL} {
		for what, err := range every(t.Context(), openBucket(t, endpoint, "b")) {
			if !errors.Is(err, storage.ErrUnavailable) || errors.Is(err, storage.ErrDenied) ||
				errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

func TestBucketMissing(t *testing.T) {
	setCredentials(t)
	s := openBucket(t, s3Endpoint(t), "there-is-no-such-bucket")
	if err := s.Put(t.Context(), "a", "image/png", strings.NewReader("a"),
		1); !errors.Is(err, storage.ErrUnavailable) || !strings.Contains(err.Error(), "no bucket") {
		t.Error(err)
	}
}

// TestBucketKilledWithinPut checks the error of Put if the store dies while it receives an object.
func TestBucketKilledWithinPut(t *testing.T) {
	setCredentials(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.CopyN(io.Discard, c, 100_000)
		l.Close()
		c.Close()
	}()
	body := bytes.Repeat([]byte("x"), 20<<20)
	err = openBucket(t, "http://"+l.Addr().String(), "b").Put(t.Context(), "a", "image/png",
		bytes.NewReader(body), int64(len(body)))
	if !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	<-killed
}

// TestBucketKilledWithinGet checks that a reader gets an error, and not a short object, if the store dies
// while the object is being read.
func TestBucketKilledWithinGet(t *testing.T) {
	setCredentials(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("half"))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	r, info, err := openBucket(t, server.URL, "b").Get(t.Context(), "a", 0, -1)
	if err != nil || info.Size != 1000 {
		t.Fatalf("%+v, %v", info, err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("%q, %v", content, err)
	}
}
