package auth

// ObeysMutes reports whether users' answers, comments and messages are refused to those who have
// muted them, with the problem CodeMuted. The rows are package community's.
func (m *Module) ObeysMutes() bool { return m.settings.ObeyMutes }
