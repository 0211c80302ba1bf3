package tokens_test

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/lestrrat-go/jwx/v2/jwa"

	"38qa.net/backend/modules/auth/internal/tokens"
)

var longKid = strings.Repeat("k", 201)

func rsaSign(text string) []byte { return signRSA(rsaKey(), crypto.SHA256)(text) }

// hostile is a token that must not pass a verifier that takes RS256, unless another algorithm is named.
type hostile struct {
	name, token string
	algorithm   jwa.SignatureAlgorithm
}

func TestHostileTokens(t *testing.T) {
	seen := map[string]bool{}
	for _, h := range allHostile() {
		if seen[h.name] {
			t.Errorf("%s: named twice", h.name)
		}
		seen[h.name] = true
		t.Run(h.name, func(t *testing.T) {
			algorithm := h.algorithm
			if algorithm == "" {
				algorithm = jwa.RS256
			}
			v := verifier(t, usual(), newClock(start).now, algorithm)
			// The good token from which the hostile one was made is remembered, which must not help the
			// hostile one.
			for _, good := range []string{
				signed(header, access), ecSigned(members{"alg": "ES256", "kid": ecKid}, access),
			} {
				v.Verify(t.Context(), good)
			}
			for range 2 {
				claims, err := v.Verify(t.Context(), h.token)
				if claims != nil || !errors.Is(err, tokens.ErrInvalid) {
					t.Fatalf("%+v, %v", claims, err)
				}
				for part := range strings.SplitSeq(h.token, ".") {
					if len(part) > 3 && strings.Contains(err.Error(), part) {
						t.Errorf("the error holds a part of the token: %v", err)
					}
				}
			}
		})
	}
	if len(seen) < 150 {
		t.Errorf("only %d cases", len(seen))
	}
}

// allHostile returns all hostile tokens. They are made once, because signing takes a while.
var allHostile = sync.OnceValue(func() []hostile {
	all := append(hostileForms(), hostileHeaders()...)
	return append(all, hostileClaims()...)
})

// hostileForms returns tokens whose form or signature is wrong.
func hostileForms() []hostile {
	good := signed(header, access)
	h, c, s := segments(good)
	_, _, ofAnother := segments(signed(header, access.with("sub", "somebody else")))
	last := good[len(good)-1]
	// This changes one of the bits that the last character has left over.
	stray := good[:len(good)-1] + string(rune(last)+1)
	ec := ecSigned(members{"alg": "ES256", "kid": ecKid}, access)
	ech, ecc, ecs := segments(ec)
	all := []hostile{
		{name: "empty", token: ""},
		{name: "a dot", token: "."},
		{name: "two dots", token: ".."},
		{name: "three dots", token: "..."},
		{name: "a word", token: "hunter2"},
		{name: "space before", token: " " + good},
		{name: "space after", token: good + " "},
		{name: "line end after", token: good + "\n"},
		{name: "line end within the claims", token: h + "." + c[:9] + "\n" + c[9:] + "." + s},
		{name: "CR within the signature", token: h + "." + c + "." + s[:9] + "\r" + s[9:]},
		{name: "NUL after", token: good + "\x00"},
		{name: "with Bearer", token: "Bearer " + good},
		{name: "twice", token: good + good},
		{name: "twice with a comma", token: good + "," + good},
		{name: "padding", token: good + "="},
		{name: "padding on the header", token: h + "==." + c + "." + s},
		{name: "stray bits at the end", token: stray},
		{name: "plain base64", token: strings.NewReplacer("-", "+", "_", "/").Replace(signed(header, access.with("x", "????????")))},
		{name: "a fourth segment", token: good + "." + s},
		{name: "an empty fourth segment", token: good + "."},
		{name: "an empty segment before", token: "." + good},
		{name: "no header", token: "." + c + "." + s},
		{name: "no claims", token: h + ".." + s},
		{name: "signature stripped", token: h + "." + c + "."},
		{name: "signature stripped with its dot", token: h + "." + c},
		{name: "signature of another token", token: h + "." + c + "." + ofAnother},
		{name: "signature cut", token: h + "." + c + "." + s[:len(s)-4]},
		{name: "signature longer", token: h + "." + c + "." + s + "AAAA"},
		{name: "signature of zeros", token: h + "." + c + "." + b64(strings.Repeat("\x00", 256))},
		{name: "signature of the modulus", token: h + "." + c + "." + b64(string(rsaKey().N.Bytes()))},
		{name: "signature with the modulus added", token: h + "." + c + "." + b64(string(overflowing(h+"."+c)))},
		{name: "claims of another token", token: h + "." + b64(access.with("sub", "somebody else").json()) + "." + s},
		{name: "header of another token", token: b64(header.with("typ", "JWT").json()) + "." + c + "." + s},
		{name: "JWE", token: h + "." + c + "." + s + "." + c + "." + s},
		{name: "JWE with empty key", token: b64(`{"alg":"dir","enc":"A256GCM","kid":"`+kid+`"}`) + ".." + c + "." + c + "." + s},
		{name: "JSON form, flattened", token: `{"payload":"` + c + `","protected":"` + h + `","signature":"` + s + `"}`},
		{name: "JSON form, general", token: `{"payload":"` + c + `","signatures":[{"protected":"` + h + `","signature":"` + s + `"}]}`},
		{name: "JSON form with dots", token: `{"payload":"` + c + `.","protected":"` + h + `.","signature":"` + s + `"}`},
		{name: "detached claims", token: h + ".." + s},
		{name: "more than 8 KiB", token: signed(header, access.with("filler", strings.Repeat("x", 6000)))},
		{name: "8 KiB and one byte", token: strings.Repeat("a", 8<<10+1)},
		{name: "10 MB", token: strings.Repeat("a.", 5<<20)},
		{name: "8 KiB of dots", token: strings.Repeat(".", 8<<10)},
		{name: "8 KiB of brackets", token: h + "." + b64(strings.Repeat("[", 5000)) + "." + s},
		{name: "ES256 zeros", token: ech + "." + ecc + "." + b64(strings.Repeat("\x00", 64)), algorithm: jwa.ES256},
		{name: "ES256 signature of the curve's order", token: ech + "." + ecc + "." + b64(strings.Repeat(string(ecKey().Params().N.Bytes()), 2)), algorithm: jwa.ES256},
		{name: "ES256 signature as ASN.1", token: raw(members{"alg": "ES256", "kid": ecKid}.json(), access.json(), func(text string) []byte { return signASN1(ecKey(), text) }), algorithm: jwa.ES256},
		{name: "ES256 signature longer", token: ec + "AAAA", algorithm: jwa.ES256},
		{name: "ES256 signature cut", token: ec[:len(ec)-4], algorithm: jwa.ES256},
		{name: "ES256 signature of another token", token: ech + "." + b64(access.with("sub", "x").json()) + "." + ecs, algorithm: jwa.ES256},
		{name: "ES256 stripped", token: ech + "." + ecc + ".", algorithm: jwa.ES256},
	}
	for i := 0; i < len(good); i += 37 {
		all = append(all, hostile{name: fmt.Sprintf("bit %d flipped", i), token: flip(good, i)})
	}
	for _, j := range []string{
		``, `null`, `[]`, `"x"`, `1`, `{`, `{}x`, `{}{}`, `{"alg":}`, "{\"sub\":\"\xff\"}", `{"sub":'x'}`,
		`{"sub":"x",}`, "\ufeff{}",
	} {
		all = append(all, hostile{name: "claims are " + j, token: raw(header.json(), j, rsaSign)},
			hostile{name: "header is " + j, token: raw(j, access.json(), rsaSign)})
	}
	for _, spoil := range []func(string) string{
		func(j string) string { return j + "x" },
		func(j string) string { return j + "{}" },
		func(j string) string { return j + "]" },
		func(j string) string { return j + "\x00" },
		func(j string) string { return "\ufeff" + j },
		func(j string) string { return "[" + j + "]" },
		func(j string) string { return strings.TrimSuffix(j, "}") },
		func(j string) string { return strings.TrimSuffix(j, "}") + ",}" },
		func(j string) string { return strings.TrimSuffix(j, "}") + "]" },
		func(j string) string { return strings.TrimSuffix(j, "}") + ",\"x\":\"\xff\"}" },
		func(j string) string { return strings.TrimSuffix(j, "}") + ",\"x\":01}" },
		func(j string) string { return strings.TrimSuffix(j, "}") + " \"x\":1}" },
		func(j string) string { return strings.TrimSuffix(j, "}") + ",x:1}" },
		func(j string) string { return strings.TrimSuffix(j, "}") + ",1:1}" },
		func(j string) string { return strings.TrimSuffix(j, "}") + ",\"x\":1}//" },
	} {
		all = append(all, hostile{name: fmt.Sprintf("claims spoilt: %q", spoil("{}")),
			token: raw(header.json(), spoil(access.json()), rsaSign)},
			hostile{name: fmt.Sprintf("header spoilt: %q", spoil("{}")),
				token: raw(spoil(header.json()), access.json(), rsaSign)})
	}
	return all
}

// hostileHeaders returns signed tokens with a header that must not pass.
func hostileHeaders() []hostile {
	var all []hostile
	add := func(name string, h members, s sign) {
		all = append(all, hostile{name: name, token: raw(h.json(), access.json(), s)})
	}
	for _, none := range []string{"none", "None", "NONE", "nOnE", " none", "none ", ""} {
		add("alg "+none+", no signature", header.with("alg", none), unsigned)
		add("alg "+none+", good signature", header.with("alg", none), rsaSign)
		add("alg "+none+", a byte", header.with("alg", none), func(string) []byte { return []byte{0} })
	}
	public := &rsaKey().PublicKey
	pkix, _ := x509.MarshalPKIXPublicKey(public)
	pkcs1 := x509.MarshalPKCS1PublicKey(public)
	asJWK, _ := json.Marshal(jwkOf(public, "kid", kid))
	for name, secret := range map[string][]byte{
		"PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix}), "PKCS1 PEM": pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1}),
		"DER": pkix, "PKCS1 DER": pkcs1, "modulus": public.N.Bytes(), "JWK": asJWK, "kid": []byte(kid), "empty": {},
	} {
		add("HS256 with the "+name, header.with("alg", "HS256"), signHMAC(secret))
		add("RS256 said, HMAC with the "+name, header, signHMAC(secret))
	}
	add("HS256 with a shared secret of the source", members{"alg": "HS256", "kid": "secret"},
		signHMAC([]byte("a secret of thirty-two bytes ...")))
	add("RS256 with a shared secret of the source", members{"alg": "RS256", "kid": "secret"},
		signHMAC([]byte("a secret of thirty-two bytes ...")))
	add("ES256 where RS256 is wanted", members{"alg": "ES256", "kid": ecKid}, signEC(ecKey()))
	add("RS256 said, EC key", members{"alg": "RS256", "kid": ecKid}, signEC(ecKey()))
	add("ES256 said, RSA key", header.with("alg", "ES256"), rsaSign)
	add("RS384", header.with("alg", "RS384"), signRSA(rsaKey(), crypto.SHA384))
	add("RS512", header.with("alg", "RS512"), signRSA(rsaKey(), crypto.SHA512))
	add("RS256 said, RS512 signature", header, signRSA(rsaKey(), crypto.SHA512))
	add("PS256", header.with("alg", "PS256"), signPSS)
	add("RS256 said, PSS signature", header, signPSS)
	for _, a := range []any{
		"rs256", "RS256 ", "EdDSA", "ES256K", "RSA-OAEP", 256, true, null, []string{"RS256"},
		members{"RS256": 1}, nil,
	} {
		add(fmt.Sprintf("alg %#v", a), header.with("alg", a), rsaSign)
	}
	add("alg in capitals", header.with("alg", nil, "ALG", "RS256"), rsaSign)
	add("kid in capitals", header.with("kid", nil, "KID", kid), rsaSign)
	for name, k := range map[string]any{
		"a path": "../../etc/passwd", "SQL": "' OR 1=1", "empty": "", "a space": " ", "with NUL": kid + "\x00", "huge": strings.Repeat("k", 4000),
		"of 201 bytes": longKid, "number": 1, "true": true, "null": null, "list": []string{kid}, "object": members{"kid": kid}, "missing": nil,
		"in other letters": strings.ToUpper(kid), "a URL": "https://evil.example/jwks.json",
	} {
		add("kid "+name, header.with("kid", k), rsaSign)
	}
	for _, k := range []string{
		"enc", "alg-RS512", "alg-OAEP", "ops-sign", "ops-none", "other", longKid + "one",
	} {
		add("key "+k, header.with("kid", k), rsaSign)
	}
	add("key of 1024 bits", header.with("kid", "small"), signRSA(smallRSA(), crypto.SHA256))
	attacker := signRSA(otherRSA(), crypto.SHA256)
	add("signed by another key", header, attacker)
	theirs := jwkOf(&otherRSA().PublicKey, "kid", kid)
	for _, s := range []struct {
		who string
		by  sign
	}{{"the attacker", attacker}, {"the issuer", rsaSign}} {
		add("jwk, signed by "+s.who, header.with("jwk", theirs), s.by)
		add("jwk without kid, signed by "+s.who, header.with("jwk", theirs, "kid", nil), s.by)
		add("jku, signed by "+s.who, header.with("jku", "https://evil.example/jwks.json"), s.by)
		add("x5u, signed by "+s.who, header.with("x5u", "https://evil.example/x.pem"), s.by)
		add("x5c, signed by "+s.who, header.with("x5c", []string{"MII="}), s.by)
	}
	add("jwk null", header.with("jwk", null), rsaSign)
	add("crit", header.with("crit", []string{"exp"}), rsaSign)
	add("crit empty", header.with("crit", []string{}), rsaSign)
	add("crit null", header.with("crit", null), rsaSign)
	add("b64 false", header.with("b64", false), rsaSign)
	add("b64 false, critical", header.with("b64", false, "crit", []string{"b64"}), rsaSign)
	unencoded := b64(header.with("b64", false).json()) + "." + access.json()
	all = append(all, hostile{
		name: "b64 false, claims as they are", token: unencoded + "." + b64(string(rsaSign(unencoded))),
	})
	for _, h := range []string{`{"alg":"RS256","alg":"RS256","kid":"` + kid + `"}`,
		`{"alg":"none","alg":"RS256","kid":"` + kid + `"}`,
		`{"kid":"x","alg":"RS256","kid":"` + kid + `"}`,
		`{"alg":"RS256","al\u0067":"RS256","kid":"` + kid + `"}`} {
		all = append(all, hostile{name: "twice in the header: " + h, token: raw(h, access.json(), rsaSign)})
	}
	for _, e := range []struct {
		name string
		h    members
		by   sign
	}{
		{"ES256: RSA where EC is wanted", header, rsaSign},
		{"ES256: key of P-384", members{"alg": "ES256", "kid": "p384"}, signEC(ec384())},
		{"ES256: key for ES384", members{"alg": "ES256", "kid": "ec-alg-ES384"}, signEC(ecKey())},
		{"ES256: key off the curve", members{"alg": "ES256", "kid": "ec-off-curve"}, signEC(ecKey())},
		{"ES256: RSA key", members{"alg": "ES256", "kid": kid}, signEC(ecKey())},
		{"ES256: signed by another key", members{"alg": "ES256", "kid": ecKid}, signEC(newEC(ecKey().Curve))},
		{"ES256: none", members{"alg": "none", "kid": ecKid}, unsigned},
	} {
		all = append(all, hostile{
			name: e.name, token: raw(e.h.json(), access.json(), e.by), algorithm: jwa.ES256,
		})
	}
	return all
}

func segments(token string) (header, claims, signature string) {
	p := strings.Split(token, ".")
	return p[0], p[1], p[2]
}

// flip changes a bit of one byte of the token. A letter of base64url stays one.
func flip(token string, i int) string {
	b := []byte(token)
	if b[i] == '.' {
		b[i] = ','
	} else if b[i] ^= 1; b[i] == '.' || b[i] == token[i] {
		b[i] = 'A'
	}
	return string(b)
}

// overflowing returns the good signature plus the modulus, which a verifier that does not check the range
// would take for the same number.
func overflowing(text string) []byte {
	s := rsaSign(text)
	n := rsaKey().N.Bytes()
	carry := 0
	for i := len(s) - 1; i >= 0; i-- {
		sum := int(s[i]) + int(n[i]) + carry
		s[i], carry = byte(sum), sum>>8
	}
	if carry != 0 {
		s = append([]byte{byte(carry)}, s...)
	}
	return s
}
