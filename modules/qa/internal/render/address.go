package render

import (
	"net/url"
	"strconv"
	"strings"
)

// file is one of the site's own files, as an address in a content refers to it.
type file struct {
	// id is an unsigned number of up to 64 bits, without leading zeros. It is kept as text, because it
	// can be too large for int64.
	id string
	// size is the requested length of the longer side in pixels, or 0 for the file as it is.
	size int
	// ours says that the address is one of this API (/v1/media/…), and not one of the old site.
	ours bool
}

// maxSize is the largest size, in pixels, to which /v1/media scales an image.
const maxSize = 2048

// url returns the file's address below this API, for readers.
func (f file) url(apiURL string) string {
	address := strings.TrimRight(apiURL, "/") + "/v1/media/" + f.id
	if f.size == 0 {
		return address
	}
	return address + "?size=" + strconv.Itoa(f.size)
}

// oldURL returns the file's address as the old site's editor writes it into posts. It is relative if
// the address of that site is not known.
func (f file) oldURL(siteURL string) string {
	root := "./"
	if siteURL != "" {
		root = strings.TrimRight(siteURL, "/") + "/"
	}
	if f.size == 0 {
		return root + "?qa=blob&qa_blobid=" + f.id
	}
	return root + "?qa=image&qa_blobid=" + f.id + "&qa_size=" + strconv.Itoa(f.size)
}

// PictureAt returns the id of the site's own picture to which an address refers, or "" if it refers to
// none.
func (o Options) PictureAt(address string) string {
	f, _ := o.places().file(address)
	return f.id
}

// PictureURL returns the address of one of the site's pictures for readers.
func (o Options) PictureURL(id string) string { return file{id: id}.url(o.APIURL) }

// OldURL returns an address of one of the site's files in the form in which the old site has it. It
// returns any other address as it is.
func (o Options) OldURL(address string) string {
	if f, ok := o.places().file(address); ok {
		return f.oldURL(o.SiteURL)
	}
	return address
}

// places are the addresses below which the site's files are: that of the old site and that of this API.
type places []place

type place struct{ host, dir string }

func (o Options) places() places {
	var ps places
	for _, address := range []string{o.SiteURL, o.APIURL} {
		if u, err := url.Parse(address); err == nil && address != "" {
			ps = append(ps, place{hostOf(u), strings.TrimRight(u.Path, "/")})
		}
	}
	return ps
}

// hostOf returns the host in the form in which hosts are compared. It ignores "www." and the ports of
// http and https, since people write addresses of the same site in all these ways.
func hostOf(u *url.URL) string {
	host := strings.TrimPrefix(strings.ToLower(u.Host), "www.")
	return strings.TrimSuffix(strings.TrimSuffix(host, ":80"), ":443")
}

// file returns the file that an address refers to. ok is false for any other address, also if it has
// the form of a file's address on another host.
func (ps places) file(address string) (file, bool) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.User != nil || u.Opaque != "" {
		return file{}, false
	}
	if u.Scheme != "" && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return file{}, false
	}
	path, ok := ps.below(u)
	if !ok {
		return file{}, false
	}
	return fileAt(path, u.RawQuery)
}

// below returns the part of an address's path that follows the address of one of the places. A relative
// address is relative to the page that it stands on. Q2A has pages at several depths, so leading "./"
// and "../" are ignored.
func (ps places) below(u *url.URL) (path string, ok bool) {
	path = u.Path
	if u.Host == "" && !strings.HasPrefix(path, "/") {
		for strings.HasPrefix(path, "./") || strings.HasPrefix(path, "../") {
			path = path[strings.IndexByte(path, '/')+1:]
		}
		return path, true
	}
	for _, p := range ps {
		if u.Host != "" && hostOf(u) != p.host {
			continue
		}
		if rest, ok := strings.CutPrefix(path, p.dir); ok && (rest == "" || rest[0] == '/') {
			return rest, true
		}
	}
	return path, u.Host == "" && !strings.HasPrefix(path, "//")
}

// fileAt returns the file that a path below the site and its query refer to. It understands the same
// forms as the routes of package media: /v1/media/ID, /image/ID/SIZE, /blob/ID, and the old site's
// forms, in which the parameter qa holds the path.
func fileAt(path, query string) (file, bool) {
	path = strings.TrimPrefix(path, "/")
	q, _ := url.ParseQuery(query) // parameters that cannot be parsed are ignored, as servers do
	if id, ok := strings.CutPrefix(path, "v1/media/"); ok {
		return numbered(file{size: pixels(q.Get("size")), ours: true}, id)
	}
	if rest, ok := strings.CutPrefix(path+"/", "index.php/"); ok {
		path = rest
	}
	path = strings.Trim(path, "/")
	// The old site looks at this parameter first, whatever the path is.
	if qa := strings.Trim(q.Get("qa"), "/"); path == "" || qa == "blob" || qa == "image" {
		path = qa
	}
	kind, path, _ := strings.Cut(path, "/")
	id, size, _ := strings.Cut(path, "/")
	if id == "" {
		id = q.Get("qa_blobid")
	}
	switch {
	case kind == "blob" && size == "": // the old site ignores qa_size here
		return numbered(file{}, id)
	case kind == "image" && size == "":
		return numbered(file{size: pixels(q.Get("qa_size"))}, id)
	case kind == "image" && (pixels(size) > 0 || strings.Trim(size, "0") == ""):
		return numbered(file{size: pixels(size)}, id)
	}
	return file{}, false
}

// numbered returns f with the id. ok is false if the text is not an id of a file.
func numbered(f file, id string) (file, bool) {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil || n == 0 || len(id) > 20 {
		return file{}, false
	}
	f.id = strconv.FormatUint(n, 10)
	return f, true
}

// pixels returns the size that a text stands for, or 0 if it is not a number. Sizes above maxSize
// become maxSize, as in the old site's addresses.
func pixels(text string) int {
	n, _ := strconv.ParseUint(text, 10, 64) // 0 for what is no number, the largest where it does not fit
	return int(min(n, maxSize))
}
