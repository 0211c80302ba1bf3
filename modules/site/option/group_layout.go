package option

// layout has the texts of Q2A's page of layout that clients show: what stands around pages, and on the first
// page. Q2A puts HTML of custom_in_head into the heads of its own pages, which clients do not have.
var layout = []*Definition{
	boolean(ShowCustomSidebar, "site",
		"Pages have the site's text beside them.", "サイドバーにサイトの文章を表示します。"),
	text(HTML, CustomSidebar, 0, contentLength, "site",
		"The site's text beside pages.", "サイドバーに表示する文章です。").underived(),
	boolean(ShowCustomSidepanel, "site",
		"Pages have the second text beside them.", "サイドパネルに文章を表示します。"),
	text(HTML, CustomSidepanel, 0, contentLength, "site",
		"The second text beside pages.", "サイドパネルに表示する文章です。"),
	boolean(ShowCustomHeader, "site",
		"Pages have the text above them.", "ページの上部に文章を表示します。"),
	text(HTML, CustomHeader, 0, contentLength, "site",
		"The text above pages.", "ページの上部に表示する文章です。"),
	boolean(ShowCustomFooter, "site",
		"Pages have the text below them.", "ページの下部に文章を表示します。"),
	text(HTML, CustomFooter, 0, contentLength, "site",
		"The text below pages.", "ページの下部に表示する文章です。"),
	boolean(ShowCustomHome, "site",
		"The first page has a text of its own in place of lists of questions.",
		"トップページに質問一覧の代わりに独自の文章を表示します。"),
	text(Text, CustomHomeHeading, 0, 800, "site",
		"The heading of the first page.", "トップページの見出しです。"),
	text(HTML, CustomHomeContent, 0, contentLength, "site",
		"The text of the first page.", "トップページの文章です。"),
	boolean(ShowHomeDescription, "site",
		"Search engines are told what the site is about.", "検索エンジン向けにサイトの説明を表示します。"),
	text(Text, HomeDescription, 0, 800, "site",
		"What the site is about, for search engines.", "検索エンジン向けのサイトの説明です。"),
}
