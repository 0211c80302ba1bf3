package hooks

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
)

const (
	// hmacSize is the size of the key of the signatures v1, in bytes. Standard Webhooks asks for 24 to 64.
	hmacSize = 32
	keysSize = hmacSize + ed25519.SeedSize
)

// keys are what messages to one receiver are signed with: a secret that the receiver shares (v1), and a
// private key of which the receiver knows the public one (v1a). A receiver verifies either.
type keys struct {
	shared  []byte
	private ed25519.PrivateKey
}

// newKeys makes new keys at random.
func newKeys() (k keys, stored []byte) {
	stored = make([]byte, keysSize)
	_, _ = rand.Read(stored) // never fails
	k, _ = parseKeys(stored)
	return k, stored
}

// parseKeys returns the keys of their stored form, and whether they have it.
func parseKeys(stored []byte) (k keys, ok bool) {
	if len(stored) != keysSize {
		return keys{}, false
	}
	return keys{stored[:hmacSize], ed25519.NewKeyFromSeed(stored[hmacSize:])}, true
}

// secret returns the shared secret as receivers are told it.
func (k keys) secret() string { return "whsec_" + base64.StdEncoding.EncodeToString(k.shared) }

// publicKey returns the public key as receivers are told it.
func (k keys) publicKey() string {
	public, _ := k.private.Public().(ed25519.PublicKey)
	return "whpk_" + base64.StdEncoding.EncodeToString(public)
}

// sign returns the signatures of a message, for the header webhook-signature. at is in Unix seconds.
func (k keys) sign(id string, at int64, body []byte) string {
	content := append([]byte(id+"."+strconv.FormatInt(at, 10)+"."), body...)
	h := hmac.New(sha256.New, k.shared)
	h.Write(content)
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil)) +
		" v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(k.private, content))
}

// signAll returns the signatures by all of the keys, the newest first.
func signAll(list []keys, id string, at int64, body []byte) string {
	signatures := make([]string, len(list))
	for i, k := range list {
		signatures[i] = k.sign(id, at, body)
	}
	return strings.Join(signatures, " ")
}
