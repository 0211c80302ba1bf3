package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// seedCategory is a category of the seeded community.
type seedCategory struct {
	title, slug string
	parent      int // the parent's id, which is its index in seedCategories plus one; 0 for none
}

// seedCategories are three levels deep. Parents come before their children, and the categories
// with the most questions come first.
var seedCategories = []seedCategory{
	{"日本ミツバチ", "nihon-mitsubachi", 0}, {"西洋ミツバチ", "seiyo-mitsubachi", 0}, {"Beekeeping in English", "english", 0}, {"雑談", "zatsudan", 0},
	{"飼育管理", "kanri", 1}, {"捕獲", "hokaku", 1}, {"採蜜", "saimitsu", 1}, {"飼育管理", "kanri", 2}, {"女王蜂", "joobachi", 2},
	{"Management", "management", 3}, {"Equipment", "equipment", 3}, {"Health", "health", 3}, {"蜜源植物", "mitsugen", 4}, {"地域", "chiiki", 4},
	{"巣箱", "subako", 5}, {"病気", "byoki", 5}, {"天敵", "tenteki", 5}, {"越冬", "etto", 5}, {"待ち箱", "machibako", 6}, {"分蜂", "bunpo", 6},
	{"道具", "dogu", 7}, {"販売", "hanbai", 7}, {"ダニ", "dani", 8}, {"給餌", "kyuji", 8}, {"Swarming", "swarming", 10}, {"Wintering", "wintering", 10},
	{"Hives", "hives", 11}, {"Varroa", "varroa", 12}, {"樹木", "jumoku", 13}, {"草花", "kusabana", 13}, {"九州", "kyushu", 14}, {"東北", "tohoku", 14},
}

// categoryPath returns the ids of the categories from the top down to the given one, which is the
// last.
func categoryPath(id int) []int {
	if id == 0 {
		return nil
	}
	return append(categoryPath(seedCategories[id-1].parent), id)
}

// backpath returns the slugs from the category up to the top, separated by slashes, as Q2A stores
// them.
func backpath(id int) string {
	path := categoryPath(id)
	slugs := make([]string, len(path))
	for i, c := range path {
		slugs[len(path)-1-i] = seedCategories[c-1].slug
	}
	return strings.Join(slugs, "/")
}

// seedTime returns a time of the plan in the form that the tables hold.
func seedTime(at int32) string {
	return seedStart.Add(time.Duration(at) * time.Second).Format(time.DateTime)
}

// addressOf returns the IP address from which a user writes, in a network that is reserved for
// documentation.
func addressOf(user int32) []byte { return []byte{203, 0, 113, byte(1 + user%254)} }

// levelOf returns the level of a user. There are one super administrator and one administrator,
// four moderators, and growing numbers of editors, experts and approved users.
func levelOf(id int) int {
	switch {
	case id == 1:
		return 120
	case id == 2:
		return 100
	case id <= 6:
		return 80
	case id%200 == 7:
		return 50
	case id%60 == 8:
		return 20
	case id%9 == 0:
		return 10
	}
	return 0
}

// flagsOf returns Q2A's flags of a user. Most users have confirmed their e-mail address (1), and
// a few are blocked (2).
func flagsOf(id int) int {
	switch {
	case id > 6 && id%151 == 0:
		return 3
	case id%7 == 0:
		return 0
	}
	return 1
}

var handleParts = strings.Fields("hachi mitsu bee hana yama kawa mori sato tanaka suzuki ito kato honey apis hive swarm nectar みつ はち 花子 蜂吉 山の 里の 蜜 巣箱 森")

func handleOf(id int) string {
	n := len(handleParts)
	return fmt.Sprintf("%s%s%d", handleParts[id%n], handleParts[id/n%n], id)
}

// lastWritten returns the time of each user's last post, by user id. Index 0 stands for anonymous
// authors.
func lastWritten(pl *plan) []int32 {
	last := make([]int32, len(pl.users)+1)
	for i := range pl.posts {
		last[pl.posts[i].author] = pl.posts[i].at
	}
	return last
}

// seedPeople inserts the users and the categories; seedTotals sets the categories' counts later.
func seedPeople(ctx context.Context, db *database.DB, pl *plan) error {
	positions := map[int]int{}
	r := &rows{}
	for i, c := range seedCategories {
		var parent any
		if c.parent > 0 {
			parent = c.parent
		}
		positions[c.parent]++
		r.add("categories", "categoryid, parentid, title, tags, content, qcount, position, backpath",
			i+1, parent, c.title, c.slug, "", 0, positions[c.parent], backpath(i+1))
	}
	last := lastWritten(pl)
	for i, at := range pl.users {
		id, address := i+1, addressOf(int32(i+1))
		var written, writeIP any
		if last[id] > 0 {
			written, writeIP = seedTime(last[id]), address
		}
		r.add("users",
			"userid, created, createip, email, handle, level, loggedin, loginip, written, writeip, flags",
			id, seedTime(at), address, fmt.Sprintf("user%d@example.com", id), handleOf(id), levelOf(id),
			seedTime(max(at, last[id])), address,
			written, writeIP, flagsOf(id))
	}
	return r.insert(ctx, db)
}
