package picture

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"slices"

	"github.com/bbrks/go-blurhash"
	"golang.org/x/image/draw"
)

const (
	// thumbnailQuality is that of the JPEGs that are made of a picture.
	thumbnailQuality = 82
	// mostProfile is the longest colour profile that a thumbnail takes along. Those of cameras and phones are shorter.
	mostProfile = 4096
	// hashSide is the longest side of the picture that a BlurHash is made of. It knows 4 × 3 waves only.
	hashSide = 32
)

// errSize is returned for a size below 1, which is the caller's mistake.
var errSize = errors.New("the size of a thumbnail is 1 pixel at least")

// Rendition is a smaller JPEG of a picture.
type Rendition struct {
	Content       []byte
	Width, Height int
}

// Thumbnail is the picture as a JPEG with no side longer than size, turned as it is to be seen, on white where it is
// transparent; of an animation it is the first frame. With square it is the middle of the picture, with equal sides. It is
// never larger than the picture.
func Thumbnail(content []byte, size int, square bool, l Limits) (out []byte, width, height int, err error) {
	defer guard(&err)
	if size < 1 {
		return nil, 0, 0, errSize
	}
	f, err := parse(content, l)
	if err != nil {
		return nil, 0, 0, err
	}
	img, err := f.decode()
	if err != nil {
		return nil, 0, 0, err
	}
	crop := img.Bounds()
	width, height = Fit(f.info.Width, f.info.Height, size)
	if square {
		crop = middle(crop)
		width = min(size, crop.Dx())
		height = width
	}
	small := turn(shrink(img, crop, width, height, f.info.Orientation), f.info.Orientation)
	out, err = f.encode(small)
	return out, width, height, err
}

// Renditions are thumbnails of the picture, one for each size, and its BlurHash (4 × 3 components), made of the smallest of
// them. The picture is decoded only once.
func Renditions(content []byte, sizes []int, l Limits) (made map[int]Rendition, hash string, err error) {
	defer guard(&err)
	if len(sizes) > 0 && slices.Min(sizes) < 1 {
		return nil, "", errSize
	}
	f, err := parse(content, l)
	if err != nil {
		return nil, "", err
	}
	img, err := f.decode()
	if err != nil {
		return nil, "", err
	}
	made = map[int]Rendition{}
	from, o := img, f.info.Orientation
	smallest := img
	for _, size := range slices.SortedFunc(slices.Values(sizes), func(a, b int) int { return cmp.Compare(b, a) }) {
		if _, ok := made[size]; ok {
			continue
		}
		width, height := Fit(f.info.Width, f.info.Height, size)
		small := turn(shrink(from, from.Bounds(), width, height, o), o)
		out, err := f.encode(small)
		if err != nil {
			return nil, "", err
		}
		made[size] = Rendition{out, width, height}
		// The next one is made of this one, which is on white and turned: going over all pixels again would look no better.
		from, o, smallest = small, 1, small
	}
	b := smallest.Bounds()
	width, height := Fit(b.Dx(), b.Dy(), hashSide)
	hash, err = blurhash.Encode(4, 3, turn(shrink(smallest, b, width, height, 1), o))
	if err != nil {
		return nil, "", fmt.Errorf("blurhash: %w", err)
	}
	return made, hash, nil
}

func (f *file) encode(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: thumbnailQuality}); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	profile := profileFor(f.profile, spaceRGB)
	if len(profile) > mostProfile {
		profile = nil
	}
	return withProfile(b.Bytes(), profile), nil
}

// Fit is the size of a picture that fits into a square with sides of size, never larger than it is; sides are
// rounded down as Q2A does, to at least one pixel.
func Fit(width, height, size int) (int, int) {
	if width <= size && height <= size {
		return width, height
	}
	factor := min(float64(size)/float64(width), float64(size)/float64(height))
	return max(1, int(float64(width)*factor)), max(1, int(float64(height)*factor))
}

// middle is the largest square in the middle of a rectangle.
func middle(r image.Rectangle) image.Rectangle {
	side := min(r.Dx(), r.Dy())
	at := r.Min.Add(image.Pt((r.Dx()-side)/2, (r.Dy()-side)/2))
	return image.Rectangle{at, at.Add(image.Pt(side, side))}
}

// shrink is a part of the picture, on white, with the size that it will have after turning. First, blocks of pixels are
// averaged, which is quick but gives no size exactly; then what is left is scaled well.
func shrink(src image.Image, crop image.Rectangle, width, height, orientation int) *image.RGBA {
	if orientation >= 5 {
		width, height = height, width
	}
	// The good scaler gets sides at least 5/4 as long as it has to make.
	factor := max(1, min(4*crop.Dx()/(5*width), 4*crop.Dy()/(5*height)))
	if y, ok := src.(*image.YCbCr); !ok {
		src = averageOnWhite(src, crop, factor)
		crop = src.Bounds()
	} else if factor > 1 {
		src = averagePlanes(y, crop, factor)
		crop = src.Bounds()
	}
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	if crop.Dx() == width && crop.Dy() == height {
		draw.Draw(dst, dst.Bounds(), src, crop.Min, draw.Src)
		return dst
	}
	draw.CatmullRom.Scale(dst, dst.Bounds(), src, crop, draw.Src, nil)
	return dst
}
