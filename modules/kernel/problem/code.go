package problem

// Code identifies a kind of problem. Codes are stable and in snake_case; Define makes them and Codes lists
// them.
type Code struct{ name string }

// String returns the code as clients see it.
func (c Code) String() string { return c.name }

// FieldCode identifies what is wrong with a field. Such codes are stable and in snake_case, for example
// too_long; DefineField makes them.
type FieldCode struct{ name string }

// String returns the code as clients see it.
func (c FieldCode) String() string { return c.name }

// IsZero reports whether the code is the zero value, which is that of a field with which nothing is wrong.
func (c FieldCode) IsZero() bool { return c == FieldCode{} }

// Texts is a text in both languages.
type Texts struct{ en, ja string }

// Text returns a text in English and Japanese.
func Text(english, japanese string) Texts { return Texts{english, japanese} }

func (t Texts) in(l Language) string {
	if l == Japanese {
		return t.ja
	}
	return t.en
}

// entry is what the catalogue says about a code.
type entry struct {
	status int
	title  Texts
	detail Texts
}

var (
	catalogue  = map[Code]entry{}
	fieldTexts = map[FieldCode]Texts{}
)

// Define makes a code for problems and the HTTP status that responses with it have. title says what kind of
// problem it is, and detail what was wrong; detail may have placeholders for the problem's arguments. Define
// is for package variables, and panics if the code exists already.
func Define(code string, status int, title, detail Texts) Code {
	c := Code{code}
	if _, twice := catalogue[c]; twice {
		panic("problem: code " + code + " is defined twice")
	}
	catalogue[c] = entry{status, title, detail}
	return c
}

// DefineField makes a code for wrong fields. The texts follow the name of the field, and may have
// placeholders for the field's arguments. DefineField is for package variables, and panics if the code exists
// already.
func DefineField(code, english, japanese string) FieldCode {
	c := FieldCode{code}
	if _, twice := fieldTexts[c]; twice {
		panic("problem: field code " + code + " is defined twice")
	}
	fieldTexts[c] = Texts{english, japanese}
	return c
}

// FieldNamed returns the code for wrong fields with the given text, if there is one.
func FieldNamed(code string) (c FieldCode, known bool) {
	_, known = fieldTexts[FieldCode{code}]
	if known {
		c = FieldCode{code}
	}
	return c, known
}
