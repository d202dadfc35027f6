package linked

import (
	"slices"
	"testing"
)

type item struct {
	Links[item]
	n int
}

func (i *item) String() string { return string(rune('a' + i.n)) }

// TestList compares a list with a slice over all short sequences of operations.
func TestList(t *testing.T) {
	const items, steps = 3, 5
	operations := items * 3
	sequences := 1
	for range steps {
		sequences *= operations
	}
	for sequence := range sequences {
		all := [items]item{{n: 0}, {n: 1}, {n: 2}}
		var l List[item, *item]
		var want []*item
		for rest := sequence; rest > 0; rest /= operations {
			e := &all[rest%operations/3]
			switch at := slices.Index(want, e); {
			case rest%3 == 0:
				l.Remove(e)
				if at >= 0 {
					want = slices.Delete(want, at, at+1)
				}
			case at >= 0:
			case rest%3 == 1:
				l.PushFront(e)
				want = slices.Insert(want, 0, e)
			default:
				l.PushBack(e)
				want = append(want, e)
			}
			if e.Listed() != slices.Contains(want, e) {
				t.Fatalf("sequence %d: Listed is %v", sequence, e.Listed())
			}
		}
		var got []*item
		for e := l.First(); e != nil; e = e.Next() {
			got = append(got, e)
		}
		if !slices.Equal(got, want) || len(want) > 0 && l.Last() != want[len(want)-1] || len(want) == 0 && l.Last() != nil {
			t.Fatalf("sequence %d: %v, want %v, the last is %v", sequence, got, want, l.Last())
		}
	}
}
