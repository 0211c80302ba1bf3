package mail

// previewFollowed fills in made-up data of mails about what people follow.
func (c *content) previewFollowed(k kind, japanese bool) {
	if k.followed {
		c.Why = followed{"tag", "hive"}
		if japanese {
			c.Why.Name = "巣箱"
		}
	}
	if !k.digest {
		return
	}
	titles := []string{"When is the best time to feed in autumn?", "Which wood lasts longest?",
		"Is this a laying worker?"}
	if japanese {
		titles = []string{"秋の給餌はいつ頃がよいですか", "巣箱に向いている木材は何ですか", "働き蜂産卵でしょうか"}
	}
	const site = "https://bees.example/"
	c.Digest = &digestContent{
		First: c.Post.Title, More: 4,
		Mine: []digestItem{{Title: c.Post.Title, Link: c.Post.Address, Who: c.Who, Answer: true, Votes: 2}},
		Answers: []digestItem{{Title: titles[1], Link: site + "5/?show=12#a12", Who: c.Who, Answer: true,
			Votes: 1}},
		Questions: []digestItem{{Title: titles[0], Link: site + "11/", Who: c.Who, Votes: 5, Answers: 1}},
		Over:      []digestItem{{Title: titles[1], Link: site + "5/", Who: c.Who, Votes: 1, Answers: 3}},
		Unanswered: []digestItem{{Title: titles[2], Link: site + "3/", Who: c.Who, Votes: 1},
			{Title: titles[0], Link: site + "2/"}},
	}
	c.Post = nil
}
