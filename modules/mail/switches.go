package mail

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Switch says whether this backend sends a kind of mail.
type Switch string

// The positions of a switch. With Auto, a mail of one of the old site's plugins is sent where the plugin
// is on. Auto is for the kinds of plugins alone.
const (
	Off  Switch = "off"
	On   Switch = "on"
	Auto Switch = "auto"
)

// pluginGroup is the name by which a setting switches all kinds of plugins.
const pluginGroup = "plugins"

// origin is where a kind of mail comes from on the old site.
type origin struct {
	// plugins are the folders by which the option enabled_plugins may know the plugin.
	plugins []string
	// texts are options of the plugin. Where enabled_plugins is empty, the plugin is there if one of
	// them is not.
	texts []option.Key
	// scheduled reports whether the plugin sends from a cron job, for what was written on either side.
	// The others follow from events, and the old site hears of none that happen here.
	scheduled bool
}

// origins are the plugins' kinds of mail. They are off until a setting switches them on. autoMessage is
// no mail, but a private message.
var origins = map[string]origin{
	"step_question": {plugins: []string{"q2a-stepmail-question"}, texts: stepTexts("question")},
	"step_answer":   {plugins: []string{"q2a-stepmail-answer"}, texts: stepTexts("answer")},
	"again_post": {plugins: []string{"q2a-again-posts-thanks-email"},
		texts: []option.Key{option.Q2aAgainPostsThanksBody}},
	"round_question": roundOrigin, "round_answer": roundOrigin,
	"inquiry_reply": {plugins: []string{"q2a-auto-reply-inquiry"}},
	"only_question": {plugins: []string{"q2a-only-once-question-email"},
		texts: []option.Key{option.Q2aOnlyOnceQuestionBody}, scheduled: true},
	"only_answer": {plugins: []string{"q2a-only-once-answer-email"},
		texts: []option.Key{option.Q2aOnlyOnceAnswerBody}, scheduled: true},
	"no_answer": {plugins: []string{"q2a-advicemail", "q2a-no-answer-advice-mail"},
		texts: []option.Key{option.Q2aAdvicemailBody}, scheduled: true},
	"comment_reminder": {plugins: []string{"q2a-comment-remider"}, scheduled: true},
	"help_answer": {plugins: []string{"q2a-ask-help-answer"},
		texts: []option.Key{option.QaAskHelpAnswerToAddress}, scheduled: true},
	"statistics": {plugins: []string{"q2a-statics"},
		texts: []option.Key{option.Q2aStaticsEmails}, scheduled: true},
	autoMessage: {plugins: []string{"q2a-auto-pmsg"}, scheduled: true,
		texts: []option.Key{option.QaAutoPmsgMessageForPosted, option.QaAutoPmsgMessageForNoPosted}},
}

// roundOrigin is that of the mails about round numbers.
var roundOrigin = origin{plugins: []string{"q2a-get-roundnumber-celebrate-email"},
	texts: []option.Key{option.Q2aGetRoundnumberCelebrateBody}}

// autoMessage is the name of the private message to new members, which is switched like a kind of mail.
const autoMessage = "auto_message"

// stepTexts returns the options with the texts of the plugin for questions or for answers.
func stepTexts(of string) (list []option.Key) {
	for step := 1; step <= steps; step++ {
		list = append(list, option.Of(fmt.Sprintf("q2a-stepmail-%s-%d", of, step)))
	}
	return list
}

// enabled reports whether the old site has the plugin on, as far as its options tell.
func (g origin) enabled(o *site.Options) bool {
	if list := o.String(option.EnabledPlugins); list != "" {
		on := strings.Split(list, ";")
		return slices.ContainsFunc(g.plugins, func(p string) bool { return slices.Contains(on, p) })
	}
	return slices.ContainsFunc(g.texts, func(k option.Key) bool {
		return strings.TrimSpace(o.String(k)) != ""
	})
}

// sends reports whether this backend sends a kind of mail about what happens here. What is written on the
// old site makes no events here and is mailed there, whatever the setting; kinds that are sent by
// schedule look at what was written on both sides.
func sends(switches map[string]Switch, o *site.Options, kind string) bool {
	from, ofPlugin := origins[kind]
	set, ok := switches[kind]
	switch {
	case !ok && ofPlugin:
		if set, ok = switches[pluginGroup]; !ok {
			return false
		}
	case !ok:
		return true
	}
	return set == On || set == Auto && from.enabled(o)
}

// checkSwitches returns an error if one of the switches is of no kind, or has a position that it cannot
// have.
func checkSwitches(switches map[string]Switch) error {
	for _, name := range slices.Sorted(maps.Keys(switches)) {
		_, ofPlugin := origins[name]
		_, known := kinds[name]
		if _, run := mailingKinds[name]; run { // administrators run them
			known = false
		}
		ofPlugin = ofPlugin || name == pluginGroup
		positions := []Switch{Off, On}
		if ofPlugin {
			positions = append(positions, Auto)
		}
		switch {
		case !known && !ofPlugin:
			return fmt.Errorf("%q is no kind of mail", name)
		case !slices.Contains(positions, switches[name]):
			return fmt.Errorf("%q of %s is none of %v", switches[name], name, positions)
		}
	}
	return nil
}
