package mail

import (
	"html/template"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// block is a part of a mail's body that HTML shows in its own way.
type block struct {
	// Lines are those of a paragraph or, if Quoted is set, of a quotation.
	Lines  []string
	Quoted bool
	// Link is the address if the paragraph is nothing but an address.
	Link string
	// Heading is the text of a heading.
	Heading string
	// Item is the text of a link to the address ItemLink in a list, which the Lines are about.
	Item, ItemLink string
}

// What headings and the items of lists begin with in the plain body.
const (
	headingMark = "■ "
	itemMark    = "* "
)

// special returns the block for the lines of a paragraph that is a heading, or an item of a list: a title,
// something about it, and its address. ok is false for other paragraphs.
func special(lines []string) (b block, ok bool) {
	if heading, ok := strings.CutPrefix(lines[0], headingMark); ok && len(lines) == 1 {
		return block{Heading: heading}, true
	}
	title, item := strings.CutPrefix(lines[0], itemMark)
	last := strings.TrimSpace(lines[len(lines)-1])
	if !item || len(lines) < 2 || !onlyLink.MatchString(last) {
		return b, false
	}
	b = block{Item: title, ItemLink: last}
	for _, line := range lines[1 : len(lines)-1] {
		b.Lines = append(b.Lines, strings.TrimSpace(line))
	}
	return b, true
}

// signatureMark is the line that separates the signature of a mail from its text.
const signatureMark = "\n-- \n"

var onlyLink = regexp.MustCompile(`^https?://\S+$`)

// codedLetters are bytes of an address that are coded and belong to no ASCII character.
var codedLetters = regexp.MustCompile(`(?:%[89A-Fa-f][0-9A-Fa-f])+`)

// readable returns an address as people read it, with letters and figures of any script instead of their
// codes. Everything else stays coded: marks that cannot be seen, or that turn the direction of the text, could
// make one address look like another.
func readable(address string) string {
	return codedLetters.ReplaceAllStringFunc(address, func(codes string) string {
		text, err := url.PathUnescape(codes)
		if err != nil || !utf8.ValidString(text) || strings.ContainsFunc(text, notWritten) {
			return codes
		}
		return text
	})
}

func notWritten(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.Mn, unicode.Mc) }

// blocks divides the plain body of a mail at its empty lines. Lines that begin with ">" are quotations,
// as the template function quote writes them.
func blocks(body string) (list []block) {
	signature := ""
	if i := strings.LastIndex(body, signatureMark); i >= 0 { // people may write such a line before it
		body, signature = body[:i], body[i+len(signatureMark):]
	}
	for paragraph := range strings.SplitSeq(strings.TrimSpace(body), "\n\n") {
		begin := len(list)
		lines := strings.Split(strings.TrimSpace(paragraph), "\n")
		if b, ok := special(lines); ok {
			list = append(list, b)
			continue
		}
		for _, line := range lines {
			rest, quoted := strings.CutPrefix(line, ">")
			last := len(list) - 1
			if quoted {
				if last < 0 || !list[last].Quoted {
					list = append(list, block{Quoted: true})
					last++
				}
				list[last].Lines = append(list[last].Lines, strings.TrimPrefix(rest, " "))
				continue
			}
			if onlyLink.MatchString(line) {
				list = append(list, block{Link: line})
				continue
			}
			if last >= begin && !list[last].Quoted && list[last].Link == "" {
				list[last].Lines = append(list[last].Lines, line)
				continue
			}
			list = append(list, block{Lines: []string{line}})
		}
	}
	return append(list, block{Lines: strings.Split(strings.TrimSpace(signature), "\n")})
}

// pageTemplate is the layout of all mails as HTML. Styles are inlined for mail programs that drop style
// sheets; those that keep them get the dark colours where people want these. Nothing is loaded from
// elsewhere.
var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"readable": readable}).Parse(`<!DOCTYPE html>
<html lang="{{.Language}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{{.Subject}}</title>
<style>
@media (prefers-color-scheme: dark) {
  body, .sheet { background: #1b1a17 !important; color: #ece7db !important }
  .quote { background: #2a2823 !important; color: #ece7db !important }
  a { color: #f2b84b !important }
  .small { color: #a39c8c !important }
}
</style>
</head>
<body style="margin:0;padding:16px 8px;background:#f6f3ec;color:#2b2720">
<div class="sheet" style="max-width:560px;margin:0 auto;padding:24px 20px;border-radius:8px;background:#ffffff;color:#2b2720;font:16px/1.7 -apple-system,'Hiragino Sans','Noto Sans JP','Segoe UI',sans-serif;overflow-wrap:anywhere">
{{range .Blocks -}}
{{if .Heading}}<h2 style="margin:28px 0 12px;font-size:17px">{{.Heading}}</h2>
{{else if .Item}}<p style="margin:0 0 16px"><a href="{{.ItemLink}}" style="color:#8a5a00">{{.Item}}</a>{{range .Lines}}<br><span class="small" style="color:#6f6757;font-size:13px">{{.}}</span>{{end}}</p>
{{else if .Link}}<p style="margin:0 0 20px"><a href="{{.Link}}" style="color:#8a5a00">{{readable .Link}}</a></p>
{{else if .Quoted}}<blockquote class="quote" style="margin:0 0 20px;padding:12px 16px;border-left:4px solid #e0a526;border-radius:4px;background:#faf6ea;color:#2b2720">{{range $i, $line := .Lines}}{{if $i}}<br>{{end}}{{$line}}{{end}}</blockquote>
{{else}}<p style="margin:0 0 20px">{{range $i, $line := .Lines}}{{if $i}}<br>{{end}}{{$line}}{{end}}</p>
{{end}}{{end -}}
<p class="small" style="margin:0;padding-top:12px;border-top:1px solid #d9d2c2;color:#6f6757;font-size:13px">{{range $i, $line := .Signature}}{{if $i}}<br>{{end}}{{if and $line (eq $line $.Unsubscribe)}}<a href="{{$line}}" style="color:#6f6757">{{$line}}</a>{{else}}{{$line}}{{end}}{{end}}</p>
</div>
</body>
</html>
`))

// page returns a mail as HTML, made from its plain body.
func page(subject, body, unsubscribe string, japanese bool) string {
	language := "en"
	if japanese {
		language = "ja"
	}
	all := blocks(body)
	var b strings.Builder
	err := pageTemplate.Execute(&b, map[string]any{"Language": language, "Subject": subject,
		"Unsubscribe": unsubscribe,
		"Blocks":      all[:len(all)-1], "Signature": all[len(all)-1].Lines})
	if err != nil {
		panic(err) // writing to a strings.Builder never fails, and the template is ours
	}
	return b.String()
}
