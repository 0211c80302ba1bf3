package option

import (
	"strconv"
	"strings"

	"38qa.net/backend/modules/kernel/problem"
)

// The values of permissions, as Q2A stores them, from the widest to the narrowest. They say who may do
// something.
const (
	ForAll             = 150
	ForUsers           = 120
	ForConfirmed       = 110
	ForPoints          = 106
	ForPointsConfirmed = 104
	ForApproved        = 103
	ForApprovedPoints  = 102
	ForExperts         = 100
	ForEditors         = 70
	ForModerators      = 40
	ForAdmins          = 20
	ForSupers          = 0
)

// permits are all values of permissions, with their names.
var permits = []struct {
	value             int
	name              string
	english, japanese string
}{
	{ForAll, "everybody", "Everybody", "すべての人"},
	{ForUsers, "users", "Registered users", "登録ユーザー"},
	{ForConfirmed, "confirmed", "Users with a confirmed address", "メールアドレス確認済みのユーザー"},
	{ForPoints, "points", "Users with enough points", "必要なポイントを持つユーザー"},
	{ForPointsConfirmed, "points-confirmed", "Users with a confirmed address and enough points",
		"メールアドレス確認済みで、必要なポイントを持つユーザー"},
	{ForApproved, "approved", "Approved users", "承認済みのユーザー"},
	{ForApprovedPoints, "approved-points", "Approved users with enough points",
		"承認済みで、必要なポイントを持つユーザー"},
	{ForExperts, "experts", "Experts and above", "エキスパート以上"},
	{ForEditors, "editors", "Editors and above", "編集者以上"},
	{ForModerators, "moderators", "Moderators and above", "モデレーター以上"},
	{ForAdmins, "admins", "Administrators", "管理者"},
	{ForSupers, "supers", "Super administrators", "特権管理者"},
}

// PermissionLevels returns the names of all values of permissions.
func PermissionLevels() []string {
	names := make([]string, len(permits))
	for i, p := range permits {
		names[i] = p.name
	}
	return names
}

// PermitName returns the name of the value of a permission that means the same as the given one, which Q2A
// may have stored without offering it.
func PermitName(value int) string {
	name := ""
	for _, p := range permits {
		switch {
		case value > ForExperts && p.value <= value: // as Q2A asks of users: at least …
			return p.name
		case value <= ForExperts && p.value >= value: // and of levels: at most …
			name = p.name
		}
	}
	return name
}

// Readers returns who may be allowed to see a page or a field of profiles, as Q2A offers it on a site that
// approves users or does not: everybody, or users from a level on.
func Readers(approves bool) []Choice {
	return permit(None, ForAll, ForAdmins, false, "", "", "").Offered(false, approves)
}

func byPoints(permit int) bool {
	return permit == ForPoints || permit == ForPointsConfirmed || permit == ForApprovedPoints
}

// permit defines a permission with the values from the widest to the narrowest that Q2A offers, without those
// that depend on points if its points are not to be set.
func permit(k Key, widest, narrowest int, points bool, affects, english, japanese string) *Definition {
	d := &Definition{Key: k, Kind: Permission, Affects: strings.Fields(affects),
		Text: problem.Text(english, japanese)}
	for _, p := range permits {
		if p.value <= widest && p.value >= narrowest && (points || !byPoints(p.value)) {
			d.Choices = append(d.Choices,
				Choice{p.name, strconv.Itoa(p.value), problem.Text(p.english, p.japanese)})
		}
	}
	return d
}

// pointsOf defines the number of points that belongs to a permission.
func pointsOf(k Key) *Definition {
	d := number(k.Points(), 0, 1000000000, "permissions",
		"Points that "+k.name+" needs where it depends on points.",
		k.name+" がポイントで決まる場合に必要なポイント数です。")
	d.Optional = true
	return d
}

// NeedsPoints reports whether the stored value of a permission depends on points.
func NeedsPoints(stored string) bool { return byPoints(Int(stored)) }

// Offered returns the choices that Q2A offers on a site that has users confirm their addresses, and that
// approves users. Of other options than permissions it returns all choices.
func (d *Definition) Offered(confirms, approves bool) []Choice {
	if d.Kind != Permission {
		return d.Choices
	}
	var list []Choice
	for _, c := range d.Choices {
		switch Int(c.Stored) {
		case ForConfirmed, ForPointsConfirmed:
			if confirms {
				list = append(list, c)
			}
		case ForApproved, ForApprovedPoints:
			if approves {
				list = append(list, c)
			}
		default:
			list = append(list, c)
		}
	}
	return list
}

var permissions = []*Definition{
	permit(PermitViewQPage, ForAll, ForApproved, false, "questions lists feeds",
		"Who may read questions.", "質問を読める人です。"),
	permit(PermitPostQ, ForAll, ForExperts, true, "questions",
		"Who may ask questions.", "質問できる人です。"),
	pointsOf(PermitPostQ),
	permit(PermitPostA, ForAll, ForExperts, true, "answers",
		"Who may answer.", "回答できる人です。"),
	pointsOf(PermitPostA),
	permit(PermitPostC, ForAll, ForEditors, true, "comments",
		"Who may comment.", "コメントできる人です。"),
	pointsOf(PermitPostC),
	permit(PermitVoteQ, ForUsers, ForApprovedPoints, true, "votes",
		"Who may vote on questions.", "質問に投票できる人です。"),
	pointsOf(PermitVoteQ),
	permit(PermitVoteA, ForUsers, ForApprovedPoints, true, "votes",
		"Who may vote on answers and comments.", "回答とコメントに投票できる人です。"),
	pointsOf(PermitVoteA),
	permit(PermitVoteC, ForUsers, ForApprovedPoints, true, "session",
		"Who may vote on comments, as sessions show it; votes follow permit_vote_a, as Q2A's do.",
		"コメントに投票できる人として表示されます。実際の投票は Q2A と同じく permit_vote_a に従います。"),
	pointsOf(PermitVoteC),
	permit(PermitVoteDown, ForUsers, ForExperts, true, "votes",
		"Who may vote against posts.", "マイナス票を入れられる人です。"),
	pointsOf(PermitVoteDown),
	permit(PermitRetagCat, ForUsers, ForEditors, true, "tags categories",
		"Who may change the tags and categories of others' questions.", "他人の質問のタグとカテゴリーを変更できる人です。"),
	pointsOf(PermitRetagCat),
	permit(PermitEditQ, ForUsers, ForEditors, true, "questions",
		"Who may edit others' questions.", "他人の質問を編集できる人です。"),
	pointsOf(PermitEditQ),
	permit(PermitEditA, ForUsers, ForEditors, true, "answers",
		"Who may edit others' answers.", "他人の回答を編集できる人です。"),
	pointsOf(PermitEditA),
	permit(PermitEditC, ForUsers, ForModerators, true, "comments",
		"Who may edit others' comments.", "他人のコメントを編集できる人です。"),
	pointsOf(PermitEditC),
	permit(PermitEditSilent, ForExperts, ForAdmins, true, "questions answers comments",
		"Who may edit posts without it being shown.", "編集の記録を表示せずに投稿を編集できる人です。"),
	permit(PermitCloseQ, ForPoints, ForModerators, true, "questions",
		"Who may close and reopen others' questions.", "他人の質問を締め切り、再開できる人です。"),
	pointsOf(PermitCloseQ),
	permit(PermitSelectA, ForPoints, ForModerators, true, "answers",
		"Who may choose the best answer of others' questions.", "他人の質問のベストアンサーを選べる人です。"),
	pointsOf(PermitSelectA),
	permit(PermitAnonViewIPs, ForAll, ForModerators, true, "session moderation",
		"Who may see the addresses of anonymous authors, and what came from an address.",
		"匿名の投稿者の IP アドレスと、その IP アドレスからの投稿を見られる人です。"),
	pointsOf(PermitAnonViewIPs),
	permit(PermitViewVotersFlaggers, ForExperts, ForSupers, true, "session moderation",
		"Who may see who voted and flagged.",
		"投票者と通報者を見られる人です。"),
	permit(PermitFlag, ForUsers, ForEditors, true, "flags",
		"Who may flag posts.", "投稿を通報できる人です。"),
	pointsOf(PermitFlag),
	permit(PermitModerate, ForPoints, ForModerators, true, "moderation",
		"Who may approve and reject posts that wait.", "承認待ちの投稿を承認・却下できる人です。"),
	pointsOf(PermitModerate),
	permit(PermitHideShow, ForPoints, ForModerators, true, "moderation",
		"Who may hide posts, and show hidden ones again.", "投稿を非表示にし、再表示できる人です。"),
	pointsOf(PermitHideShow),
	permit(PermitDeleteHidden, ForEditors, ForAdmins, true, "moderation",
		"Who may delete hidden posts for good.", "非表示の投稿を完全に削除できる人です。"),
	permit(PermitPostWall, ForUsers, ForApprovedPoints, true, "wall",
		"Who may write on others' walls.", "他のユーザーのウォールに書ける人です。"),
	pointsOf(PermitPostWall),
	permit(PermitViewNewUsersPage, ForAll, ForSupers, false, "lists users",
		"Who may see the list of new users.", "新規ユーザーの一覧を見られる人です。"),
	permit(PermitViewSpecialUsersPage, ForAll, ForSupers, false, "lists users",
		"Who may see the list of users with levels.", "特別な権限を持つユーザーの一覧を見られる人です。"),
}
