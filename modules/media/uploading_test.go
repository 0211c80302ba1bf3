package media_test

import (
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// uploading sends a file to the upload address as browsers do.
func uploading(
	t *testing.T, s *testsite.Site, user int, name string, content []byte, header ...string,
) *http.Response {
	t.Helper()
	return uploadingTo(t, s, user, "/v1/media", name, content, header...)
}

func uploadingTo(
	t *testing.T, s *testsite.Site, user int, path, name string, content []byte, header ...string,
) *http.Response {
	t.Helper()
	body, contentType := formOf(t, nil, content, name)
	r, err := http.NewRequest(http.MethodPost, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	if user > 0 {
		r.Header.Set("Authorization", fmt.Sprintf("Bearer test-%d", user))
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

// formOf returns a form with a file, as browsers send it, and its content type.
func formOf(
	t *testing.T, fields map[string]string, content []byte, name ...string,
) (body, contentType string) {
	t.Helper()
	var b strings.Builder
	form := multipart.NewWriter(&b)
	for field, value := range fields {
		if err := form.WriteField(field, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename=%q`, strings.Join(name, ""))},
		"Content-Type":        {"application/octet-stream"},
	})
	if err == nil {
		_, err = part.Write(content)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), form.FormDataContentType()
}

type uploaded struct {
	ID, URL, Format      string
	Width, Height, Bytes int
}

// upload uploads a picture, which must be accepted.
func upload(t *testing.T, s *testsite.Site, user int, name string, content []byte) uploaded {
	t.Helper()
	res := uploading(t, s, user, name, content)
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("%s %s", res.Status, testsite.Text(t, res))
	}
	return testsite.Decode[uploaded](t, res)
}
