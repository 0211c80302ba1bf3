package picture

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// turnedQuality is the JPEG quality of pictures that are encoded again because they had to be
// turned.
const turnedQuality = 92

// Clean returns the picture and nothing else: without EXIF (which can hold the place where it was
// taken), XMP, comments, texts, thumbnails, or bytes after its end. The colour profile stays. A
// picture that is stored turned or mirrored is turned upright as EXIF says. Otherwise the coded
// pixels stay the same, bit by bit, and animations stay animations.
//
// The Info describes the result. A turned WebP becomes a JPEG, or a PNG if it may be transparent,
// because there is no encoder for WebP. Clean decodes all frames of its result once, so that
// nothing is stored that cannot be shown.
func Clean(content []byte, l Limits) (out []byte, info Info, err error) {
	defer guard(&err)
	f, err := parse(content, l)
	if err != nil {
		return nil, Info{}, err
	}
	if f.info.Orientation > 1 {
		out, err = f.turned()
	} else {
		out = f.clean()
	}
	if err != nil {
		return nil, Info{}, err
	}
	if f, err = parse(out, l); err != nil {
		return nil, Info{}, err
	}
	if err := f.verify(); err != nil {
		return nil, Info{}, err
	}
	return out, f.info, nil
}

// turned returns the picture with its pixels turned and encoded again.
func (f *file) turned() ([]byte, error) {
	img, err := f.decode()
	if err != nil {
		return nil, err
	}
	img = turn(img, f.info.Orientation)
	var b bytes.Buffer
	space := spaceRGB
	switch img.(type) {
	case *image.Gray, *image.Gray16:
		space = spaceGrey
	}
	profile := profileFor(f.profile, space)
	if f.info.Format == JPEG || f.info.Format == WebP && !f.info.Alpha {
		err = jpeg.Encode(&b, img, &jpeg.Options{Quality: turnedQuality})
		return withProfile(b.Bytes(), profile), err
	}
	err = png.Encode(&b, img)
	return withColours(b.Bytes(), f.colours, profile), err
}

// decode returns the picture as stored, in full size. Of an animation it returns the first frame,
// on a transparent canvas.
func (f *file) decode() (image.Image, error) {
	img, err := decodeOne(f.info.Format, f.firstFrame())
	if err != nil {
		return nil, err
	}
	width, height := f.info.stored()
	canvas := image.Rect(0, 0, width, height)
	if img.Bounds() == canvas {
		return img, nil
	}
	if len(f.frames) == 0 || f.info.Format == PNG {
		return nil, broken("its headers differ")
	}
	at := img.Bounds().Add(image.Pt(f.atX, f.atY))
	whole := image.NewNRGBA(canvas)
	draw.Draw(whole, at, img, img.Bounds().Min, draw.Src)
	return whole, nil
}

func decodeOne(format string, content []byte) (img image.Image, err error) {
	switch r := bytes.NewReader(content); format {
	case JPEG:
		img, err = jpeg.Decode(r)
	case PNG:
		img, err = png.Decode(r)
	case GIF:
		img, err = gif.Decode(r)
	default:
		img, err = webp.Decode(r)
	}
	if err != nil {
		return nil, broken("%v", err)
	}
	return img, nil
}

// verify decodes all frames, one after the other, and returns the first error.
func (f *file) verify() error {
	if len(f.frames) == 0 {
		_, err := f.decode()
		return err
	}
	for _, frame := range f.frames {
		if _, err := decodeOne(f.info.Format, frame()); err != nil {
			return err
		}
	}
	return nil
}

// white is the background of transparent pixels in thumbnails, which are JPEGs and cannot be
// transparent.
var white = image.NewUniform(color.White)
