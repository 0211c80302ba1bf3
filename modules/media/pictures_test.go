package media_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"io/fs"

	"38qa.net/backend/modules/testsite"
)

// gradient returns a JPEG of the given size in pixels.
func gradient(t *testing.T, width, height int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			img.Set(x, y, color.RGBA{uint8(x * 255 / width), uint8(y * 255 / height), 128, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sizeOf returns the size of the JPEG at an address.
func sizeOf(t *testing.T, s *testsite.Site, path string) (width, height int) {
	t.Helper()
	res := s.Request(t, http.MethodGet, path, testsite.Visitor)
	body := testsite.Text(t, res)
	c, err := jpeg.DecodeConfig(strings.NewReader(body))
	if err != nil {
		t.Fatalf("GET %s: %s %v", path, res.Status, err)
	}
	return c.Width, c.Height
}

// photograph returns a JPEG of 60 × 40, red to the left and blue to the right, as from a camera held on its
// side that recorded the place.
func photograph(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 60, 40))
	for x := range 60 {
		for y := range 40 {
			img.Set(x, y, color.RGBA{255, 0, 0, 255})
			if x >= 30 {
				img.Set(x, y, color.RGBA{0, 0, 255, 255})
			}
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	// EXIF, little-endian, with one entry: orientation 6, a quarter turn. The place where it was taken
	// follows.
	exif := "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00GPS 35.6762 N 139.6503 E"
	n := len(exif) + 2
	return append([]byte("\xff\xd8\xff\xe1"+string([]byte{byte(n >> 8), byte(n)})+exif), b.Bytes()[2:]...)
}

// filesOf returns the files of a folder by their paths, with information that changes when a file is written
// again.
func filesOf(t *testing.T, folder string) map[string]fs.FileInfo {
	t.Helper()
	files := map[string]fs.FileInfo{}
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		files[name], err = e.Info()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
