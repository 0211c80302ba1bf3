package mail

import "testing"

// TestReadableAddresses checks how addresses are shown in mails: with letters, but nothing that deceives.
func TestReadableAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://qa.example/7/hives?show=9#a9":            "https://qa.example/7/hives?show=9#a9",
		"https://qa.example/7/%E6%8E%A1%E8%9C%9C-2":       "https://qa.example/7/採蜜-2",
		"https://qa.example/7/%e3%81%8C":                  "https://qa.example/7/が",
		"https://qa.example/%D8%B9%D8%B3%D9%84%D9%8E":     "https://qa.example/عسلَ",
		"https://qa.example/?q=%3Cb%3E%20%26%2F%E8%9C%9C": "https://qa.example/?q=%3Cb%3E%20%26%2F蜜",
		"https://qa.example/%E2%80%AEgpj.exe":             "https://qa.example/%E2%80%AEgpj.exe",            // right to left
		"https://qa.example/a%E2%80%8Bb":                  "https://qa.example/a%E2%80%8Bb",                 // no width
		"https://qa.example/%E8%9C%9C%E3%80%80%E8%9C%9C":  "https://qa.example/%E8%9C%9C%E3%80%80%E8%9C%9C", // a wide space
		"https://qa.example/%E8%9C":                       "https://qa.example/%E8%9C",                      // half a letter
		"https://qa.example/%FF%FE/%E":                    "https://qa.example/%FF%FE/%E",
		"https://qa.example/%F0%9F%90%9D":                 "https://qa.example/%F0%9F%90%9D", // a picture of a bee
	} {
		if got := readable(address); got != want {
			t.Errorf("%s is shown as %s, expected %s", address, got, want)
		}
	}
}
