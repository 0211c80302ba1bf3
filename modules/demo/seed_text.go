package demo

import (
	"html"
	"math"
	"math/rand/v2"
	"strings"
	"unicode/utf8"
)

// lexicon is a list of words. Words at the front are picked most often.
type lexicon struct {
	words []string
	zipf  *rand.Zipf
}

// newLexicon returns a lexicon whose words occur with frequencies by Zipf's law. flat is the
// number of words at the front that are about equally frequent.
func newLexicon(r *rand.Rand, words []string, flat float64) lexicon {
	return lexicon{words, rand.NewZipf(r, 1.15, flat, uint64(len(words)-1))}
}

func (l lexicon) pick() string { return l.words[l.zipf.Uint64()] }

// writer composes titles and contents.
type writer struct {
	r                                                 *rand.Rand
	jaNoun, jaVerb, jaEnding, jaAdjective, jaOpening  lexicon
	jaRare, enRare, enNoun, enVerb, enAdjective, glue lexicon
}

// rareWords is how many rare words each of the two languages has.
const rareWords = 9000

func newWriter(r *rand.Rand) *writer {
	list := func(words string, flat float64) lexicon { return newLexicon(r, strings.Fields(words), flat) }
	w := &writer{
		r: r, jaNoun: list(jaNouns, 12), jaVerb: list(jaVerbs, 12), jaEnding: list(jaEndings, 6),
		jaAdjective: list(jaAdjectives, 12),
		jaOpening:   list(jaOpenings, 20), enNoun: list(enNouns, 12), enVerb: list(enVerbs, 12),
		enAdjective: list(enAdjectives, 12), glue: list(enGlue, 4),
	}
	w.jaRare = newLexicon(r, coin(r, coinJapanese), 40)
	w.enRare = newLexicon(r, coin(r, coinEnglish), 40)
	return w
}

// coin returns the rare words of one language, each made by a call of one.
func coin(r *rand.Rand, one func(*rand.Rand) string) []string {
	seen, words := map[string]bool{}, make([]string, 0, rareWords)
	for len(words) < rareWords {
		if word := one(r); !seen[word] {
			seen[word] = true
			words = append(words, word)
		}
	}
	return words
}

var (
	kanjiRunes = []rune(kanji)
	kanaRunes  = []rune("アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワガギグゲゴジダデドバビブベボパピプポン")
	syllables  = strings.Fields("ba be bo ca ce co da de di do fa fe fi ga go ha he hi ka ke ki la le li lo ma me mi mo na ne ni no pa pe ra re ri ro sa se si so ta te ti to va ve vi wa we ya yo za zo")
	suffixes   = strings.Fields("n r s l nd rn st x th ck")
)

// coinJapanese returns a random word: a compound of ideographs, like the name of a place, a plant
// or a family, or a name in kana that looks foreign.
func coinJapanese(r *rand.Rand) string {
	alphabet, length := kanjiRunes, 2+r.IntN(2)
	if r.IntN(3) == 0 {
		alphabet, length = kanaRunes, 3+r.IntN(4)
	}
	word := make([]rune, length)
	for i := range word {
		word[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(word)
}

func coinEnglish(r *rand.Rand) string {
	var b strings.Builder
	for range 2 + r.IntN(3) {
		b.WriteString(syllables[r.IntN(len(syllables))])
	}
	b.WriteString(suffixes[r.IntN(len(suffixes))])
	return b.String()
}

func (w *writer) chance(percent int) bool { return w.r.IntN(100) < percent }

// noun returns a noun, which now and then is a rare word.
func (w *writer) noun(japanese bool) string {
	switch rare := w.chance(14); {
	case japanese && rare:
		return w.jaRare.pick()
	case japanese:
		return w.jaNoun.pick()
	case rare:
		return w.enRare.pick()
	}
	return w.enNoun.pick()
}

var (
	jaParticles = []string{"を", "が", "に", "で", "は", "も", "から", "まで"}
	jaQuestions = []string{"ですか？", "でしょうか？", "について教えてください", "の方法は？", "をどうしていますか？", "はいつ頃が良いですか？", "が分かりません"}
	enQuestions = []string{"How do I", "When should I", "Why did my bees", "Is it safe to",
		"What is the best way to", "Can I", "Should a beginner"}
)

// title returns a title in the form of a question, about 12 to 60 characters long.
func (w *writer) title(japanese bool) string {
	if !japanese {
		t := enQuestions[w.r.IntN(len(enQuestions))] + " " + w.enVerb.pick() + " the " +
			w.enAdjective.pick() + " " + w.noun(false)
		if w.chance(60) {
			t += " " + w.glue.pick() + " the " + w.noun(false)
		}
		return t + "?"
	}
	t := w.noun(true) + "の" + w.noun(true)
	if w.chance(70) {
		t += jaParticles[w.r.IntN(len(jaParticles))] + w.jaAdjective.pick() + w.noun(true)
	}
	return t + jaQuestions[w.r.IntN(len(jaQuestions))]
}

// sentence returns one sentence for the content of a post.
func (w *writer) sentence(japanese bool) string {
	if japanese {
		return w.jaSentence()
	}
	s := w.glue.pick() + " " + w.enAdjective.pick() + " " + w.noun(false) + " " + w.enVerb.pick()
	for range 1 + w.r.IntN(3) {
		s += " " + w.glue.pick() + " " + w.noun(false)
	}
	if w.chance(8) {
		s += " (don't worry)"
	}
	return strings.ToUpper(s[:1]) + s[1:] + ". "
}

func (w *writer) jaSentence() string {
	var b strings.Builder
	if w.chance(18) {
		b.WriteString(w.jaOpening.pick())
	}
	b.WriteString(w.noun(true))
	for range w.r.IntN(3) {
		if w.chance(50) {
			b.WriteString("の")
		} else {
			b.WriteString(jaParticles[w.r.IntN(len(jaParticles))] + w.jaAdjective.pick())
		}
		b.WriteString(w.noun(true))
	}
	b.WriteString(jaParticles[w.r.IntN(len(jaParticles))] + w.jaVerb.pick() + w.jaEnding.pick() + "。")
	return b.String()
}

// content returns a text of about length characters: sentences, in several paragraphs if it is
// long. The text is HTML if asHTML is true, and plain text otherwise.
func (w *writer) content(japanese, asHTML bool, length int) string {
	paragraphs := []string{""}
	for total, last := 0, 0; total < length; {
		s := w.sentence(japanese)
		paragraphs[len(paragraphs)-1] += s
		total += utf8.RuneCountInString(s)
		if total-last > 120 && total < length && w.chance(40) {
			paragraphs, last = append(paragraphs, ""), total
		}
	}
	if !asHTML {
		return strings.TrimSpace(strings.Join(paragraphs, "\n\n"))
	}
	for i, p := range paragraphs {
		p = html.EscapeString(strings.TrimSpace(p))
		if w.chance(30) {
			p = "<strong>" + html.EscapeString(w.noun(japanese)) + "</strong> " + p
		}
		paragraphs[i] = "<p>" + p + "</p>"
	}
	return strings.Join(paragraphs, "\n")
}

// length returns a random length for a content, in characters. Most lengths are near the median,
// and all are between 12 and 2,000.
func (w *writer) length(median float64) int {
	return int(min(2000, max(12, median*math.Exp(0.6*w.r.NormFloat64()))))
}
