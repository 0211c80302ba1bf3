package testsite

// People of the recorded site, by their handles. The numbers are their ids.
const (
	// Visitor is nobody: a request without a token.
	Visitor = 0

	Superbee   = 1  // super administrator, who may see and do everything
	AdminHana  = 2  // administrator
	ModKenji   = 3  // moderator
	EditorYuki = 4  // editor
	ExpertSato = 5  // expert
	CatExpert  = 19 // basic; editor of category 3 and expert of category 11

	// Approved members.

	Taro            = 6  // みつばち太郎, who asked question 1
	Hanako          = 7  // 養蜂 花子, who asked question 27
	BeeKeeper       = 8  // Bee Keeper
	Jose            = 9  // José Miel
	Tanaka          = 10 // whose address is not confirmed, with a password of Q2A's old kind
	OldTimer        = 12 // with a password of Q2A's old kind
	Aki             = 13
	Natsu           = 14
	Haru            = 16
	Lurker          = 17 // who has written one question and one answer
	OBrien          = 18 // o'brien
	Nihonmitsubachi = 20 // nihonmitsubachi_20ch
	NegativeNed     = 21 // from whom administrators took points
	BonusBob        = 22 // to whom administrators gave points
	GoogleSensei    = 24 // Google Sensei, who has no password
	TrollX          = 26 // blocked

	// Members who are not approved.

	SuzukiLegacy = 11 // with a password of Q2A's old kind
	Fuyu         = 15
	Spammer99    = 25 // blocked
	NewbieUnconf = 27 // whose address is not confirmed
	Newbie2      = 28 // whose posts wait for approval
)

// People are the ids of the recorded people by their handles.
var People = map[string]int{
	"superbee": Superbee, "admin_hana": AdminHana, "mod_kenji": ModKenji, "editor_yuki": EditorYuki,
	"expert_sato": ExpertSato, "cat_expert": CatExpert,
	"みつばち太郎": Taro, "養蜂 花子": Hanako, "Bee Keeper": BeeKeeper, "José Miel": Jose, "tanaka": Tanaka,
	"OldTimer": OldTimer, "aki": Aki, "natsu": Natsu, "haru": Haru, "lurker": Lurker, "o'brien": OBrien,
	"nihonmitsubachi_20ch": Nihonmitsubachi, "negative_ned": NegativeNed, "bonus_bob": BonusBob,
	"Google Sensei": GoogleSensei, "troll_x": TrollX, "suzuki_legacy": SuzukiLegacy, "fuyu": Fuyu,
	"spammer99": Spammer99, "newbie_unconf": NewbieUnconf, "newbie2": Newbie2,
}
