package demo

// These are the word lists of the generated community, the most frequent words first: lexicon
// gives each word a frequency by its place. Japanese verbs and adjectives are in a form that an
// ending of jaEndings can follow.
const (
	jaNouns = "ミツバチ 巣箱 女王蜂 蜂蜜 日本ミツバチ 群れ 働き蜂 分蜂 採蜜 巣枠 待ち箱 巣板 花粉 内検 越冬 蜜源 重箱 蜂場 給餌 砂糖水 " +
		"スズメバチ ダニ 貯蜜 雄蜂 王台 産卵 蜂児 巣門 西洋ミツバチ 蜜蝋 キンリョウヘン 探索蜂 スムシ 幼虫 巣落ち 逃去 捕獲 合同 " +
		"燻煙器 面布 底板 天板 継箱 隔王板 巣礎 遠心分離機 糖度 盗蜂 農薬 ミツバチヘギイタダニ アカリンダニ メントール 蟻酸 " +
		"チョーク病 腐蛆病 届け出 家畜保健衛生所 観察 写真 気温 湿度 日当たり 風通し 標高 水場 畑 庭 山 里山 果樹園 レンゲ アカシア " +
		"ソバ クリ ミカン サクラ 菜の花 百花蜜 開花 梅雨 真夏 秋 冬 春 夏 早朝 夕方 午後 先週 昨日 今朝 来月 去年 今年 三年目 " +
		"初心者 先輩 師匠 養蜂家 仲間 近所 家族 子供 掃除 対策 方法 時期 場所 原因 様子 状態 結果 経験 失敗 成功 道具 材料 杉板 " +
		"合板 寸法 内寸 厚み 高さ 重さ 入口 隙間 金網 テープ ビニール袋 ペットボトル 捕獲器 捕虫網 粘着シート 手袋 防護服 刺傷 " +
		"アナフィラキシー 病院 薬 消毒 バーナー 煙 匂い 音 羽音 羽 脚 死骸 糞 結露 断熱材 発泡スチロール 温度計 重量計 カメラ センサー " +
		"記録 日誌 巣虫 蟻 クモ カエル ツバメ クマ イノシシ シカ オオスズメバチ キイロスズメバチ 交尾飛行 処女王 無王 変成王台 " +
		"働き蜂産卵 建勢 蜂数 枠数 段数 重箱式 巣枠式 ラ式 丸太 丸洞 蓋掛け 水分 濃縮 濾過 瓶詰め ラベル 販売 価格 値段 送料 業者 " +
		"組合 講習会 法律 条例 苦情 隣家 学校 公園 屋上 ベランダ 都市養蜂 移動 運搬 軽トラ 距離 方角 南向き 東向き 北風 台風 大雨 " +
		"積雪 猛暑 霜 日陰 遮光 散水 蜜切れ 花粉団子 代用花粉 ビタミン 食酢 重曹 シュウ酸 タイモール 抵抗性 遺伝 交雑 品種 系統"

	jaVerbs = "見 観察し 入れ 確認し 交換し 掃除し 始め 分け 与え 捕まえ 調べ 閉め 続け 見つけ 育て 温め 重ね 捨て 試してみ 集め 決め 変え " +
		"伝え 考え 覚え 離れ 逃げ 増え 数え 混ぜ 並べ 備え 避け 届け 比べ 心配し 準備し 購入し 相談し 報告し 記録し 計測し 設置し 撤去し " +
		"消毒し 誘引し 捕獲し 採取し 保存し 販売し 比較し 検討し 失敗し 成功し 移動し 追加し 紹介し 飼育し 繁殖し 参加し 説明し 想像し"

	jaEndings = "ました ています たいです てみました ません てください ておきます たことがあります てはいけません ましょう てもらいました " +
		"てしまいました たばかりです ながら様子を見ます てからにします ますか ませんか たほうが良いです たら安心です"

	jaAdjectives = "大きい 小さい 強い 弱い 重い 軽い 高い 低い 暖かい 寒い 暑い 涼しい 新しい 古い 多い 少ない 早い 遅い 良い 悪い 甘い " +
		"黒い 白い 黄色い 静かな 活発な 健康な 大切な 簡単な 危険な 特別な 適切な 十分な 不安な 元気な 順調な 難しい 珍しい 丈夫な"

	jaOpenings = "はじめまして。 お世話になります。 いつも参考にしています。 教えてください。 こんにちは。 初めて投稿します。 ありがとうございます。 " +
		"私の場合は、 経験では、 念のため、 ちなみに、 おそらく、 やはり、 実は、 まず、 次に、 また、 ただし、 それから、 なお、 例えば、"

	// kanji are the characters of which the rarer Japanese words are made.
	kanji = "山川田野森林木本村町中上下大小高長松竹梅桜花草葉根実種米麦豆茶畑水池海島岸浜波石岩砂土金銀銅鉄火炎光明日月星雲雨雪風霜露" +
		"春夏秋冬朝昼夕夜東西南北前後左右内外新古強弱重軽深浅遠近広狭太細厚薄多少早晩白黒赤青黄緑紫茶色形角丸点線面体心身手足目耳口鼻" +
		"頭首肩胸腹背腰骨血肉皮毛羽尾牙爪虫魚鳥牛馬羊犬猫熊鹿猪狸狐猿鼠兎蛇亀蛙蝶蛾蟻蜘蛛蝿蚊甲殻卵幼成熟老若男女子父母兄弟姉妹孫祖" +
		"家屋根壁床柱窓戸門庭道路橋駅店市場校園寺社城塔館室倉庫棚箱瓶缶袋紙布糸縄網針刀鋸鎚釘板棒管車輪船舟機械器具品物料理味香甘辛苦" +
		"酸塩糖油酒酢粉粒液汁湯氷熱温冷乾湿燥燃焼煮蒸溶固流速力圧量数値度率差比平均最低限界始終初末次回年週間時分秒期季節毎常現在過去" +
		"未来予定計画準備実験研究調査観測記録報告結論理由原因結果効果影響問題解決方法手段目的条件状況環境自然気候地域場所位置距離方向範囲" +
		"生死病薬医療診断治予防感染症菌毒害益食飲消化呼吸運動休眠活性質量産業農漁商工員長師匠弟客友隣人民国県郡区番号名前文字書読話語言" +
		"聞見知思考感情喜怒哀楽愛好悪善美真正誤直曲折切断割裂破壊建設立座走歩飛泳登降出入開閉押引持投取置送受渡返売買貸借払得失勝負争守攻"

	enNouns = "hive bee queen honey colony frame swarm worker brood comb smoker nectar pollen super box mite varroa wasp hornet winter spring " +
		"summer autumn feeder syrup sugar drone larva egg cell entrance board foundation wax propolis extractor jar label market beekeeper " +
		"neighbor garden orchard clover lavender acacia buckwheat heather flower meadow field forest apiary stand lid floor insulation " +
		"ventilation moisture temperature humidity weather rain wind sun shade water pond tool knife brush glove veil suit sting allergy " +
		"doctor medicine acid thymol powder strip treatment disease foulbrood chalkbrood nosema virus pesticide farmer crop pollination " +
		"inspection record diary photo question answer problem reason method result experience mistake season month week morning evening " +
		"afternoon year beginner mentor club course book law permit distance direction weight scale sensor camera thermometer battery " +
		"moth beetle ant spider mouse bear bird toad robbing drifting absconding supersedure requeening mating flight nuc split package " +
		"hybrid strain genetics temper yield price shipping vendor wood cedar pine plywood paint screw nail wire mesh tape bottle bucket"

	enVerbs = "keep move open close check feed split catch treat remove add replace clean build paint watch see find lose buy sell measure " +
		"record compare harvest filter heat cool dry store carry protect cover insulate ventilate repair prepare start stop wait expect notice " +
		"suspect try use avoid prefer recommend need want think know learn ask"

	enAdjectives = "strong weak new old small large heavy light warm cold hot dry wet quiet aggressive gentle healthy sick empty full early late " +
		"good bad cheap expensive simple difficult local native european japanese wild dark bright clean dirty fresh raw organic careful"

	enGlue = "the a my our this every in on near with without before after during because when if while about for from under over behind beside and or but"
)
