package modules

import (
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// siteTexts are the texts that administrators have written for the site's pages and forms, each only where
// the site shows it. They are in the site's one language.
type siteTexts struct {
	SidebarHTML     string `json:"sidebarHtml,omitempty" doc:"Beside pages; as HTML that is safe to show, like all that end in Html"`
	SidepanelHTML   string `json:"sidepanelHtml,omitempty" doc:"Beside pages too"`
	HeaderHTML      string `json:"headerHtml,omitempty" doc:"Above pages"`
	FooterHTML      string `json:"footerHtml,omitempty" doc:"Below pages"`
	HomeHeading     string `json:"homeHeading,omitempty" doc:"Heading of the first page, as plain text"`
	HomeHTML        string `json:"homeHtml,omitempty" doc:"What the first page says in place of lists of questions"`
	HomeDescription string `json:"homeDescription,omitempty" doc:"What the site is about, for search engines, as plain text"`
	AskHTML         string `json:"askHtml,omitempty" doc:"In the form for questions"`
	AnswerHTML      string `json:"answerHtml,omitempty" doc:"In the form for answers"`
	CommentHTML     string `json:"commentHtml,omitempty" doc:"In the form for comments"`
	SignUpHTML      string `json:"signUpHtml,omitempty" doc:"In the form for signing up"`
	TermsHTML       string `json:"termsHtml,omitempty" doc:"What people accept when they sign up, where accounts.termsRequired"`
	ExtraPrompt     string `json:"extraFieldPrompt,omitempty" doc:"What the form for questions says of their additional field, as plain text"`
	ExtraLabel      string `json:"extraFieldLabel,omitempty" doc:"What questions say of it, as plain text"`
}

// textsOf returns the texts that the site shows. safe returns HTML that is safe to show.
func textsOf(o *site.Options, safe func(html string) string) *siteTexts {
	t := &siteTexts{}
	for _, one := range []struct {
		to    *string
		shown option.Key
		text  option.Key
		plain bool
	}{
		{&t.SidebarHTML, option.ShowCustomSidebar, option.CustomSidebar, false},
		{&t.SidepanelHTML, option.ShowCustomSidepanel, option.CustomSidepanel, false},
		{&t.HeaderHTML, option.ShowCustomHeader, option.CustomHeader, false},
		{&t.FooterHTML, option.ShowCustomFooter, option.CustomFooter, false},
		{&t.HomeHeading, option.ShowCustomHome, option.CustomHomeHeading, true},
		{&t.HomeHTML, option.ShowCustomHome, option.CustomHomeContent, false},
		{&t.HomeDescription, option.ShowHomeDescription, option.HomeDescription, true},
		{&t.AskHTML, option.ShowCustomAsk, option.CustomAsk, false},
		{&t.AnswerHTML, option.ShowCustomAnswer, option.CustomAnswer, false},
		{&t.CommentHTML, option.ShowCustomComment, option.CustomComment, false},
		{&t.SignUpHTML, option.ShowCustomRegister, option.CustomRegister, false},
		{&t.TermsHTML, option.ShowRegisterTerms, option.RegisterTerms, false},
		{&t.ExtraPrompt, option.ExtraFieldActive, option.ExtraFieldPrompt, true},
		{&t.ExtraLabel, option.ExtraFieldActive, option.ExtraFieldLabel, true},
	} {
		text := o.String(one.text)
		switch {
		case !o.Bool(one.shown) || text == "":
		case one.plain:
			*one.to = text
		default:
			*one.to = safe(text)
		}
	}
	return t
}
