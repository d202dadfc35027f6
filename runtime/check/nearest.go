package check

import (
	"cmp"
	"slices"
	"strings"
)

// maxSuggestions is how many names are offered for one.
const maxSuggestions = 3

// Nearest returns the names that differ from name by little, the nearest first.
func Nearest(name string, names []string) []string {
	type match struct {
		name string
		cost int
	}
	limit := min(len(name)/3, 4)
	if len(name) == 2 {
		limit = 1
	}
	var found []match
	for _, n := range names {
		if n == name || abs(len(n)-len(name)) > 4 {
			continue
		}
		cost := distance(strings.ToLower(name), n)
		if len(name) >= 3 && strings.HasPrefix(n, name) {
			cost = 1
		}
		if cost <= limit {
			found = append(found, match{n, cost})
		}
	}
	slices.SortFunc(found, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), strings.Compare(a.name, b.name))
	})
	found = slices.CompactFunc(found, func(a, b match) bool { return a.name == b.name })
	var out []string
	for _, m := range found[:min(len(found), maxSuggestions)] {
		if m.cost > found[0].cost+1 {
			break
		}
		out = append(out, m.name)
	}
	return out
}

func abs(n int) int { return max(n, -n) }

// distance counts the letters to insert, drop, change, or swap with the next one.
func distance(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
