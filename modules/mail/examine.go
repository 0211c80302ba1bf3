package mail

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"38qa.net/backend/modules/site"
)

// ExamineKinds returns findings about which side sends which kinds of mail. A warning means that people may get
// a mail twice. They are shown by the doctor; the warnings are written to the log when a server starts.
func ExamineKinds(o *site.Options, switches map[string]Switch) []site.Finding {
	var findings []site.Finding
	say := func(severity, format string, args ...any) {
		findings = append(findings,
			site.Finding{Severity: severity, Topic: "mails", Text: fmt.Sprintf(format, args...)})
	}
	for _, name := range slices.Sorted(maps.Keys(origins)) {
		from := origins[name]
		here, there, plugin := sends(switches, o, name), from.enabled(o), strings.Join(from.plugins, " or ")
		switch {
		case here && there && from.scheduled:
			say("warning", "%s is sent here, and the old site has its plugin %s: people get it twice unless "+
				"the plugin's cron job is off", name, plugin)
		case here && there:
			say("ok", "%s is sent by each side for what is written there (plugin %s)", name, plugin)
		case here:
			say("ok", "%s is sent here", name)
		case there && from.scheduled:
			say("note", "%s is left to the cron job of the old site's plugin %s", name, plugin)
		case there:
			say("note", "the old site's plugin %s sends %s for what is written there; for what is written here "+
				"nobody does (MAIL_KINDS=%s:auto)", plugin, name, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(switches)) {
		if _, ofPlugin := origins[name]; !ofPlugin && name != pluginGroup && !sends(switches, o, name) {
			say("note", "%s is off: nobody mails it for what is written here", name)
		}
	}
	return findings
}

// ExamineSending returns a warning if mails leave by Amazon SES, which the setting MAIL_URL says, and nobody
// tells this backend which of them bounce: then it goes on mailing to addresses that do not work, until Amazon
// stops the sending altogether.
func ExamineSending(mailURL string, topics []string) []site.Finding {
	if !strings.HasPrefix(mailURL, "ses:") || len(topics) > 0 {
		return nil
	}
	return []site.Finding{{Severity: "warning", Topic: "mails", Text: "mails leave by Amazon SES, and bounces and " +
		"complaints are not known: MAIL_SNS_TOPICS names no topic of Amazon SNS"}}
}
