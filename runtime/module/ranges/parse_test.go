package ranges

import (
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name, set string
		length    int64
		limit     int
		want      []span
		found     verdict
	}{
		{"first", "0-0", 36, noLimit, []span{{0, 1}}, satisfiable},
		{"middle", "10-19", 36, noLimit, []span{{10, 20}}, satisfiable},
		{"to the end", "10-", 36, noLimit, []span{{10, 36}}, satisfiable},
		{"past the end", "30-100", 36, noLimit, []span{{30, 36}}, satisfiable},
		{"suffix", "-5", 36, noLimit, []span{{31, 36}}, satisfiable},
		{"long suffix", "-100", 36, noLimit, []span{{0, 36}}, satisfiable},
		{"empty suffix", "-0", 36, noLimit, nil, unsatisfiable},
		{"spaces", " 1 - 2 , 3-4 ", 36, noLimit, []span{{1, 3}, {3, 5}}, satisfiable},
		{"behind the end", "36-", 36, noLimit, nil, unsatisfiable},
		{"one is behind the end", "0-1,100-200", 36, noLimit, []span{{0, 2}}, satisfiable},
		{"backwards", "5-3", 36, noLimit, nil, unsatisfiable},
		{"backwards from zero", "0-0,0-", 0, noLimit, nil, ignored},
		{"empty set", "", 36, noLimit, nil, unsatisfiable},
		{"no numbers", "a-b", 36, noLimit, nil, unsatisfiable},
		{"no dash", "1", 36, noLimit, nil, unsatisfiable},
		{"only a dash", "-", 36, noLimit, nil, unsatisfiable},
		{"junk behind", "1-2x", 36, noLimit, nil, unsatisfiable},
		{"final comma", "0-1,", 36, noLimit, []span{{0, 2}}, unsatisfiable},
		{"start too large", "9223372036854775808-", 36, noLimit, nil, unsatisfiable},
		{"end too large", "0-9223372036854775808", 36, noLimit, nil, unsatisfiable},
		{"more than the body", "0-35,0-35", 36, noLimit, []span{{0, 36}, {0, 36}}, ignored},
		{"many small ones", "0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15,16-16", 20, noLimit, nil, ignored},
		{"many small ones, allowed", "0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15,16-16", 20, 100, nil, satisfiable},
		{"above the limit", "0-0,2-2", 36, 1, nil, ignored},
		{"at the limit", "0-0,2-2", 36, 2, []span{{0, 1}, {2, 3}}, satisfiable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, found := parse(nil, []byte(tc.set), tc.length, tc.limit)
			if found != tc.found || tc.want != nil && !slices.Equal(got, tc.want) {
				t.Errorf("%v %v, want %v %v", got, found, tc.want, tc.found)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("0-1,-5, 7-"), int64(36), noLimit)
	f.Add([]byte("9223372036854775807-9223372036854775807"), int64(1), 2)
	f.Fuzz(func(t *testing.T, set []byte, length int64, limit int) {
		if length < 0 {
			return
		}
		got, found := parse(nil, set, length, limit)
		if found != satisfiable {
			return
		}
		if len(got) == 0 || limit >= 0 && len(got) > limit {
			t.Errorf("%d ranges", len(got))
		}
		for _, s := range got {
			if s.start < 0 || s.start >= s.end || s.end > length {
				t.Errorf("%v of %d", s, length)
			}
		}
	})
}
