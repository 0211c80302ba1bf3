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
	// thumbnailQuality is the JPEG quality of thumbnails.
	thumbnailQuality = 82
	// mostProfile is the length of the longest colour profile that is copied into a thumbnail, in
	// bytes. Profiles of cameras and phones are shorter.
	mostProfile = 4096
	// hashSide is the longest side of the picture from which a BlurHash is computed. More pixels
	// would add nothing, since a hash describes the picture by only 4 × 3 waves.
	hashSide = 32
)

// errSize is returned for a size below 1, which is a mistake of the caller.
var errSize = errors.New("the size of a thumbnail is 1 pixel at least")

// Rendition is a smaller version of a picture, as a JPEG, with its size in pixels.
type Rendition struct {
	Content       []byte
	Width, Height int
}

// Thumbnail returns the picture as a JPEG with no side longer than size pixels. It is turned
// upright as EXIF says, has white in place of transparency, and shows the first frame of an
// animation. With square it shows the middle of the picture, with equal sides. A thumbnail is
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

// Renditions returns thumbnails of the picture, one for each size, and the picture's BlurHash (4
// × 3 components), which is computed from the smallest thumbnail. It decodes the picture only
// once.
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
	for _, size := range slices.SortedFunc(slices.Values(sizes),
		func(a, b int) int { return cmp.Compare(b, a) }) {
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
		// The next thumbnail is made from this one, which is on white and upright already. Using
		// all pixels of the picture again would not look any better.
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

// Fit returns the width and the height to which a picture has to be scaled so that it fits into a
// square with sides of size. They are never larger than the picture's own. Like Q2A it rounds
// down, but to no less than one pixel.
func Fit(width, height, size int) (int, int) {
	if width <= size && height <= size {
		return width, height
	}
	factor := min(float64(size)/float64(width), float64(size)/float64(height))
	return max(1, int(float64(width)*factor)), max(1, int(float64(height)*factor))
}

// middle returns the largest square in the middle of a rectangle.
func middle(r image.Rectangle) image.Rectangle {
	side := min(r.Dx(), r.Dy())
	at := r.Min.Add(image.Pt((r.Dx()-side)/2, (r.Dy()-side)/2))
	return image.Rectangle{at, at.Add(image.Pt(side, side))}
}

// shrink returns a part of the picture on white, scaled so that it has the given width and height
// after it has been turned. First it averages blocks of pixels, which is fast but does not reach
// the exact size. Then it scales the rest of the way with a scaler of high quality.
func shrink(src image.Image, crop image.Rectangle, width, height, orientation int) *image.RGBA {
	if orientation >= 5 {
		width, height = height, width
	}
	// The scaler of high quality gets a picture whose sides are at least 5/4 of those that it has
	// to produce.
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
