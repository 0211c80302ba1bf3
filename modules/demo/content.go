package demo

// person is a member of the demonstration's community.
type person struct {
	handle string
	level  int
	about  string
}

// passwordHash is the hash of the password of every member of the demonstration: mitsubachi.
//
//nolint:gosec // everybody may know it
const passwordHash = "$2y$10$sv7mEDkRWN3fBxCW.zzYmuQglu0n2F/bgnYTuNpaLOodNtgwr1yA2"

// people are the members of the demonstration. Their ids start at 1, in this order.
var people = []person{
	{"queen", 120, "Keeper of this demonstration."},
	{"はな", 80, "日本ミツバチを飼って十二年。重箱式が好きです。"},
	{"kenta", 20, "養蜂場で働いています。西洋ミツバチ三十群。"},
	{"Mary Apis", 10, "Backyard bee-keeper, two hives, one cat."},
	{"山のハチ飼い", 10, "標高八百メートル。熊と闘っています。"},
	{"newcomer", 0, ""},
}

// branch is a category with the categories below it.
type branch struct {
	slug, title, about string
	below              []branch
}

var categories = []branch{
	{"nihon", "日本ミツバチ", "ニホンミツバチの飼育", []branch{
		{"care", "飼育管理", "", []branch{{"boxes", "巣箱", "", nil}, {"winter", "越冬", "", nil}}},
		{"swarming", "分蜂", "", nil},
	}},
	{"western", "Western honey bees", "Apis mellifera", []branch{
		{"health", "Health", "", []branch{{"varroa", "Varroa", "", nil}}},
		{"queens", "Queens", "", nil},
	}},
	{"honey", "はちみつ・honey", "採蜜と利用", nil},
}

// entry is a post. The author and the voters are given by their handles. after is the number of
// minutes between a post and its parent, or, for questions, between the question and the time
// newest.
type entry struct {
	by       string
	after    int
	text     string
	format   string
	up, down []string
	answers  []entry
	comments []entry
	selected bool

	// the rest is for questions only
	title, category, tags, picture string
	views                          int
	closed                         string // text of the closing note
	hidden                         bool
}

var questions = []entry{
	{by: "newcomer", after: 200000, title: "日本ミツバチの巣箱はどの大きさが良いですか？", category: "nihon/care/boxes", tags: "巣箱,重箱式,初心者", views: 42,
		text: "これから日本ミツバチを飼いたいと思っています。重箱式の内寸は22cm角と24cm角のどちらが良いでしょうか。\n\n長野県の標高600mの場所です。", up: []string{"はな", "kenta", "Mary Apis"},
		answers: []entry{
			{by: "はな", after: 95, text: "22cm角をおすすめします。群れが小さいうちは温度を保ちやすく、巣落ちも少ないです。高さは15cmで四段から始めてください。", up: []string{"newcomer", "kenta", "山のハチ飼い"}, selected: true,
				comments: []entry{{by: "newcomer", after: 30, text: "ありがとうございます。さっそく作ってみます！"}, {by: "はな", after: 55, text: "内側はガスバーナーで軽く焼くと蜂が入りやすいですよ。", up: []string{"newcomer"}}}},
			{by: "山のハチ飼い", after: 700, text: "うちは24cm角です。蜜はたくさん採れますが、冬は保温が必要になります。", up: []string{"はな"}},
		}},
	{by: "Mary Apis", after: 185000, title: "How often should I check for Varroa mites?", category: "western/health/varroa", tags: "varroa,health,beginner", views: 57,
		text: "I have two hives in my **backyard** and read very different advice:\n\n- every week\n- once a month\n- only in late summer\n\nWhat do you do?", format: "markdown", up: []string{"kenta", "newcomer", "はな", "queen"},
		answers: []entry{
			{by: "kenta", after: 240, format: "html", text: "<p>Once a month from April to October, with an <b>alcohol wash</b> of about 300 bees.</p><ul><li>below 2 %: do nothing</li><li>2–3 %: check again in two weeks</li><li>above 3 %: treat</li></ul>", up: []string{"Mary Apis", "queen", "はな"}, selected: true,
				comments: []entry{{by: "Mary Apis", after: 20, text: "Is a sugar roll good enough?"}, {by: "kenta", after: 41, text: "For a start, yes. It finds about two thirds of the mites.", up: []string{"Mary Apis"}}}},
			{by: "newcomer", after: 900, text: "Never, my bees look fine.", down: []string{"kenta", "Mary Apis"}},
		}},
	{by: "山のハチ飼い", after: 170000, title: "分蜂の時期を予測する方法を教えてください", category: "nihon/swarming", tags: "分蜂,待ち箱", views: 88,
		text: "毎年、気がついたら分蜂が終わっています。雄蜂の蓋が落ち始めたら何日後くらいでしょうか。", up: []string{"はな", "newcomer"},
		answers: []entry{{by: "はな", after: 180, text: "雄蜂の蓋が落ち始めてから十日から二週間です。風のない晴れた日の午前中に出ることが多いので、待ち箱はその前に置いておきましょう。", up: []string{"山のハチ飼い", "kenta"},
			comments: []entry{{by: "山のハチ飼い", after: 300, text: "当たりました！ 今朝出ました。", up: []string{"はな", "kenta"}}}}}},
	{by: "kenta", after: 150000, title: "巣箱の前に置いた水飲み場の写真", category: "nihon/care", tags: "水,夏", views: 31, format: "html", picture: "water",
		text: "<p>暑い日が続くので、浅い皿に小石を入れて水飲み場を作りました。</p><p><img src=\"?qa=blob&amp;qa_blobid=PICTURE\" alt=\"水飲み場\" width=\"480\" height=\"320\"></p><p>もっと良い方法はありますか？</p>", up: []string{"はな", "山のハチ飼い", "Mary Apis"},
		answers: []entry{{by: "はな", after: 60, text: "苔を入れると蜂が溺れません。"}}},
	{by: "Mary Apis", after: 120000, title: "My queen stopped laying in September – is that normal?", category: "western/queens", tags: "queen,autumn", views: 25,
		text: "She is two years old. There is plenty of pollen and the hive is calm.", up: []string{"kenta"},
		answers: []entry{{by: "kenta", after: 45, text: "Yes. Brood breaks in autumn are normal; look again in a week before you do anything.", up: []string{"Mary Apis", "queen"}}}},
	{by: "はな", after: 90000, title: "冬越しの給餌はいつまでにするべきですか", category: "nihon/care/winter", tags: "越冬,給餌", views: 19,
		text: "十月の終わりまでに終えるようにしていますが、今年は暖かいので迷っています。", up: []string{"山のハチ飼い"}},
	{by: "newcomer", after: 60000, title: "What's the best moisture content for honey?", category: "honey", tags: "honey,harvest,beginner", views: 14,
		text: "My refractometer says 19.5 %. Is that too wet to harvest? See https://example.org/honey for the standard I found.", up: []string{"Mary Apis"}},
	{by: "山のハチ飼い", after: 40000, title: "熊よけの電気柵はどれが良い？", category: "nihon", tags: "熊,対策", views: 33, closed: "製品の比較は他のサイトでお願いします。",
		text: "三段と五段で迷っています。"},
	{by: "queen", after: 20000, title: "Bee tea: strange taste", category: "honey", tags: "honey", views: 3, hidden: true, text: "Please ignore, a test."},
	{by: "kenta", after: 5000, title: "採蜜のタイミングと量の目安を知りたい", category: "honey", tags: "採蜜,はちみつ,重箱式", views: 9,
		text: "一段目が蓋掛けになったら採っても良いでしょうか。越冬用にどれくらい残しますか。", up: []string{"はな", "newcomer"},
		answers: []entry{{by: "山のハチ飼い", after: 120, text: "上の一段だけいただいて、下の三段は冬のために残しています。", up: []string{"kenta"}}}},
}
