package picture

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestInspect(t *testing.T) {
	all := corpus()
	if len(all) < 60 {
		t.Fatalf("a corpus of %d", len(all))
	}
	t.Logf("%d files", len(all))
	for _, s := range all {
		info, err := Inspect(s.content, Limits{})
		if !errors.Is(err, s.err) {
			t.Errorf("%s: %v, want %v", s.name, err, s.err)
		} else if info != s.want {
			t.Errorf("%s: %+v, want %+v", s.name, info, s.want)
		}
	}
}

func TestClean(t *testing.T) {
	for _, s := range corpus() {
		t.Run(s.name, func(t *testing.T) {
			out, info, err := Clean(s.content, Limits{})
			if want := errors.Join(s.err, s.cleanErr); want != nil {
				if err == nil || !errors.Is(err, s.err) && !errors.Is(err, s.cleanErr) || out != nil {
					t.Fatalf("%v, want %v", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(out, []byte(planted)) {
				t.Error("the planted text is still there")
			}
			want := s.want
			want.Orientation = 1
			if s.format != "" {
				want.Format = s.format
			}
			if info.Alpha != want.Alpha && s.format == "" || info.Format != want.Format ||
				info.Width != want.Width || info.Height != want.Height || info.Frames != want.Frames ||
				info.Orientation != 1 {
				t.Errorf("%+v, want %+v", info, want)
			}
			again, err := Inspect(out, Limits{})
			if err != nil || again != info {
				t.Errorf("inspected again: %+v, %v", again, err)
			}
			twice, _, err := Clean(out, Limits{})
			if err != nil || !bytes.Equal(twice, out) {
				t.Errorf("cleaned twice: %d bytes, then %d, %v", len(out), len(twice), err)
			}
			img := decoded(t, out)
			if img.Bounds() != image.Rect(0, 0, s.want.Width, s.want.Height) {
				t.Errorf("it has %v", img.Bounds())
			}
			checkCorners(t, img, s.corners)
			if s.same && !reflect.DeepEqual(img, decoded(t, s.content)) {
				t.Error("the pixels changed")
			}
		})
	}
}

func TestThumbnail(t *testing.T) {
	for _, s := range corpus() {
		t.Run(s.name, func(t *testing.T) {
			for _, square := range []bool{false, true} {
				for _, size := range []int{1, 8, 16, 40, 1000} {
					out, width, height, err := Thumbnail(s.content, size, square, Limits{})
					if want := errors.Join(s.err, s.cleanErr); want != nil {
						if err == nil || !errors.Is(err, s.err) && !errors.Is(err, s.cleanErr) {
							// Thumbnail reads only the first frame of an animation.
							if s.want.Frames <= 1 {
								t.Fatalf("%v, want %v", err, want)
							}
						}
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					wantWidth, wantHeight := Fit(s.want.Width, s.want.Height, size)
					if square {
						wantWidth = min(s.want.Width, s.want.Height, size)
						wantHeight = wantWidth
					}
					img, err := jpeg.Decode(bytes.NewReader(out))
					if err != nil {
						t.Fatal(err)
					}
					if b := img.Bounds(); b.Dx() != wantWidth || b.Dy() != wantHeight || width != wantWidth ||
						height != wantHeight {
						t.Errorf("%d: %d × %d, said to be %d × %d, want %d × %d", size, b.Dx(), b.Dy(), width,
							height, wantWidth, wantHeight)
					}
					if bytes.Contains(out, []byte(planted)) {
						t.Error("the planted text is still there")
					}
					if size >= 16 {
						checkCorners(t, img, converted(s.corners, onWhite))
					}
				}
			}
		})
	}
}

func TestRenditions(t *testing.T) {
	for _, s := range corpus() {
		made, hash, err := Renditions(s.content, []int{16, 40, 200, 16}, Limits{})
		if want := errors.Join(s.err, s.cleanErr); want != nil {
			if err == nil && s.want.Frames <= 1 {
				t.Errorf("%s: no error", s.name)
			}
			continue
		}
		if err != nil || len(made) != 3 || len(hash) != 28 {
			t.Errorf("%s: %d renditions, hash %q, %v", s.name, len(made), hash, err)
			continue
		}
		for size, r := range made {
			img, err := jpeg.Decode(bytes.NewReader(r.Content))
			if err != nil {
				t.Fatal(err)
			}
			width, height := Fit(s.want.Width, s.want.Height, size)
			if img.Bounds() != image.Rect(0, 0, width, height) || r.Width != width || r.Height != height {
				t.Errorf("%s at %d: %v, said to be %d × %d", s.name, size, img.Bounds(), r.Width, r.Height)
			}
			checkCorners(t, img, converted(s.corners, onWhite))
		}
	}
	_, hash, err := Renditions(encodePNG(quarters(48, 32, quarterSet)), nil, Limits{})
	if err != nil || len(hash) != 28 {
		t.Errorf("without sizes: %q, %v", hash, err)
	}
	if _, _, err := Renditions(encodePNG(quarters(48, 32, quarterSet)), []int{5, 0}, Limits{}); err == nil {
		t.Error("size 0 was taken")
	}
}

func onWhite(c color.NRGBA) color.NRGBA {
	over := func(v uint8) uint8 { return uint8((int(v)*int(c.A) + 255*(255-int(c.A))) / 255) }
	return color.NRGBA{over(c.R), over(c.G), over(c.B), 255}
}

func decoded(t *testing.T, content []byte) image.Image {
	t.Helper()
	f, err := parse(content, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	img, err := f.decode()
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// checkCorners checks the colours in the middle of each quarter.
func checkCorners(t *testing.T, img image.Image, want []color.NRGBA) {
	t.Helper()
	b := img.Bounds()
	for i, w := range want {
		x, y := b.Min.X+b.Dx()*(1+i%2*2)/4, b.Min.Y+b.Dy()*(1+i/2*2)/4
		c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
		for _, p := range [][2]uint8{{c.R, w.R}, {c.G, w.G}, {c.B, w.B}, {c.A, w.A}} {
			if d := int(p[0]) - int(p[1]); d < -45 || d > 45 {
				t.Errorf("quarter %d is %v, want %v", i, c, w)
				break
			}
		}
	}
}

// TestEveryCut checks that every file of the corpus is refused if it is cut off, wherever that is.
func TestEveryCut(t *testing.T) {
	for _, s := range corpus() {
		if s.err != nil || s.cleanErr != nil || len(s.content) > 3000 || strings.Contains(s.name, "behind") ||
			strings.Contains(s.name, "more pixel") {
			continue
		}
		for n := range s.content {
			if s.want.Format == PNG && n >= len(s.content)-4 {
				break
			}
			if _, _, err := Clean(s.content[:n], Limits{}); err == nil {
				t.Errorf("%s: cut to %d of %d bytes, it is taken", s.name, n, len(s.content))
			}
		}
	}
}

// TestEveryByteChanged checks that a changed byte in a file of the corpus leads to a picture or to one of the
// three errors.
func TestEveryByteChanged(t *testing.T) {
	small := Limits{Pixels: 1 << 16, Side: 1 << 10}
	for _, s := range corpus() {
		if s.err != nil || len(s.content) > 600 {
			continue
		}
		for at := range s.content {
			changed := bytes.Clone(s.content)
			changed[at] ^= 0x55
			out, _, err := Clean(changed, small)
			checkError(t, s.name, err)
			if err == nil {
				if _, err := Inspect(out, small); err != nil {
					t.Errorf("%s, byte %d: %v", s.name, at, err)
				}
			}
		}
	}
}

func checkError(t *testing.T, name string, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, ErrNotAnImage) && !errors.Is(err, ErrTooLarge) &&
		!errors.Is(err, ErrBroken) {
		t.Errorf("%s: %v", name, err)
	}
	if err != nil && strings.Contains(err.Error(), "panicked") {
		t.Logf("%s: %v", name, err)
	}
}

// TestCleanKeepsAnimations checks that animations stay animations, with the same delays to a hundredth of a
// second.
func TestCleanKeepsAnimations(t *testing.T) {
	for _, delays := range [][]int{{0, 0, 0}, {10, 0, 300}} {
		before := inGIF(animation(delays...), "\x21\xfe\x07PLANTED\x00")
		out, _, err := Clean(before, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		a, err := gif.DecodeAll(bytes.NewReader(before))
		if err != nil {
			t.Fatal(err)
		}
		b, err := gif.DecodeAll(bytes.NewReader(out))
		if err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%v: not the same afterwards (%v)", delays, err)
		}
	}
	for _, name := range []string{"animated.png", "animated.webp"} {
		out, info, err := Clean(fixture(name), Limits{})
		if err != nil || info.Frames != 2 {
			t.Errorf("%s: %d frames, %v", name, info.Frames, err)
		}
		for _, part := range []string{"fcTL", "ANMF"} {
			if a, b := bytes.Count(fixture(name), []byte(part)), bytes.Count(out, []byte(part)); a != b {
				t.Errorf("%s: %d %s, then %d", name, a, part, b)
			}
		}
	}
}

// TestFrameInACorner checks that the first frame of an animation is drawn at its place on a transparent
// canvas.
func TestFrameInACorner(t *testing.T) {
	for _, s := range webps() {
		if s.name == "webp animated, frame in a corner" {
			out, _, err := Clean(s.content, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			checkCorners(t, decoded(t, out), []color.NRGBA{{}, {}, {}, yellow})
			return
		}
	}
	t.Error("the corpus lacks it")
}

// TestProfilesStay checks that colour profiles are kept, also in thumbnails and in turned pictures.
func TestProfilesStay(t *testing.T) {
	for _, name := range []string{"icc.jpg", "icc-turned.jpg", "icc.png", "metadata.webp", "animated.webp"} {
		f, err := parse(fixture(name), Limits{})
		if err != nil || f.profile == nil {
			t.Fatalf("%s: no profile, %v", name, err)
		}
		out, _, err := Clean(fixture(name), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		after, err := parse(out, Limits{})
		if err != nil || !bytes.Equal(after.profile, f.profile) {
			t.Errorf("%s: another profile of %d bytes, %v", name, len(after.profile), err)
		}
		thumb, _, _, err := Thumbnail(fixture(name), 10, false, Limits{})
		if err != nil || !bytes.Contains(thumb, f.profile) {
			t.Errorf("%s: the thumbnail lacks the profile, %v", name, err)
		}
	}
	// A profile for CMYK (ink) does not fit a thumbnail, which has other colours.
	ink := make([]byte, 128)
	copy(ink, "\x00\x00\x00\x80")
	copy(ink[16:], "CMYK")
	copy(ink[36:], "acsp")
	cmyk := inJPEG(fixture("cmyk.jpg"), app(2, iccTag+"\x01\x01"+string(ink)))
	out, _, err := Clean(cmyk, Limits{})
	if err != nil || !bytes.Contains(out, ink) {
		t.Errorf("the profile is lost: %v", err)
	}
	out, _, _, err = Thumbnail(cmyk, 10, false, Limits{})
	if err != nil || bytes.Contains(out, ink) {
		t.Errorf("the thumbnail has a profile of ink: %v", err)
	}
}

// TestLongProfile checks that a colour profile longer than a segment of a JPEG is split and joined.
func TestLongProfile(t *testing.T) {
	profile := make([]byte, 150_000)
	copy(profile, "\x00\x02\x49\xf0")
	copy(profile[16:], spaceRGB)
	copy(profile[36:], "acsp")
	content := withProfile(encodeJPEG(quarters(48, 32, quarterSet)), profile)
	f, err := parse(content, Limits{})
	if err != nil || !bytes.Equal(f.profile, profile) {
		t.Fatalf("%d bytes, %v", len(f.profile), err)
	}
	out, _, err := Clean(content, Limits{})
	if err != nil || !bytes.Equal(out, content) {
		t.Errorf("it changed from %d to %d bytes, %v", len(content), len(out), err)
	}
}

// TestTurningKeepsDepth checks that turned pictures with 16 bits a channel keep them.
func TestTurningKeepsDepth(t *testing.T) {
	for _, s := range pngs() {
		if !strings.HasPrefix(s.name, "png 16 bit") {
			continue
		}
		out, _, err := Clean(s.content, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := png.DecodeConfig(bytes.NewReader(out))
		if err != nil || cfg.ColorModel != color.NRGBA64Model && cfg.ColorModel != color.Gray16Model {
			t.Errorf("%s: %v, %v", s.name, cfg.ColorModel, err)
		}
	}
}

// TestSquare checks that a square thumbnail shows the middle of a wide picture.
func TestSquare(t *testing.T) {
	wide := image.NewNRGBA(image.Rect(0, 0, 3000, 1000))
	for y := range 1000 {
		for x := range 3000 {
			c := red
			if x >= 1000 && x < 2000 {
				c = blue
			}
			wide.SetNRGBA(x, y, c)
		}
	}
	for name, content := range map[string][]byte{"jpeg": encodeJPEG(wide), "png": encodePNG(wide)} {
		for _, size := range []int{100, 333, 1000, 5000} {
			out, w, h, err := Thumbnail(content, size, true, Limits{})
			if err != nil || w != h || w != min(size, 1000) {
				t.Fatalf("%s: %d × %d, %v", name, w, h, err)
			}
			img := decoded(t, out)
			for _, x := range []int{w / 50, w / 2, w - 1 - w/50} {
				if _, _, b, _ := img.At(x, h/2).RGBA(); b>>8 < 200 {
					t.Errorf("%s at %d: pixel %d is %v", name, size, x, img.At(x, h/2))
				}
			}
		}
	}
	if _, _, _, err := Thumbnail(encodePNG(wide), 0, false, Limits{}); err == nil {
		t.Error("size 0 was taken")
	}
}

// TestAveragesAgree checks that averaging the planes of a JPEG gives the same as scaling the picture itself,
// for all kinds of subsampling and several crops.
func TestAveragesAgree(t *testing.T) {
	for _, ratio := range []image.YCbCrSubsampleRatio{
		image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
		image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
	} {
		src := image.NewYCbCr(image.Rect(0, 0, 241, 163), ratio)
		for y := range 163 {
			for x := range 241 {
				src.Y[src.YOffset(x, y)] = uint8(x)
				src.Cb[src.COffset(x, y)] = uint8(y + 40)
				src.Cr[src.COffset(x, y)] = uint8(255 - x)
			}
		}
		for _, crop := range []image.Rectangle{
			src.Rect, image.Rect(4, 4, 200, 160), image.Rect(40, 1, 203, 163),
		} {
			a := shrink(src, crop, 20, 14, 1)
			b := shrink(redrawn(image.NewRGBA(src.Rect), src), crop, 20, 14, 1)
			worst := 0
			for i := range a.Pix {
				worst = max(worst, int(a.Pix[i])-int(b.Pix[i]), int(b.Pix[i])-int(a.Pix[i]))
			}
			if worst > 20 { // where four pixels share a sample of colour, its edges are coarse
				t.Errorf("%v, %v: they differ by %d", ratio, crop, worst)
			}
		}
	}
}

// TestBombsGetNoMemory checks that little memory is allocated for small files which announce large pictures.
func TestBombsGetNoMemory(t *testing.T) {
	for _, s := range oversized() {
		var before, after runtime.MemStats
		start := time.Now()
		runtime.ReadMemStats(&before)
		for range 3 {
			_, _ = Inspect(s.content, Limits{})
			_, _, _ = Clean(s.content, Limits{})
			_, _, _, _ = Thumbnail(s.content, 100, false, Limits{})
		}
		runtime.ReadMemStats(&after)
		// The memory may depend on the size of the file, but not on the size that the file announces.
		most := uint64(1<<20 + 60*len(s.content))
		if used := (after.TotalAlloc - before.TotalAlloc) / 3; used > most {
			t.Errorf("%s: %d bytes of memory for a file of %d", s.name, used, len(s.content))
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("%s: %v", s.name, took)
		}
	}
}

func TestSizeErrorHasNumbers(t *testing.T) {
	_, err := Inspect(jpegClaim(30000, 20000), Limits{})
	var size *SizeError
	if !errors.As(err, &size) || size.Value != 30000 || size.Limit != 12000 ||
		!strings.Contains(err.Error(), "30000") {
		t.Errorf("%v", err)
	}
	_, err = Inspect(encodePNG(quarters(48, 32, quarterSet)), Limits{Pixels: 1000})
	if !errors.As(err, &size) || size.Value != 48*32 || size.Limit != 1000 {
		t.Errorf("%v", err)
	}
	if got := still(WebP, 1, 1, 1).MediaType(); got != "image/webp" {
		t.Error(got)
	}
}

// TestConstrain checks that sizes are rounded as Q2A's qa_image_constrain does it.
func TestConstrain(t *testing.T) {
	for _, c := range []struct{ width, height, size, wantWidth, wantHeight int }{
		{4000, 3000, 600, 600, 450}, {600, 400, 600, 600, 400}, {601, 400, 600, 600, 399}, {10000, 3, 100, 100, 1}, {3, 10000, 100, 1, 100}, {1, 1, 1, 1, 1},
	} {
		if w, h := Fit(c.width, c.height, c.size); w != c.wantWidth || h != c.wantHeight {
			t.Errorf("%d × %d into %d: %d × %d", c.width, c.height, c.size, w, h)
		}
	}
}

func TestGuard(t *testing.T) {
	err := func() (err error) { defer guard(&err); panic("decoder") }()
	if !errors.Is(err, ErrBroken) {
		t.Error(err)
	}
}

// FuzzPicture checks that no bytes cause a panic, and that Inspect accepts the pictures that Clean and
// Thumbnail make.
func FuzzPicture(f *testing.F) {
	for _, s := range corpus() {
		if len(s.content) < 3000 {
			f.Add(s.content)
		}
	}
	small := Limits{Bytes: 1 << 20, Pixels: 1 << 16, Side: 1 << 10}
	f.Fuzz(func(t *testing.T, content []byte) {
		info, err := Inspect(content, small)
		checkError(t, "inspect", err)
		out, cleaned, err := Clean(content, small)
		checkError(t, "clean", err)
		if err == nil {
			again, err := Inspect(out, small)
			if err != nil || again != cleaned || again.Width != info.Width || again.Height != info.Height {
				t.Errorf("%+v, %v after %+v", again, err, info)
			}
		}
		thumb, _, _, err := Thumbnail(content, 30, len(content)%2 == 0, small)
		checkError(t, "thumbnail", err)
		if err == nil {
			if _, err := Inspect(thumb, small); err != nil {
				t.Errorf("thumbnail: %v", err)
			}
		}
	})
}

// photo returns a JPEG of 12 megapixels that is not easy to compress.
func photo() []byte {
	m := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	seed := uint32(1)
	for y := range 3000 {
		for x := range 4000 {
			seed = seed*1664525 + 1013904223
			m.Y[y*m.YStride+x] = uint8(x/20+y/15) + uint8(seed>>28)
		}
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = uint8(i/7000), uint8(i%2000/8)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 85}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func BenchmarkThumbnail12MP(b *testing.B) {
	content := photo()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, err := Thumbnail(content, 600, false, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(content))/1e6, "MB/file")
}

func BenchmarkRenditions12MP(b *testing.B) {
	content := photo()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Renditions(content, []int{1600, 800, 320}, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkClean12MP(b *testing.B) {
	content := photo()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Clean(content, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
