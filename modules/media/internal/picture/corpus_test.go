package picture

import (
	"bytes"
	"compress/zlib"
	"embed"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io/fs"
	"slices"
	"strings"
)

// planted is a text that must not occur in a clean picture.
const planted = "PLANTED"

//go:embed testdata
var testdata embed.FS

func fixture(name string) []byte {
	content, err := fs.ReadFile(testdata, "testdata/"+name)
	if err != nil {
		panic(err)
	}
	return content
}

// sample is a file with what the package must find out about it.
type sample struct {
	name    string
	content []byte
	want    Info
	// corners are the colours of the four quarters as a viewer sees them, nil if there are no quarters.
	corners []color.NRGBA
	// err is the error of Inspect. cleanErr is the error of Clean and Thumbnail if Inspect returns none.
	err, cleanErr error
	// same reports whether Clean leaves all pixels as they are.
	same bool
	// format is the format of the clean picture if it differs from that of the file.
	format string
}

var (
	red, green   = color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 160, 0, 255}
	blue, yellow = color.NRGBA{0, 0, 255, 255}, color.NRGBA{255, 255, 0, 255}
	quarterSet   = []color.NRGBA{red, green, blue, yellow}
)

// quarters returns a picture with one colour in each quarter.
func quarters(width, height int, colours []color.NRGBA) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.SetNRGBA(x, y, colours[2*y/height*2+2*x/width])
		}
	}
	return m
}

func converted(colours []color.NRGBA, alpha func(color.NRGBA) color.NRGBA) []color.NRGBA {
	var out []color.NRGBA
	for _, c := range colours {
		out = append(out, alpha(c))
	}
	return out
}

func greyed(c color.NRGBA) color.NRGBA {
	y := color.GrayModel.Convert(c).(color.Gray).Y
	return color.NRGBA{y, y, y, 255}
}

func halved(c color.NRGBA) color.NRGBA { c.A = 128; return c }

// storedAs returns the picture as a camera that was held in some way stores it. EXIF's orientation says at
// which edges of the picture, as it is seen, the first stored row and column are.
func storedAs(seen *image.NRGBA, orientation int) *image.NRGBA {
	edges := map[int][2]string{
		1: {"top", "left"}, 2: {"top", "right"}, 3: {"bottom", "right"}, 4: {"bottom", "left"},
		5: {"left", "top"}, 6: {"right", "top"}, 7: {"right", "bottom"}, 8: {"left", "bottom"},
	}[orientation]
	w, h := seen.Rect.Dx(), seen.Rect.Dy()
	columns, rows := w, h
	if orientation >= 5 {
		columns, rows = h, w
	}
	m := image.NewNRGBA(image.Rect(0, 0, columns, rows))
	for row := range rows {
		for column := range columns {
			var x, y int
			for i, n := range []int{row, column} {
				switch edges[i] {
				case "top":
					y = n
				case "bottom":
					y = h - 1 - n
				case "left":
					x = n
				case "right":
					x = w - 1 - n
				}
			}
			m.SetNRGBA(column, row, seen.NRGBAAt(x, y))
		}
	}
	return m
}

func encodeJPEG(m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func encodePNG(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// exif returns a TIFF structure with the orientation, a description, and a place on the Earth.
func exif(order binary.AppendByteOrder, orientation int) []byte {
	b := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM\x00*")
	}
	entry := func(tag, kind uint16, count uint32, value ...byte) {
		b = order.AppendUint16(order.AppendUint16(b, tag), kind)
		b = append(order.AppendUint32(b, count), append(value, 0, 0, 0, 0)[:4]...)
	}
	offset := func(n uint32) []byte { return order.AppendUint32(nil, n) }
	b = order.AppendUint16(order.AppendUint32(b, 8), 3)
	entry(0x010e, 2, 8, offset(100)...)
	entry(0x0112, 3, 1, order.AppendUint16(nil, uint16(orientation))...)
	entry(0x8825, 4, 1, offset(60)...)
	b = append(b, make([]byte, 60-len(b))...)
	b = order.AppendUint16(b, 1)
	entry(0x001d, 2, 8, offset(100)...) // the day, of the satellites' clock
	b = append(b, make([]byte, 100-len(b))...)
	return append(b, planted+"\x00"...)
}

func app(n byte, payload string) []byte { return appendSegment(nil, markerAPP0+n, []byte(payload)) }

func comment(text string) []byte { return appendSegment(nil, 0xfe, []byte(text)) }

// inJPEG returns a JPEG with more segments at its start.
func inJPEG(content []byte, segments ...[]byte) []byte {
	return slices.Concat(content[:2], slices.Concat(segments...), content[2:])
}

// inPNG returns a PNG with more chunks after its header.
func inPNG(content []byte, chunks ...[]byte) []byte {
	const header = 33
	return slices.Concat(content[:header], slices.Concat(chunks...), content[header:])
}

func pngChunk(name, payload string) []byte { return appendChunk(nil, name, []byte(payload)) }

func deflated(content []byte) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(content)
	_ = w.Close()
	return b.String()
}

// bomb returns a stream that unpacks to that many MiB.
var bomb = deflated(make([]byte, 64<<20))

// interlaced returns a PNG in Adam7's seven passes, which the standard library can read but not write.
func interlaced(m *image.NRGBA) []byte {
	var raw []byte
	for _, p := range [][4]int{
		{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
	} {
		for y := p[1]; y < m.Rect.Dy(); y += p[3] {
			if p[0] >= m.Rect.Dx() {
				continue
			}
			raw = append(raw, 0)
			for x := p[0]; x < m.Rect.Dx(); x += p[2] {
				c := m.NRGBAAt(x, y)
				raw = append(raw, c.R, c.G, c.B, c.A)
			}
		}
	}
	return slices.Concat([]byte(pngSignature), pngHeader(m.Rect.Dx(), m.Rect.Dy(), 8, 6, 1),
		pngChunk("IDAT", deflated(raw)), pngChunk("IEND", ""))
}

func pngHeader(width, height int, depth, colours, interlace byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(width))
	b = binary.BigEndian.AppendUint32(b, uint32(height))
	return appendChunk(nil, "IHDR", append(b, depth, colours, 0, 0, interlace))
}

// as16 returns the picture with 16 bits a channel.
func as16(m *image.NRGBA, grey bool) image.Image {
	if grey {
		out := image.NewGray16(m.Rect)
		return redrawn(out, m)
	}
	return redrawn(image.NewNRGBA64(m.Rect), m)
}

func paletted(m *image.NRGBA, p color.Palette) *image.Paletted {
	out := image.NewPaletted(m.Rect, p)
	redrawn(out, m)
	return out
}

var quarterPalette = color.Palette{color.NRGBA{}, red, green, blue, yellow}

// animation returns a GIF with one frame for each delay. The frames after the first are smaller than it.
func animation(delays ...int) []byte {
	g := gif.GIF{LoopCount: 7}
	for i, delay := range delays {
		m := paletted(quarters(48, 32, quarterSet), quarterPalette)
		if i > 0 {
			m = m.SubImage(image.Rect(8, 8, 24, 24)).(*image.Paletted)
		}
		g.Image, g.Delay, g.Disposal = append(g.Image, m), append(g.Delay, delay),
			append(g.Disposal, gif.DisposalNone)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// offsetGIF returns a GIF with a frame in the lower right quarter only.
func offsetGIF() []byte {
	g := gif.GIF{Delay: []int{0}, Config: image.Config{Width: 48, Height: 32, ColorModel: quarterPalette}}
	g.Image = []*image.Paletted{paletted(quarters(48, 32, quarterSet),
		quarterPalette).SubImage(image.Rect(24, 16, 48, 32)).(*image.Paletted)}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// inGIF returns a GIF with more blocks before its first frame.
func inGIF(content []byte, blocks ...string) []byte {
	at := 13 + colourTable(content[10])
	return slices.Concat(content[:at], []byte(strings.Join(blocks, "")), content[at:])
}

// manyFrames returns a GIF of large frames with hardly any content.
func manyFrames(width, height, count int) []byte {
	b := []byte("GIF89a")
	size := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, uint16(width)),
		uint16(height))
	b = append(append(b, size...), 0, 0, 0)
	for range count {
		b = append(b, 0x2c, 0, 0, 0, 0)
		b = append(append(b, size...), 0, 2, 1, 0x2c, 0)
	}
	return append(b, 0x3b)
}

// jpegClaim returns a short JPEG that claims to be large.
func jpegClaim(width, height int) []byte {
	content := encodeJPEG(quarters(16, 16, quarterSet))
	at := bytes.Index(content, []byte{0xff, markerSOF0})
	binary.BigEndian.PutUint16(content[at+5:], uint16(height))
	binary.BigEndian.PutUint16(content[at+7:], uint16(width))
	return content
}

func pngClaim(width, height int, more ...[]byte) []byte {
	return slices.Concat([]byte(pngSignature), pngHeader(width, height, 8, 6, 0), slices.Concat(more...),
		pngChunk("IDAT", deflated(make([]byte, 1000))), pngChunk("IEND", ""))
}

func gifClaim(width, height int) []byte { return manyFrames(width, height, 1) }

// riff returns a WebP made of chunks, each with a name and a payload.
func riff(parts ...string) []byte {
	var body []byte
	for i := 0; i < len(parts); i += 2 {
		body = appendRIFF(body, parts[i], []byte(parts[i+1]))
	}
	return webpFile(body)
}

func frameControl(width, height int) []byte {
	b := make([]byte, 26)
	binary.BigEndian.PutUint32(b[4:], uint32(width))
	binary.BigEndian.PutUint32(b[8:], uint32(height))
	return appendChunk(nil, "fcTL", b)
}

func still(format string, width, height, orientation int) Info {
	return Info{Format: format, Width: width, Height: height, Orientation: orientation, Frames: 1}
}

func withAlpha(i Info) Info { i.Alpha = true; return i }

// corpus returns all samples.
func corpus() []sample {
	return slices.Concat(jpegs(), pngs(), gifs(), webps(), polyglots(), oversized(), notPictures(), cutOff())
}

func jpegs() []sample {
	var all []sample
	for o := 1; o <= 8; o++ {
		for i, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			content := inJPEG(encodeJPEG(storedAs(quarters(48, 32, quarterSet), o)),
				app(1, "Exif\x00\x00"+string(exif(order, o))))
			all = append(all, sample{
				fmt.Sprintf("jpeg orientation %d order %d", o, i), content, still(JPEG, 48, 32, o),
				quarterSet, nil, nil, o == 1, "",
			})
		}
		// The sides are no multiples of a block's, and the colour has half the resolution.
		content := inJPEG(encodeJPEG(storedAs(quarters(39, 27, quarterSet), o)),
			app(1, "Exif\x00\x00"+string(exif(binary.BigEndian, o))))
		all = append(all, sample{
			fmt.Sprintf("jpeg odd orientation %d", o), content, still(JPEG, 39, 27, o), quarterSet, nil, nil,
			o == 1, "",
		})
	}
	for _, name := range []string{
		"progressive", "444", "422", "411", "restart", "rgb", "icc", "cmyk", "cmyk-progressive",
	} {
		all = append(all, sample{
			name, fixture(name + ".jpg"), still(JPEG, 48, 32, 1), quarterSet, nil, nil, true, "",
		})
	}
	for _, name := range []string{"odd", "odd-422"} {
		all = append(all, sample{
			name, fixture(name + ".jpg"), still(JPEG, 47, 31, 1), nil, nil, nil, true, "",
		})
	}
	for _, name := range []string{"grey", "grey-progressive"} {
		all = append(all, sample{
			name, fixture(name + ".jpg"), still(JPEG, 48, 32, 1), converted(quarterSet, greyed), nil, nil,
			true, "",
		})
	}
	turned := []color.NRGBA{blue, red, yellow, green}
	onItsSide := app(1, "Exif\x00\x00"+string(exif(binary.LittleEndian, 6)))
	for _, name := range []string{"icc-turned"} {
		all = append(all, sample{
			name, fixture(name + ".jpg"), still(JPEG, 32, 48, 6), turned, nil, nil, false, "",
		})
	}
	for _, name := range []string{"cmyk", "422", "411", "444", "rgb", "progressive"} {
		all = append(all, sample{
			name + " on its side", inJPEG(fixture(name+".jpg"), onItsSide), still(JPEG, 32, 48, 6), turned,
			nil, nil, false, "",
		})
	}
	all = append(all, sample{
		"grey on its side", inJPEG(fixture("grey.jpg"), onItsSide), still(JPEG, 32, 48, 6),
		converted(turned, greyed), nil, nil, false, "",
	})
	plain := encodeJPEG(quarters(48, 32, quarterSet))
	plainInfo := still(JPEG, 48, 32, 1)
	for name, extra := range map[string][]byte{
		"jpeg orientation 9":               app(1, "Exif\x00\x00"+string(exif(binary.BigEndian, 9))),
		"jpeg orientation 0":               app(1, "Exif\x00\x00"+string(exif(binary.BigEndian, 0))),
		"jpeg exif cut":                    app(1, "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x09\x01\x12PLANTED"),
		"jpeg exif directory far":          app(1, "Exif\x00\x00MM\x00*\xff\xff\xff\xff"+planted),
		"jpeg exif directory in itself":    app(1, "Exif\x00\x00II*\x00\x00\x00\x00\x00"+planted),
		"jpeg xmp":                         app(1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>PLANTED</x:xmpmeta>"),
		"jpeg photoshop":                   app(13, "Photoshop 3.0\x008BIM PLANTED"),
		"jpeg flashpix in app2":            app(2, "FPXR\x00PLANTED"),
		"jpeg profile that is none":        app(2, iccTag+"\x01\x01PLANTED"),
		"jpeg profile of which a part is":  app(2, iccTag+"\x01\x02PLANTED"),
		"jpeg app2 too short":              app(2, iccTag),
		"jpeg jfif with thumbnail":         app(0, "JFIF\x00\x01\x02\x00\x00\x48\x00\x48\x02\x01PLANTED"),
		"jpeg jfxx":                        app(0, "JFXX\x00\x10PLANTED"),
		"jpeg comment":                     comment("<script>PLANTED</script>"),
		"jpeg fill bytes":                  {0xff, 0xff, 0xff},
		"jpeg garbage between segments":    append(comment(""), "<script>PLANTED</script>"...),
		"jpeg unknown segment":             appendSegment(nil, 0xf3, []byte(planted)),
		"jpeg adobe with more":             app(14, "Adobe\x00\x64\x00\x00\x00\x00\x01PLANTED"),
		"jpeg eleven segments of metadata": bytes.Repeat(app(1, "Exif\x00\x00"+planted), 11),
	} {
		all = append(all, sample{name, inJPEG(plain, extra), plainInfo, quarterSet, nil, nil, true, ""})
	}
	damaged := bytes.Clone(plain)
	at := bytes.Index(damaged, []byte{0xff, markerSOS}) + 14
	damaged = append(damaged[:at], append(make([]byte, 3), 0xff, markerEOI)...)
	lossless := bytes.Clone(plain)
	lossless[bytes.Index(lossless, []byte{0xff, markerSOF0})+1] = 0xc3
	deep := bytes.Clone(plain)
	deep[bytes.Index(deep, []byte{0xff, markerSOF0})+4] = 12
	scan := plain[bytes.Index(plain, []byte{0xff, markerSOS}) : len(plain)-2]
	return append(all,
		sample{
			name: "jpeg 1 × 1", content: encodeJPEG(quarters(1, 1, quarterSet)), want: still(JPEG, 1, 1, 1),
			same: true,
		},
		sample{
			name: "jpeg 1000 × 1", content: encodeJPEG(quarters(1000, 1, quarterSet)),
			want: still(JPEG, 1000, 1, 1), same: true,
		},
		sample{name: "jpeg damaged pixels", content: damaged, want: plainInfo, cleanErr: ErrBroken},
		sample{name: "jpeg lossless coding", content: lossless, err: ErrBroken},
		sample{name: "jpeg 12 bits", content: deep, err: ErrBroken},
		sample{name: "jpeg 0 × 0", content: jpegClaim(0, 0), err: ErrBroken},
		sample{name: "jpeg header only", content: []byte("\xff\xd8\xff\xd9"), err: ErrBroken},
		sample{name: "jpeg of many scans", content: slices.Concat(plain[:len(plain)-2],
			bytes.Repeat(scan, 200), plain[len(plain)-2:]), err: ErrBroken},
	)
}

func pngs() []sample {
	q := quarters(48, 32, quarterSet)
	plain := still(PNG, 48, 32, 1)
	half := converted(quarterSet, halved)
	all := []sample{
		{"png", encodePNG(q), plain, quarterSet, nil, nil, true, ""},
		{"png alpha", encodePNG(quarters(48, 32, half)), withAlpha(plain), half, nil, nil, true, ""},
		{"png 16 bit", encodePNG(as16(quarters(48, 32, half), false)), withAlpha(plain), half, nil, nil, true, ""},
		{"png 16 bit grey", encodePNG(as16(q, true)), plain, converted(quarterSet, greyed), nil, nil, true, ""},
		{"png grey", encodePNG(redrawn(image.NewGray(q.Rect), q)), plain, converted(quarterSet, greyed), nil, nil, true, ""},
		{"png opaque palette", encodePNG(paletted(q, quarterPalette[1:])), plain, quarterSet, nil, nil, true, ""},
		{"png palette with transparency", encodePNG(paletted(q, quarterPalette)), withAlpha(plain), quarterSet, nil, nil, true, ""},
		{"png palette of Pillow", fixture("palette.png"), withAlpha(plain), quarterSet, nil, nil, true, ""},
		{"png interlaced", interlaced(q), withAlpha(plain), quarterSet, nil, nil, true, ""},
		{"png interlaced 1 × 1", interlaced(quarters(1, 1, quarterSet)), withAlpha(still(PNG, 1, 1, 1)), nil, nil, nil, true, ""},
		{"png icc", fixture("icc.png"), plain, quarterSet, nil, nil, true, ""},
		{"png animated", fixture("animated.png"), Info{PNG, 48, 32, 1, 2, false}, quarterSet, nil, nil, true, ""},
		{"png animated with orientation", inPNG(fixture("animated.png"), pngChunk("eXIf", string(exif(binary.BigEndian, 6)))), Info{PNG, 48, 32, 1, 2, false}, quarterSet, nil, nil, true, ""},
		{"png 1 × 1", encodePNG(quarters(1, 1, quarterSet)), still(PNG, 1, 1, 1), nil, nil, nil, true, ""},
	}
	for o := 1; o <= 8; o++ {
		content := inPNG(encodePNG(storedAs(q, o)), pngChunk("gAMA", "\x00\x00\xb1\x8f"),
			pngChunk("eXIf", string(exif(binary.LittleEndian, o))))
		all = append(all, sample{
			fmt.Sprintf("png orientation %d", o), content, still(PNG, 48, 32, o), quarterSet, nil, nil,
			o == 1, "",
		})
	}
	turned := []color.NRGBA{blue, red, yellow, green}
	side := pngChunk("eXIf", string(exif(binary.BigEndian, 6)))
	onItsSide := still(PNG, 32, 48, 6)
	all = append(all,
		sample{
			"png 16 bit on its side", inPNG(encodePNG(as16(quarters(48, 32, half), false)), side),
			withAlpha(onItsSide), converted(turned, halved), nil, nil, false, "",
		},
		sample{
			"png 16 bit grey on its side", inPNG(encodePNG(as16(q, true)), side), onItsSide,
			converted(turned, greyed), nil, nil, false, "",
		},
		sample{
			"png palette on its side", inPNG(encodePNG(paletted(q, quarterPalette)), side),
			withAlpha(onItsSide), turned, nil, nil, false, "",
		},
		sample{
			"png icc on its side", inPNG(fixture("icc.png"), side), onItsSide, turned, nil, nil, false, "",
		},
	)
	for name, extra := range map[string][]byte{
		"png text":                 pngChunk("tEXt", "Comment\x00<script>PLANTED</script>"),
		"png compressed text":      pngChunk("zTXt", planted+"\x00\x00"+deflated([]byte(planted))),
		"png international text":   pngChunk("iTXt", "XML:com.adobe.xmp\x00\x01\x00\x00\x00"+deflated([]byte(planted))+planted),
		"png plain international":  pngChunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+planted),
		"png time":                 pngChunk("tIME", planted),
		"png private chunk":        pngChunk("prVt", planted),
		"png odd chunk name":       pngChunk("R PL", planted),
		"png damaged text":         pngChunk("zTXt", "k\x00\x00PLANTED"),
		"png text without end":     pngChunk("iTXt", planted),
		"png checksum of a text":   []byte("\x00\x00\x00\x07tEXtPLANTED\x00\x00\x00\x00"),
		"png profile that is none": pngChunk("iCCP", planted+"\x00\x00"+deflated([]byte(planted))),
		"png gamma":                pngChunk("gAMA", "\x00\x00\xb1\x8f"),
	} {
		all = append(all, sample{name, inPNG(encodePNG(q), extra), plain, quarterSet, nil, nil, true, ""})
	}
	p := encodePNG(q)
	end := len(p) - 12
	later := fixture("animated.png")
	later[bytes.Index(later, []byte("fdAT"))+20] ^= 0xff
	wrongSum := bytes.Clone(p)
	wrongSum[end-1] ^= 1
	return append(all,
		sample{
			"png more pixel data", slices.Concat(p[:end], pngChunk("IDAT", planted), p[end:]), plain,
			quarterSet, nil, nil, true, "",
		},
		sample{
			"png text in the end chunk", slices.Concat(p[:end], pngChunk("IEND", planted)), plain, quarterSet,
			nil, nil, true, "",
		},
		sample{name: "png wrong checksum of pixels", content: wrongSum, want: plain, cleanErr: ErrBroken},
		sample{name: "png without pixels", content: slices.Concat([]byte(pngSignature),
			pngHeader(4, 4, 8, 6, 0), pngChunk("IEND", "")), err: ErrBroken},
		sample{name: "png 0 × 0", content: pngClaim(0, 0), err: ErrBroken},
		sample{name: "png header elsewhere",
			content: slices.Concat([]byte(pngSignature), pngChunk("tEXt", "a"), p[8:]), err: ErrBroken},
		sample{name: "png frame beyond the picture", content: inPNG(p, frameControl(49, 32)), err: ErrBroken},
		sample{
			name: "png later frame damaged", content: later, want: Info{PNG, 48, 32, 1, 2, false},
			cleanErr: ErrBroken,
		},
		sample{name: "png pixels of no frame", content: inPNG(p, pngChunk("fdAT", "abcdef")), err: ErrBroken},
		sample{name: "png frame header short", content: inPNG(p, pngChunk("fcTL", "a")), err: ErrBroken},
	)
}

func gifs() []sample {
	info := func(frames int) Info { return Info{GIF, 48, 32, 1, frames, true} }
	return []sample{
		{"gif", animation(0), info(1), quarterSet, nil, nil, true, ""},
		{"gif frame in a corner", offsetGIF(), info(1), []color.NRGBA{{}, {}, {}, yellow}, nil, nil, true, ""},
		{"gif animated", animation(10, 20, 30), info(3), quarterSet, nil, nil, true, ""},
		{"gif zero delays", animation(0, 0, 0), info(3), quarterSet, nil, nil, true, ""},
		{"gif comment", inGIF(animation(0, 5), "\x21\xfe\x07PLANTED\x00"), info(2), quarterSet, nil, nil, true, ""},
		{"gif xmp", inGIF(animation(0, 5), "\x21\xff\x0bXMP DataXMP\x07PLANTED\x00"), info(2), quarterSet, nil, nil, true, ""},
		{"gif loop block with more", inGIF(animation(0), "\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x07PLANTED\x00"), info(1), quarterSet, nil, nil, true, ""},
		{"gif plain text", inGIF(animation(0, 5), "\x21\xf9\x04\x01\x05\x00\x00\x00\x21\x01\x07PLANTED\x00"), info(2), quarterSet, nil, nil, true, ""},
		{"gif unknown extension", inGIF(animation(0, 5), "\x21\x77\x07PLANTED\x00"), info(2), quarterSet, nil, nil, true, ""},
		{"gif empty blocks", inGIF(animation(0, 5), "\x00\x00"), info(2), quarterSet, nil, nil, true, ""},
		{name: "gif 1 × 1", content: []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00;"), want: still(GIF, 1, 1, 1), same: true},
		{name: "gif frame beyond the picture", content: slices.Replace(animation(0), 6, 7, 20), err: ErrBroken},
		{name: "gif without pixels", content: []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), err: ErrBroken},
		{name: "gif odd control block", content: inGIF(animation(0), "\x21\xf9\x01\x00\x00"), err: ErrBroken},
		{name: "gif unknown block", content: inGIF(animation(0), "\x55"), err: ErrBroken},
		{name: "gif damaged pixels", content: manyFrames(20, 20, 1), want: still(GIF, 20, 20, 1), cleanErr: ErrBroken},
		{name: "gif second frame damaged", content: slices.Concat(animation(0)[:len(animation(0))-1], []byte("\x2c\x00\x00\x00\x00\x30\x00\x20\x00\x00\x02\x01\x2c\x00;")), want: info(2), cleanErr: ErrBroken},
	}
}

func webps() []sample {
	info := still(WebP, 48, 32, 1)
	half := converted(quarterSet, halved)
	turned := []color.NRGBA{blue, red, yellow, green}
	lossy, lossless := fixture("lossy.webp"), fixture("lossless.webp")
	vp8, vp8l := string(lossy[20:]), string(lossless[20:])
	vp8 = vp8[:binary.LittleEndian.Uint32(lossy[16:])]
	vp8l = vp8l[:binary.LittleEndian.Uint32(lossless[16:])]
	return []sample{
		{"webp lossy", lossy, info, quarterSet, nil, nil, true, ""},
		{"webp lossless", lossless, info, quarterSet, nil, nil, true, ""},
		{"webp lossy alpha", fixture("alpha-lossy.webp"), withAlpha(info), half, nil, nil, true, ""},
		{"webp lossless alpha", fixture("alpha-lossless.webp"), withAlpha(info), half, nil, nil, true, ""},
		{"webp metadata", fixture("metadata.webp"), info, quarterSet, nil, nil, true, ""},
		{"webp on its side", fixture("turned.webp"), still(WebP, 32, 48, 6), turned, nil, nil, false, JPEG},
		{"webp alpha on its side", fixture("alpha-turned.webp"), withAlpha(still(WebP, 32, 48, 6)), converted(turned, halved), nil, nil, false, PNG},
		{"webp animated", fixture("animated.webp"), Info{WebP, 48, 32, 1, 2, false}, quarterSet, nil, nil, true, ""},
		{"webp animated, frame in a corner", riff("VP8X", string(vp8x(webpAnimated|webpAlpha, 96, 64)), "EVIL", planted, "ANIM", "\x00\x00\x00\x00\x00\x00",
			"ANMF", "\x12\x00\x00\x0c\x00\x00\x2f\x00\x00\x1f\x00\x00\x00\x00\x00\x00"+string(appendRIFF(appendRIFF(nil, "EVIL", []byte(planted)), "VP8L", []byte(vp8l)))),
			withAlpha(still(WebP, 96, 64, 1)), nil, nil, nil, true, ""},
		{"webp unknown chunk", riff("VP8 ", vp8, "EVIL", planted), info, quarterSet, nil, nil, true, ""},
		{"webp extended with unknown chunks", riff("VP8X", string(vp8x(webpEXIF|webpXMP, 48, 32)), "EVIL", planted, "VP8L", vp8l, "XMP ", planted, "EXIF", planted), info, quarterSet, nil, nil, true, ""},
		{"webp flag of transparency without it", riff("VP8X", string(vp8x(webpAlpha, 48, 32)), "VP8 ", vp8), info, quarterSet, nil, nil, true, ""},
		{"webp profile that is none", riff("VP8X", string(vp8x(webpICC, 48, 32)), "ICCP", planted, "VP8 ", vp8), info, quarterSet, nil, nil, true, ""},
		{name: "webp headers differ", content: riff("VP8X", string(vp8x(0, 47, 32)), "VP8 ", vp8), err: ErrBroken},
		{name: "webp without pixels", content: riff("VP8X", string(vp8x(0, 47, 32))), err: ErrBroken},
		{name: "webp short header", content: riff("VP8X", "abc"), err: ErrBroken},
		{name: "webp no chunks", content: riff(), err: ErrBroken},
		{name: "webp animation without frames", content: riff("VP8X", string(vp8x(webpAnimated, 48, 32)), "ANIM", "\x00\x00\x00\x00\x00\x00"), err: ErrBroken},
		{name: "webp odd frame header", content: riff("VP8 ", strings.Repeat("a", 20)), err: ErrBroken},
		{name: "webp damaged pixels", content: riff("VP8L", vp8l[:len(vp8l)/2]), want: info, cleanErr: ErrBroken},
	}
}

// polyglots returns pictures that are also valid files of another kind.
func polyglots() []sample {
	q := quarters(48, 32, quarterSet)
	html := "<html><script>alert('PLANTED')</script></html>"
	zip := "PK\x03\x04" + planted
	var all []sample
	for name, s := range map[string]sample{
		"jpeg": {content: encodeJPEG(q), want: still(JPEG, 48, 32, 1)},
		"png":  {content: encodePNG(q), want: still(PNG, 48, 32, 1)},
		"gif":  {content: animation(0, 0), want: Info{GIF, 48, 32, 1, 2, true}},
		"webp": {content: fixture("lossy.webp"), want: still(WebP, 48, 32, 1)},
	} {
		for kind, tail := range map[string]string{
			"html": html, "zip": zip, "second jpeg": string(inJPEG(encodeJPEG(q), comment(planted))),
		} {
			all = append(all, sample{
				name + " with " + kind + " behind", append(bytes.Clone(s.content), tail...), s.want,
				quarterSet, nil, nil, true, "",
			})
		}
	}
	return append(all,
		sample{
			"jpeg as javascript", inJPEG(encodeJPEG(q), comment("=1;alert('PLANTED');/*")),
			still(JPEG, 48, 32, 1), quarterSet, nil, nil, true, "",
		},
		sample{
			"gif as javascript", inGIF(animation(0), "\x21\xfe\x0c=1;//PLANTED\x00"),
			Info{GIF, 48, 32, 1, 1, true}, quarterSet, nil, nil, true, "",
		},
		sample{
			"png as php", inPNG(encodePNG(q), pngChunk("tEXt", "a\x00<?php PLANTED ?>")),
			still(PNG, 48, 32, 1), quarterSet, nil, nil, true, "",
		},
	)
}

// oversized returns small files that would take a lot of memory or time.
func oversized() []sample {
	q := encodePNG(quarters(48, 32, quarterSet))
	vp8 := "\x00\x00\x00\x9d\x01\x2a\xff\x3f\xff\x3f" // 16383 × 16383
	vp8l := "\x2f\xff\xff\xff\x0f\x00"                // 16384 × 16384
	var animated []byte
	for range 5 {
		animated = append(animated, frameControl(6000, 6000)...)
	}
	return []sample{
		{name: "jpeg 30000 × 30000", content: jpegClaim(30000, 30000), err: ErrTooLarge},
		{name: "jpeg 65535 × 1", content: jpegClaim(65535, 1), err: ErrTooLarge},
		{name: "jpeg 12000 × 3333 of a few bytes", content: jpegClaim(12000, 3333), err: ErrBroken},
		{name: "png 30000 × 30000", content: pngClaim(30000, 30000), err: ErrTooLarge},
		{name: "png 4294967295 × 4294967295", content: pngClaim(1<<32-1, 1<<32-1), err: ErrTooLarge},
		{name: "png 12000 × 3333 of a few bytes", content: pngClaim(12000, 3333), err: ErrBroken},
		{name: "gif 30000 × 30000", content: gifClaim(30000, 30000), err: ErrTooLarge},
		{name: "gif 8000 × 8000", content: gifClaim(8000, 8000), err: ErrTooLarge},
		{name: "gif of large frames", content: manyFrames(6000, 6000, 5), err: ErrTooLarge},
		{name: "gif of very many frames", content: manyFrames(400, 400, 1100), err: ErrTooLarge},
		{name: "png of large frames", content: pngClaim(6000, 6000, animated), err: ErrTooLarge},
		{name: "webp 16383 × 16383", content: riff("VP8 ", vp8), err: ErrTooLarge},
		{name: "webp lossless 16384 × 16384", content: riff("VP8L", vp8l), err: ErrTooLarge},
		{name: "webp extended 16777216 × 16777216", content: riff("VP8X", "\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff"), err: ErrTooLarge},
		{name: "webp small header, large picture", content: riff("VP8X", string(vp8x(0, 10, 10)), "VP8L", vp8l), err: ErrTooLarge},
		{name: "png bomb in text", content: inPNG(q, pngChunk("zTXt", "a\x00\x00"+bomb)), err: ErrTooLarge},
		{name: "png bomb in international text", content: inPNG(q, pngChunk("iTXt", "a\x00\x01\x00\x00\x00"+bomb)), err: ErrTooLarge},
		{name: "png bomb in the profile", content: inPNG(q, pngChunk("iCCP", "a\x00\x00"+bomb)), err: ErrTooLarge},
		{name: "png many smaller bombs", content: inPNG(q, bytes.Repeat(pngChunk("zTXt", "a\x00\x00"+deflated(make([]byte, 1<<20))), 9)), err: ErrTooLarge},
		{name: "png bomb in the pixels", content: slices.Concat([]byte(pngSignature), pngHeader(48, 32, 8, 6, 0), pngChunk("IDAT", bomb), pngChunk("IEND", "")), want: withAlpha(still(PNG, 48, 32, 1)), cleanErr: ErrBroken},
		{name: "png of very many texts", content: inPNG(q, bytes.Repeat(pngChunk("zTXt", "a\x00\x00"+deflated(nil)), 60_000)), err: ErrTooLarge},
		{name: "png of many texts", content: inPNG(q, bytes.Repeat(pngChunk("zTXt", "a\x00\x00"+deflated(nil)), 3000)), want: still(PNG, 48, 32, 1), same: true},
		{name: "jpeg of very many comments", content: inJPEG(encodeJPEG(quarters(48, 32, quarterSet)), bytes.Repeat(comment(""), 60_000)), err: ErrTooLarge},
		{name: "gif of very many small frames", content: manyFrames(1, 1, 6000), err: ErrTooLarge},
		{name: "too many bytes", content: append(bytes.Clone(q), make([]byte, Default.Bytes)...), err: ErrTooLarge},
	}
}

func notPictures() []sample {
	var all []sample
	for name, content := range map[string]string{
		"nothing":            "",
		"one byte":           "\xff",
		"svg with script":    `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`,
		"svg with a prolog":  `<?xml version="1.0"?><svg onload="alert(1)"/>`,
		"html":               "<!DOCTYPE html><script>alert(1)</script>",
		"html before a jpeg": "<script>alert(1)</script>" + string(encodeJPEG(quarters(8, 8, quarterSet))),
		"pdf":                "%PDF-1.7\n",
		"bmp":                "BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00",
		"tiff":               "II*\x00\x08\x00\x00\x00",
		"icon":               "\x00\x00\x01\x00\x01\x00\x10\x10",
		"heic":               "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00",
		"avi":                "RIFF\x24\x00\x00\x00AVI LIST",
		"gif of no version":  "GIF90a\x01\x00\x01\x00",
	} {
		all = append(all, sample{name: name, content: []byte(content), err: ErrNotAnImage})
	}
	return all
}

// cutOff returns files of every format that end too early.
func cutOff() []sample {
	q := quarters(48, 32, quarterSet)
	var all []sample
	for name, content := range map[string][]byte{
		"jpeg": encodeJPEG(q), "progressive": fixture("progressive.jpg"), "png": encodePNG(q), "gif": animation(0, 0, 0), "webp": fixture("lossy.webp"),
		"webp extended": fixture("metadata.webp"), "webp animated": fixture("animated.webp"), "png animated": fixture("animated.png"),
	} {
		for _, n := range []int{len(content) - 1, len(content) / 2, 21} {
			all = append(all, sample{
				name: fmt.Sprintf("%s cut to %d bytes", name, n), content: content[:n], err: ErrBroken,
			})
		}
	}
	return all
}
