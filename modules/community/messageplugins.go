package community

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site/option"
)

// messagePlugins says which of the old site's plugins for messages the site has: q2a-message-editor, whose
// messages are HTML and only go to whom one knows, and q2a-custom-messages, which adds groups.
type messagePlugins struct {
	// on reports whether the site has one of them, so that their rules hold.
	on bool
	// groups reports whether the tables of groups are there.
	groups bool
	// read is when this was found out.
	read time.Time
}

// groupTables are the tables of the plugin's groups, as the plugin makes them.
var groupTables = []struct{ name, ddl string }{
	{"msg_groups", "CREATE TABLE `{msg_groups}` (\n" +
		"  `groupid` int(10) unsigned NOT NULL AUTO_INCREMENT,\n" +
		"  `title` varchar(255) DEFAULT NULL,\n" +
		"  `created` datetime NOT NULL,\n" +
		"  UNIQUE KEY `groupid` (`groupid`)\n" +
		") ENGINE=InnoDB DEFAULT CHARSET=utf8"},
	{"msg_group_users", "CREATE TABLE `{msg_group_users}` (\n" +
		"  `groupid` int(10) unsigned NOT NULL,\n" +
		"  `userid` int(10) unsigned NOT NULL,\n" +
		"  `join` smallint(5) unsigned NOT NULL DEFAULT 0,\n" +
		"  `notify` smallint(5) unsigned NOT NULL DEFAULT 1,\n" +
		"  UNIQUE KEY `groupid` (`groupid`,`userid`)\n" +
		") ENGINE=InnoDB DEFAULT CHARSET=utf8"},
	{"msg_group_messages", "CREATE TABLE `{msg_group_messages}` (\n" +
		"  `messageid` int(10) unsigned NOT NULL AUTO_INCREMENT,\n" +
		"  `groupid` int(10) unsigned NOT NULL,\n" +
		"  `userid` int(10) unsigned NOT NULL,\n" +
		"  `content` varchar(8000) DEFAULT NULL,\n" +
		"  `format` varchar(20) NOT NULL,\n" +
		"  `created` datetime NOT NULL,\n" +
		"  UNIQUE KEY `messageid` (`messageid`)\n" +
		") ENGINE=InnoDB DEFAULT CHARSET=utf8"},
}

// pluginsKnownFor is for how long it is remembered which plugins the site has. No event reports that one
// was added to the old site or removed.
const pluginsKnownFor = time.Minute

// messagePlugins returns which plugins for messages the site has.
func (m *Module) messagePlugins(ctx context.Context) (messagePlugins, error) {
	if p := m.plugins.Load(); p != nil && time.Since(p.read) < pluginsKnownFor {
		return *p, nil
	}
	tables, err := m.db.Tables(ctx)
	if err != nil {
		return messagePlugins{}, fmt.Errorf("list tables: %w", err)
	}
	p := messagePlugins{groups: true, read: time.Now()}
	for _, t := range groupTables {
		p.groups = p.groups && slices.Contains(tables, m.db.Prefix()+t.name)
	}
	var enabled string
	if _, err := m.db.Get(ctx, []any{&enabled},
		"SELECT content FROM {options} WHERE title = 'enabled_plugins'"); err != nil {
		return messagePlugins{}, fmt.Errorf("read which plugins are enabled: %w", err)
	}
	p.on = p.groups
	for name := range strings.SplitSeq(enabled, ";") {
		p.on = p.on || name == "q2a-message-editor" || name == "q2a-custom-messages"
	}
	m.plugins.Store(&p)
	return p, nil
}

// requireGroups returns the problem feature_off if the site has no groups or no private messages at all.
func (m *Module) requireGroups(ctx context.Context) error {
	o, err := m.site.Options(ctx)
	if err != nil {
		return err
	}
	p, err := m.messagePlugins(ctx)
	on := p.groups && o.Bool(option.AllowPrivateMessages) && o.Bool(option.ShowMessageHistory)
	if err == nil && !on {
		err = problem.New(problem.CodeFeatureOff)
	}
	return err
}

// Plugin is a plugin of the old site that this backend has to be told to use.
type Plugin struct {
	Name, Summary string
	// Tables are the tables that it makes; Missing those of them that the site does not have.
	Tables, Missing []string
}

// ErrNoPlugin is the error of EnablePlugin if there is no plugin with the name.
var ErrNoPlugin = errors.New("there is no such plugin")

const messagesPlugin = "messages"

// Plugins returns the plugins whose tables this backend can make.
func (m *Module) Plugins(ctx context.Context) ([]Plugin, error) {
	tables, err := m.db.Tables(ctx)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	p := Plugin{Name: messagesPlugin,
		Summary: "groups of members who write to each other; private messages are HTML then and begin " +
			"between members who follow each other (q2a-custom-messages, q2a-message-editor)"}
	for _, t := range groupTables {
		name := m.db.Prefix() + t.name
		p.Tables = append(p.Tables, name)
		if !slices.Contains(tables, name) {
			p.Missing = append(p.Missing, name)
		}
	}
	return []Plugin{p}, nil
}

// EnablePlugin makes the tables that the site lacks of a plugin, as the plugin does, and returns their
// names. Tables that are there are not changed.
func (m *Module) EnablePlugin(ctx context.Context, name string) (made []string, err error) {
	if name != messagesPlugin {
		return nil, fmt.Errorf("%w: %s", ErrNoPlugin, name)
	}
	for _, t := range groupTables {
		there, err := m.db.HasTable(ctx, t.name)
		if err != nil {
			return made, fmt.Errorf("list tables: %w", err)
		}
		if there {
			continue
		}
		if err := m.createTable(ctx, t.ddl); err != nil {
			return made, err
		}
		made = append(made, m.db.Prefix()+t.name)
	}
	m.plugins.Store(nil)
	return made, nil
}

func (m *Module) createTable(ctx context.Context, ddl string) error {
	named := strings.NewReplacer("{", m.db.Prefix(), "}", "").Replace(ddl)
	if err := m.db.CreateTable(ctx, named); err != nil {
		return fmt.Errorf("make a plugin's table: %w", err)
	}
	return nil
}
