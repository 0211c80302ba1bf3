package render

import (
	"net/url"
	"strconv"
	"strings"
)

// file is one of the site's own files, as an address names it.
type file struct {
	// id is a number of up to 64 bits without a sign, beyond what int64 holds: always text, without leading zeros.
	id string
	// size is the longest side that is asked for, in pixels; 0 is the file as it is.
	size int
	// ours tells an address of this API's (/v1/media/…) from those that the old site knows.
	ours bool
}

// maxSize is the largest size that /v1/media scales to.
const maxSize = 2048

// url is the file's address in what readers get, below this API's own.
func (f file) url(apiURL string) string {
	address := strings.TrimRight(apiURL, "/") + "/v1/media/" + f.id
	if f.size == 0 {
		return address
	}
	return address + "?size=" + strconv.Itoa(f.size)
}

// oldURL is the file's address as the old site's editor writes it into posts. Of a site whose address is not known it is
// relative.
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

// places are where the site's files are: below the address of the old site, and below that of this API.
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

// hostOf is the host by which addresses are compared: people write the same site with and without www, by http and https.
func hostOf(u *url.URL) string {
	host := strings.TrimPrefix(strings.ToLower(u.Host), "www.")
	return strings.TrimSuffix(strings.TrimSuffix(host, ":80"), ":443")
}

// file recognises an address of one of the site's files. Those of other hosts are none.
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

// below is the path of an address below one of the places. Relative addresses are below the page that they stand on, of which
// Q2A has some at each depth.
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

// fileAt reads a path below the site and its parameters as package media's routes do: /v1/media/ID, /image/ID/SIZE, /blob/ID,
// and the old site's forms, in which the parameter qa holds the path.
func fileAt(path, query string) (file, bool) {
	path = strings.TrimPrefix(path, "/")
	q, _ := url.ParseQuery(query) // what cannot be read of it is left out, as servers do
	if id, ok := strings.CutPrefix(path, "v1/media/"); ok {
		return numbered(file{size: pixels(q.Get("size")), ours: true}, id)
	}
	if rest, ok := strings.CutPrefix(path+"/", "index.php/"); ok {
		path = rest
	}
	path = strings.Trim(path, "/")
	// The old site looks at this parameter first, on whatever page it stands.
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

// numbered is the file with the id, if it is one.
func numbered(f file, id string) (file, bool) {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil || n == 0 || len(id) > 20 {
		return file{}, false
	}
	f.id = strconv.FormatUint(n, 10)
	return f, true
}

// pixels is a size, or 0 for what is none. The largest stands for all beyond it, as on the old site's addresses.
func pixels(text string) int {
	n, _ := strconv.ParseUint(text, 10, 64) // 0 for what is no number, the largest where it does not fit
	return int(min(n, maxSize))
}
