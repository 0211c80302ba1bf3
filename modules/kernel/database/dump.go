package database

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// statementReader splits a dump made by mysqldump into its statements and drops the comments.
type statementReader struct{ r *bufio.Reader }

// next returns the next statement without its semicolon, or io.EOF after the last one.
func (s *statementReader) next() (string, error) {
	var b strings.Builder
	var quote byte
	for {
		c, err := s.r.ReadByte()
		if errors.Is(err, io.EOF) {
			if strings.TrimSpace(b.String()) != "" {
				return "", errors.New("the dump ends in the middle of a statement: it is not complete")
			}
			return "", io.EOF
		}
		if err != nil {
			return "", fmt.Errorf("read dump: %w", err)
		}
		switch {
		case quote != 0:
			b.WriteByte(c)
			if c == '\\' && quote != '`' {
				escaped, err := s.r.ReadByte()
				if err != nil {
					return "", errors.New("the dump ends in the middle of a text: it is not complete")
				}
				b.WriteByte(escaped)
			} else if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"' || c == '`':
			quote = c
			b.WriteByte(c)
		case c == ';':
			return strings.TrimSpace(b.String()), nil
		case (c == '-' || c == '#') && strings.TrimSpace(b.String()) == "":
			if _, err := s.r.ReadString('\n'); err != nil && !errors.Is(err, io.EOF) {
				return "", fmt.Errorf("read dump: %w", err)
			}
		case c == '*' && strings.HasSuffix(b.String(), "/") && strings.TrimSpace(b.String()) == "/":
			if err := s.skipComment(); err != nil {
				return "", err
			}
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
}

func (s *statementReader) skipComment() error {
	last := byte(0)
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			return errors.New("the dump ends in the middle of a comment: it is not complete")
		}
		if last == '*' && c == '/' {
			return nil
		}
		last = c
	}
}

// value is one value of a dumped row: nil, a string (also for numbers) or []byte.
type value any

var insertHead = regexp.MustCompile("(?is)^INSERT (?:IGNORE )?INTO `([^`]+)` (?:\\(([^)]*)\\) )?VALUES\\s*")

// parseInsert parses a dumped INSERT and calls row for each row; columns is nil if the statement
// names none.
func parseInsert(statement string, row func(table string, columns []string, values []value) error) error {
	head := insertHead.FindStringSubmatch(statement)
	if head == nil {
		return fmt.Errorf("INSERT not understood: %.80q", statement)
	}
	var columns []string
	if head[2] != "" {
		for c := range strings.SplitSeq(head[2], ",") {
			columns = append(columns, strings.Trim(c, " `"))
		}
	}
	rest := statement[len(head[0]):]
	for rest != "" {
		if rest[0] != '(' {
			return fmt.Errorf("row not understood: %.80q", rest)
		}
		values, after, err := parseRow(rest[1:])
		if err != nil {
			return err
		}
		if err := row(head[1], columns, values); err != nil {
			return err
		}
		rest = strings.TrimLeft(after, ", \n\r\t")
	}
	return nil
}

// parseRow parses the values up to the closing parenthesis and returns the rest of the text.
func parseRow(s string) (values []value, rest string, err error) {
	for {
		s = strings.TrimLeft(s, " \n\r\t")
		var v value
		if v, s, err = parseValue(s); err != nil {
			return nil, "", err
		}
		values = append(values, v)
		s = strings.TrimLeft(s, " \n\r\t")
		switch {
		case strings.HasPrefix(s, ","):
			s = s[1:]
		case strings.HasPrefix(s, ")"):
			return values, s[1:], nil
		default:
			return nil, "", fmt.Errorf("row not understood near %.40q", s)
		}
	}
}

func parseValue(s string) (value, string, error) {
	s, binary := strings.CutPrefix(s, "_binary ")
	switch {
	case strings.HasPrefix(s, "'"):
		text, rest, err := parseText(s[1:])
		if binary {
			return []byte(text), rest, err
		}
		return text, rest, err
	case strings.HasPrefix(s, "0x"):
		end := strings.IndexFunc(s[2:],
			func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) }) + 2
		bytes, err := hex.DecodeString(s[2:end])
		if err != nil {
			return nil, "", fmt.Errorf("hexadecimal value: %w", err)
		}
		return bytes, s[end:], nil
	}
	end := strings.IndexAny(s, ",)")
	if end < 0 {
		return nil, "", fmt.Errorf("value not understood: %.40q", s)
	}
	word := strings.TrimSpace(s[:end])
	if strings.EqualFold(word, "NULL") {
		return nil, s[end:], nil
	}
	return word, s[end:], nil
}

// escapes maps a character after a backslash in MySQL's strings to what it stands for. Any other
// character stands for itself.
var escapes = map[byte]byte{'0': 0, 'b': '\b', 'n': '\n', 'r': '\r', 't': '\t', 'Z': 26}

func parseText(s string) (text, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			if c, ok := escapes[s[i]]; ok {
				b.WriteByte(c)
			} else {
				b.WriteByte(s[i])
			}
		case s[i] == '\'' && i+1 < len(s) && s[i+1] == '\'':
			i++
			b.WriteByte('\'')
		case s[i] == '\'':
			return b.String(), s[i+1:], nil
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", errors.New("text without an end")
}
