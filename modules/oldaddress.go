package modules

import (
	"net/url"
	"strings"
)

// oldAddress rewrites an address of the old site that has its path in a parameter
// (/?qa=blob&qa_blobid=…, /index.php?qa=12/title) into the address with that path.
func oldAddress(u *url.URL) {
	if u.Path != "/" && u.Path != "/index.php" {
		return
	}
	q := u.Query()
	if path := strings.Trim(q.Get("qa"), "/"); path != "" {
		q.Del("qa")
		u.Path, u.RawPath, u.RawQuery = "/"+path, "", q.Encode()
	} else if u.Path == "/index.php" {
		u.Path = "/"
	}
}
