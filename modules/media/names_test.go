package media

import (
	"encoding/xml"
	"path/filepath"
	"strings"
	"testing"

	"38qa.net/backend/modules/media/internal/storage"
	"38qa.net/backend/modules/media/internal/workshop"
)

func TestWhereFilesAre(t *testing.T) {
	for _, c := range []struct{ id, format, key string }{
		{"10049731480559611771", "jpg", "100/10049731480559611771.jpg"}, // the recorded one on disk
		{"1535557832816902271", "jpeg", "015/1535557832816902271.jpeg"},
		{"4000000000000", "png", "000/4000000000000.png"},
		{"18446743073709551615", "p/../d.f", "184/18446743073709551615.pdf"},
		{"7", "", "000/7"},
	} {
		b := &blob{id: c.id, format: c.format}
		if got := b.key(); got != c.key || !storage.ValidKey(got) {
			t.Errorf("in the store %s.%s is %s, want %s", c.id, c.format, got, c.key)
		}
		if want := filepath.Join("blobs", c.key); c.format != "" &&
			blobPath("blobs", c.id, c.format) != want {
			t.Errorf("in the folder %s.%s is %s, want %s", c.id, c.format, blobPath("blobs", c.id, c.format),
				want)
		}
		for _, k := range []renditionKey{
			{c.id, workshop.Version{Size: 240}}, {c.id, workshop.Version{Size: 2048, Square: true}},
		} {
			if !storage.ValidKey(k.object()) || !strings.HasPrefix(k.object(), thumbnails(c.id)) {
				t.Errorf("no key: %s", k.object())
			}
		}
		if !storage.ValidKey(incoming(c.id)) {
			t.Errorf("no key: %s", incoming(c.id))
		}
	}
	if (renditionKey{"7", workshop.Version{Size: 50}}).tag() == (renditionKey{
		"7", workshop.Version{Size: 50, Square: true},
	}).tag() {
		t.Error("versions have the same tag")
	}
}

func TestNamesOfUploads(t *testing.T) {
	long := strings.Repeat("蜂", 300) + ".jpg"
	for name, want := range map[string]string{
		"bees.jpg": "bees.jpg", "写真 1.JPG": "写真 1.JPG", `C:\Users\haru\bees.jpg`: "bees.jpg", "../../etc/passwd": "passwd", "a\x00b\n.jpg": "ab .jpg", "🐝.jpg": ".jpg",
		"a\u202egpj.exe": "agpj.exe", "\u200b.png\u2066": ".png",
		"": "", ".": "", "/": "", "..": "..", long: string([]rune(long)[len([]rune(long))-maxName:]),
	} {
		if got := storedName(name); got != want {
			t.Errorf("%q is stored as %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"plan.pdf": "pdf", "a.b.ODT": "odt", "x": "", "x.": "", "x.p-f": "", "x.ｊｓ": "", "x." + strings.Repeat("a", 20): strings.Repeat("a", 20), "x." + strings.Repeat("a", 21): "",
	} {
		if got := fileEnding(name); got != want {
			t.Errorf("the format of %q is %q, want %q", name, got, want)
		}
	}
}

// TestTypesOfFiles checks that no format has a media type that a browser would run.
func TestTypesOfFiles(t *testing.T) {
	for format, want := range map[string]string{"jpg": "image/jpeg", "JPEG": "image/jpeg", "png": "image/png",
		"gif": "image/gif", "webp": "image/webp", "pdf": "application/pdf",
		"html": storage.Unknown, "svg": storage.Unknown, "js": storage.Unknown, "": storage.Unknown, "php": storage.Unknown} {
		if got := typeOf(format); got != want {
			t.Errorf("%q is %s, want %s", format, got, want)
		}
	}
}

func TestPatterns(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"haru", "aki", "natsu", "みつばち太郎", `"><script>`, "Haru", ""} {
		p := string(pattern(name))
		if p != string(pattern(name)) {
			t.Errorf("%q has two", name)
		}
		if other, ok := seen[p]; ok {
			t.Errorf("%q looks like %q", name, other)
		}
		seen[p] = name
		if name != "" && strings.Contains(p, name) {
			t.Errorf("%q is in its picture", name)
		}
		if err := xml.Unmarshal([]byte(p), new(struct{})); err != nil {
			t.Errorf("%q: %v in %s", name, err, p)
		}
	}
}
