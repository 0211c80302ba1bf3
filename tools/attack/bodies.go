package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// body is one of the request bodies that are known to cost a server most.
type body struct {
	name, method, path string
	text               []byte
}

// raw is the largest number of characters that a post's content may have in a request; oldRaw is a
// former limit.
const (
	raw    = 48_000
	oldRaw = 200_000
)

// filled repeats a pattern to a length of about n bytes.
func filled(pattern string, n int) string { return strings.Repeat(pattern, n/len(pattern)) }

// repeated formats each number below n with form and joins the results with commas.
func repeated(form string, n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(form, i)
	}
	return strings.Join(parts, ",")
}

// bodies returns the request bodies that are known to cost a server most, for the community with the
// given question.
func bodies(question int) ([]body, error) {
	answers := fmt.Sprintf("/v1/questions/%d/answers", question)
	var all []body
	for name, content := range map[string]string{
		"links without end": "[a](", "links with brackets": "[a]((", "quotes in quotes": ">",
		"open brackets": "[", "lists in a line": "- ",
		"emphasis": "*a_", "code spans": "\\``\n", "tags without end": "<a b",
		"bare addresses": "www._", "definitions": "[a]: b (\n", "tables": "|-|\n",
	} {
		for _, n := range []int{oldRaw, raw, 12_000, 4_000} {
			text, err := json.Marshal(map[string]string{"content": filled(content, n), "format": "markdown"})
			if err != nil {
				return nil, err
			}
			all = append(all, body{fmt.Sprintf("%s, %d", name, n), "POST", answers, text})
		}
	}
	for name, content := range map[string]string{
		"tags that fit not":      filled("<b>", raw/2) + filled("</i>", raw/2),
		"some tags that fit not": filled("<b>", 9_000) + filled("</i>", 12_000),
		"tables in tables":       filled("<table><tr><td>", raw),
		"attributes":             "<p " + filled("a=b ", raw) + ">", "entities": filled("&a;<b>", raw),
		"comments without end": filled("<!-- <b>", raw),
	} {
		text, err := json.Marshal(map[string]string{"content": content, "format": "html"})
		if err != nil {
			return nil, err
		}
		all = append(all, body{name, "POST", answers, text})
	}
	for name, text := range map[string]string{
		"80,000 unknown fields": "{" + repeated(`"f%d":1`, 80_000) + "}",
		"arrays in arrays":      `{"content":` + filled("[", 500_000),
		"one long string":       `{"content":"` + filled("a", 1_000_000) + `"}`,
		"numbers for text":      `{"content":"a","title":"a","tags":[` + repeated("%d", 100_000) + "]}",
		"long tags": `{"content":"a","title":"a long title","tags":[` +
			repeated(`"`+filled("a-", 10_000)+`%d"`, 100) + "]}",
	} {
		all = append(all, body{name, "POST", "/v1/questions", []byte(text)})
	}
	all = append(all, body{
		"long fields at sign-up", "POST", "/v1/auth/sign-up",
		[]byte(`{"handle":"a","email":"a@example.com","password":"x","fields":{` +
			repeated(`"f%d":"`+filled("a", 900)+`"`, 1000) + "}}"),
	})
	return all, nil
}
