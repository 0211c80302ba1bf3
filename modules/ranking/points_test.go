package ranking

import (
	"testing"

	"38qa.net/backend/modules/site"
)

// TestPointsOfFigures checks that each figure earns its weight, multiplied by the site's factor, for each
// unit; that points by received votes are not weighted again; and that figures without a weight earn nothing.
func TestPointsOfFigures(t *testing.T) {
	t.Parallel()
	o := site.NewOptions(map[string]string{
		"points_base": "100", "points_multiple": "10",
		"points_post_q": "2", "points_post_a": "3", "points_select_a": "5", "points_a_selected": "7",
		"points_vote_up_q": "11", "points_vote_down_q": "13", "points_vote_up_a": "17", "points_vote_down_a": "19",
	})
	for _, c := range []struct {
		column Columns
		points int
	}{
		{QPosts, 20}, {APosts, 30}, {CPosts, 0}, {ASelects, 50}, {ASelecteds, 70},
		{QUpvotes, 110}, {QDownvotes, 130}, {AUpvotes, 170}, {ADownvotes, 190}, {CUpvotes, 0}, {CDownvotes, 0},
		{QVoteds, 10}, {AVoteds, 10}, {CVoteds, 10}, {Upvoteds, 0}, {Downvoteds, 0},
	} {
		for i, f := range figures {
			if f.column != c.column {
				continue
			}
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				one, three := Figures{Bonus: 7}, Figures{}
				one.Of[i], three.Of[i] = 1, 3
				if got := one.points(o); got != 107+c.points {
					t.Errorf("one and a bonus of 7: %d, want %d", got, 107+c.points)
				}
				if got := three.points(o); got != 100+3*c.points {
					t.Errorf("three: %d, want %d", got, 100+3*c.points)
				}
			})
		}
	}
	all := Figures{Bonus: -250}
	for i := range all.Of {
		all.Of[i] = 1
	}
	if got := all.points(o); got != 100-250+20+30+50+70+110+130+170+190+10+10+10 {
		t.Errorf("all figures, and points taken: %d", got)
	}
}

// TestColumnsAreThoseOfTheTable checks that the index of each figure is the number of its bit, because
// figures are kept, read and written by index.
func TestColumnsAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	for i, f := range figures {
		if f.column != 1<<i {
			t.Errorf("%s is figure %d and has the bit %b", f.name, i, f.column)
		}
	}
	if AllColumns != 1<<len(figures)-1 {
		t.Errorf("all columns are %b", AllColumns)
	}
}
