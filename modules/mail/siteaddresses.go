package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// addressesIn returns the e-mail addresses that an option lists, separated by commas, each once. What is
// no address is left out.
func addressesIn(o *site.Options, key option.Key) (list []string) {
	seen := map[string]bool{}
	for address := range strings.SplitSeq(o.String(key), ",") {
		address = strings.TrimSpace(address)
		if validAddress(address) && !seen[address] {
			seen[address] = true
			list = append(list, address)
		}
	}
	return list
}

// addressMark stands for an address in the queue, which holds no addresses: it can only be recognised
// among those that the option lists when the mail is sent.
func addressMark(address string) string {
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:8])
}

// listedAddress returns a function that finds the address of a mail among those that the option lists;
// "" if it is not listed any more.
func listedAddress(key option.Key) func(*content, *row) string {
	return func(c *content, r *row) string {
		for _, address := range addressesIn(c.options, key) {
			if addressMark(address) == r.about.To {
				return address
			}
		}
		return ""
	}
}

// toListed returns a mail of a kind to each of the addresses that an option lists. The place of the
// address in the list tells the rows of the queue apart.
func toListed(o *site.Options, kind string, key option.Key) (list []queued) {
	for i, address := range addressesIn(o, key) {
		list = append(list, queued{kind: kind, postID: i + 1, about: about{To: addressMark(address)}})
	}
	return list
}
