package picture

import (
	"bytes"
	"encoding/binary"
	"flag"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"testing"

	"github.com/bbrks/go-blurhash"
	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

var sheetFile = flag.String("sheet", "", "write the page of thumbnails next to their originals to this PNG")

// scene returns a drawing of things that are hard to scale: rings that get finer outwards, straight lines,
// text, and soft colours.
func scene(width, height int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			u, v := float64(x)/float64(width), float64(y)/float64(height)
			c := color.NRGBA{uint8(250 - 60*v), uint8(190 + 50*u), uint8(90 + 120*v), 255}
			if v > 0.55 { // a comb
				s := float64(width) / 24
				row := math.Floor(float64(y) / (s * 0.87))
				dx := math.Mod(float64(x)+math.Mod(row, 2)*s/2, s) - s/2
				dy := math.Mod(float64(y), s*0.87) - s*0.43
				if math.Max(math.Abs(dx)*1.15, math.Abs(dy)+math.Abs(dx)*0.58) > s*0.43 {
					c = color.NRGBA{120, 70, 10, 255}
				} else {
					c = color.NRGBA{235, uint8(150 + 60*(1-math.Hypot(dx, dy)/s)), 30, 255}
				}
			}
			// These are rings that get finer outwards.
			if r := math.Hypot(u-0.78, (v-0.28)*float64(height)/float64(width)); r < 0.16 {
				k := uint8(127 + 127*math.Cos(r*r*float64(width)*1.9))
				c = color.NRGBA{k, k, k, 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	for i, line := range []string{"Apis cerana japonica", "THE QUICK BROWN BEE 0123456789"} {
		write(m, width/20, height/6+i*height/12, max(1, width/400), line, color.Black)
	}
	return m
}

// write draws a text with letters of 7 × 13 dots. Each dot has sides of dot pixels.
func write(m draw.Image, x, y, dot int, text string, c color.Color) {
	letters := image.NewAlpha(image.Rect(0, 0, 7*len(text), 13))
	d := font.Drawer{Dst: letters, Src: image.Opaque, Face: basicfont.Face7x13, Dot: fixed.P(0, 10)}
	d.DrawString(text)
	at := image.Rect(x, y, x+letters.Rect.Dx()*dot, y+13*dot)
	mask := image.NewAlpha(at)
	draw.NearestNeighbor.Scale(mask, at, letters, letters.Rect, draw.Src, nil)
	draw.DrawMask(m, at, image.NewUniform(c), image.Point{}, mask, at.Min, draw.Over)
}

// exhibit is an original on the sheet, as a file and as a viewer sees it.
type exhibit struct {
	label   string
	content []byte
	seen    image.Image
	// alike reports whether the original looks like another exhibit. Then it is compared but not drawn.
	alike bool
}

func exhibits(t *testing.T) []exhibit {
	t.Helper()
	photo, upright := scene(1600, 1067), scene(800, 1200)
	decoded := func(content []byte) image.Image {
		m, err := decodeOne(mustParse(t, content).info.Format, content)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	hole := scene(900, 600)
	for y := range 600 {
		for x := range 900 {
			if math.Hypot(float64(x-250), float64(y-400)) < 150 {
				hole.SetNRGBA(x, y, color.NRGBA{})
			}
		}
	}
	onWhite := image.NewRGBA(hole.Rect)
	draw.Draw(onWhite, hole.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(onWhite, hole.Rect, hole, image.Point{}, draw.Over)
	frames := gif.GIF{}
	for _, s := range []*image.NRGBA{scene(600, 400), quarters(600, 400, quarterSet)} {
		p := image.NewPaletted(s.Rect, webSafe())
		draw.FloydSteinberg.Draw(p, p.Rect, s, image.Point{})
		frames.Image, frames.Delay = append(frames.Image, p), append(frames.Delay, 20)
	}
	var moving bytes.Buffer
	if err := gif.EncodeAll(&moving, &frames); err != nil {
		t.Fatal(err)
	}
	var low bytes.Buffer
	if err := jpeg.Encode(&low, photo, &jpeg.Options{Quality: 40}); err != nil {
		t.Fatal(err)
	}
	return []exhibit{
		{"JPEG, 1600 x 1067", encodeJPEG(photo), photo, false},
		{"JPEG of a phone held upright (EXIF 6)", inJPEG(encodeJPEG(storedAs(upright, 6)), app(1, "Exif\x00\x00"+string(exif(binary.LittleEndian, 6)))), upright, false},
		{"JPEG of low quality", low.Bytes(), decoded(low.Bytes()), true},
		{"PNG with a hole", encodePNG(hole), onWhite, false},
		{"PNG, 16 bits a channel", encodePNG(as16(photo, false)), photo, true},
		{"animated GIF", moving.Bytes(), frames.Image[0], false},
		{"WebP", fixture("lossy.webp"), decoded(fixture("lossy.webp")), false},
	}
}

// webSafe returns a palette of 216 colours.
func webSafe() (p color.Palette) {
	for i := range 216 {
		p = append(p, color.NRGBA{uint8(i / 36 * 51), uint8(i / 6 % 6 * 51), uint8(i % 6 * 51), 255})
	}
	return p
}

func mustParse(t *testing.T, content []byte) *file {
	t.Helper()
	f, err := parse(content, Default)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// scaledWell returns the picture scaled by a slow kernel of high quality, without the code of this package.
func scaledWell(m image.Image, width, height int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(out, out.Rect, m, m.Bounds(), draw.Src, nil)
	return out
}

// difference returns the mean difference of two pictures of the same size, over all pixels and channels, from
// 0 to 255.
func difference(a, b image.Image) float64 {
	sum, r := 0.0, a.Bounds()
	for y := range r.Dy() {
		for x := range r.Dx() {
			ar, ag, ab, _ := a.At(r.Min.X+x, r.Min.Y+y).RGBA()
			br, bg, bb, _ := b.At(b.Bounds().Min.X+x, b.Bounds().Min.Y+y).RGBA()
			for _, d := range []float64{
				float64(ar) - float64(br), float64(ag) - float64(bg), float64(ab) - float64(bb),
			} {
				sum += math.Abs(d) / 257
			}
		}
	}
	return sum / float64(3*r.Dx()*r.Dy())
}

// TestThumbnailsLookLikeTheirOriginals compares thumbnails with those of a slow scaler of high quality. With
// -sheet it also draws both on a page for people to look at, such as docs/thumbnails.png.
func TestThumbnailsLookLikeTheirOriginals(t *testing.T) {
	const rowHeight, margin = 372, 16
	list := exhibits(t)
	rows := 0
	for _, e := range list {
		if !e.alike {
			rows++
		}
	}
	sheet := image.NewRGBA(image.Rect(0, 0, 1490, margin+rows*rowHeight))
	draw.Draw(sheet, sheet.Rect, image.NewUniform(color.NRGBA{245, 245, 245, 255}), image.Point{}, draw.Src)
	row := 0
	for _, e := range list {
		made, hash, err := Renditions(e.content, []int{480, 240}, Default)
		if err != nil {
			t.Fatalf("%s: %v", e.label, err)
		}
		square, _, _, err := Thumbnail(e.content, 100, true, Default)
		if err != nil {
			t.Fatalf("%s: %v", e.label, err)
		}
		blurred, err := blurhash.Decode(hash, 96, 64, 1)
		if err != nil {
			t.Fatalf("%s: %v", e.label, err)
		}
		x, y := margin, margin+row*rowHeight
		place := func(what string, m image.Image) {
			if e.alike {
				return
			}
			write(sheet, x, y, 1, what, color.Black)
			draw.Draw(sheet, image.Rect(x, y+16, x+m.Bounds().Dx(), y+16+m.Bounds().Dy()), m, m.Bounds().Min,
				draw.Over)
			x += max(m.Bounds().Dx(), 7*len(what)) + margin
		}
		b := e.seen.Bounds()
		width, height := Fit(b.Dx(), b.Dy(), 480)
		if height > rowHeight-2*margin {
			width, height = Fit(b.Dx(), b.Dy(), rowHeight-2*margin)
		}
		place(e.label+", scaled slowly", scaledWell(e.seen, width, height))
		for _, size := range []int{480, 240} {
			m, err := jpeg.Decode(bytes.NewReader(made[size].Content))
			if err != nil {
				t.Fatal(err)
			}
			want := scaledWell(e.seen, m.Bounds().Dx(), m.Bounds().Dy())
			// The rings are finer than any scaler shows; a picture that lies on its side differs by 40.
			if d := difference(m, want); d > 10 {
				t.Errorf("%s at %d: differs by %.1f of 255", e.label, size, d)
			} else {
				t.Logf("%s at %d: differs by %.1f of 255", e.label, size, d)
			}
			if m.Bounds().Dy() <= rowHeight-2*margin {
				place("thumbnail", m)
			}
		}
		m, err := jpeg.Decode(bytes.NewReader(square))
		if err != nil {
			t.Fatal(err)
		}
		place("square", m)
		place("BlurHash", blurred)
		if !e.alike {
			row++
		}
	}
	if *sheetFile == "" {
		return
	}
	f, err := os.Create(*sheetFile)
	if err == nil {
		err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, sheet)
	}
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
}
