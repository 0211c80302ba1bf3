// Package problem defines the errors that reach a client. Each has a stable code, an HTTP status and
// Texts in English and Japanese. Use cases make them, and only package web turns them into RFC 9457
// problem details.
package problem

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Language is the language of a problem's Texts. The code is the same in all languages.
type Language string

// The languages in which problems have Texts.
const (
	English  Language = "en"
	Japanese Language = "ja"
)

// Error is an error that tells a client why its request was refused or failed. The zero value is not
// useful: make one with New.
type Error struct {
	// Code identifies the problem.
	Code Code
	// Args fill the placeholders of the code's detail text.
	Args []any
	// Fields lists the parts of the input that were wrong, if the input was.
	Fields []Field
	// MoreFields is the number of wrong parts of the input that Fields leaves out.
	MoreFields int
	// Action is what the caller did too often, if the code is rate_limit and the limit is an hourly
	// one.
	Action string
	// RetryAfter is after how many seconds the request may succeed, or 0.
	RetryAfter int
}

// Field describes one wrong part of the input.
type Field struct {
	// Name is the JSON path or the parameter's name.
	Name string
	Code FieldCode
	// Args fill the placeholders of the code's text.
	Args []any
}

// New returns the problem with the given code. args fill the placeholders of the code's detail text.
func New(code Code, args ...any) *Error { return &Error{Code: code, Args: args} }

// Invalid returns the problem for input with wrong fields.
func Invalid(fields ...Field) *Error { return &Error{Code: CodeValidation, Fields: fields} }

// NotFound returns the problem for something that does not exist, or whose existence the caller may
// not know of.
func NotFound() *Error { return New(CodeNotFound) }

// Outcome returns "done" if there is no error, else the code of the problem that the error is or wraps,
// or "failed" for other errors. It is for metrics.
func Outcome(err error) string {
	var p *Error
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &p):
		return p.Code.String()
	}
	return "failed"
}

// Error returns the code and what was wrong, in English, for logs and the command line.
func (e *Error) Error() string {
	if len(e.Fields) == 0 {
		return e.Code.name + ": " + e.Detail(English)
	}
	fields := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		fields[i] = f.Name + " " + f.predicate(English)
	}
	return e.Code.name + ": " + strings.Join(fields, "; ")
}

// Status returns the HTTP status that belongs to the code.
func (e *Error) Status() int { return catalogue[e.Code].status }

// Title returns the short text of the code.
func (e *Error) Title(l Language) string { return catalogue[e.Code].title.In(l) }

// Detail returns the text that says what was wrong in this case.
func (e *Error) Detail(l Language) string {
	return fmt.Sprintf(catalogue[e.Code].detail.In(l), e.Args...)
}

// Message returns a sentence that says what is wrong with the field, without the field's name: clients show
// it beside the field.
func (f Field) Message(l Language) string {
	if l == English {
		return "This " + f.predicate(English) + "."
	}
	return f.predicate(l)
}

func (f Field) predicate(l Language) string {
	return fmt.Sprintf(fieldEntries[f.Code].texts.In(l), f.Args...)
}

// Params returns the arguments of the field by their names.
func (f Field) Params() map[Param]any {
	named := map[Param]any{}
	for i, name := range fieldEntries[f.Code].params {
		if i < len(f.Args) {
			named[name] = f.Args[i]
		}
	}
	return named
}

// Codes returns all codes in alphabetical order.
func Codes() []Code {
	return slices.SortedFunc(maps.Keys(catalogue),
		func(a, b Code) int { return strings.Compare(a.name, b.name) })
}

// FieldCodes returns all codes of fields in alphabetical order.
func FieldCodes() []FieldCode {
	return slices.SortedFunc(maps.Keys(fieldEntries),
		func(a, b FieldCode) int { return strings.Compare(a.name, b.name) })
}
