package gzip

import "testing"

// What nginx 1.31.5 answers for each value.
func TestAccepted(t *testing.T) {
	for value, want := range map[string]bool{
		"":                          false,
		"gzip":                      true,
		"GZIP":                      true,
		"gzi":                       false,
		"gzip,deflate":              true,
		"deflate, gzip":             true,
		"deflate,gzip":              true,
		"deflate;gzip":              false,
		"xgzip":                     false,
		"xgzip, gzip":               true,
		"gzipx":                     false,
		"gzipx, gzip":               false,
		"*":                         false,
		"identity":                  false,
		"gzip ;q=1":                 true,
		"gzip;q=1":                  true,
		"gzip; q=1.000":             true,
		"gzip; q=1.0001":            false,
		"gzip; q=1.1":               false,
		"gzip; q=1.1, deflate":      false,
		"gzip;q=0":                  false,
		"gzip;q=0.":                 false,
		"gzip;q=0.0":                false,
		"gzip;q=0.000":              false,
		"gzip;q=0.001":              true,
		"gzip;q=0.5, br":            true,
		"gzip;Q=0.5":                true,
		"gzip;q=2":                  false,
		"gzip;q=":                   false,
		"gzip;q":                    false,
		"gzip;":                     true,
		"gzip; ":                    true,
		"gzip;x=1":                  false,
		"gzip;q=0.x":                false,
		"gzip;q=1 , x":              true,
		"br;q=1.0, gzip;q=0.8, *;q": true,
	} {
		if got := Accepted([]byte(value)); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}

func TestHasToken(t *testing.T) {
	for value, want := range map[string]bool{
		"no-cache":               true,
		"NO-CACHE":               true,
		"no-cache ":              true,
		"no-cache=x":             false,
		"no-cachex":              false,
		"private, no-cache":      true,
		"private,no-cache,x":     true,
		"private;no-cache":       true,
		"no-cache;x":             false,
		"x-no-cache":             false,
		"private=\"a,no-cache\"": false,
		"":                       false,
	} {
		if got := hasToken([]byte(value), "no-cache"); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}

func TestExpired(t *testing.T) {
	const early, late = "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 2050 08:49:37 GMT"
	for _, c := range []struct {
		expires, date string
		want          bool
	}{
		{early, "", true},
		{late, "", false},
		{early, early, false},
		{early, late, true},
		{"0", "", false},
		{early, "yesterday", false},
	} {
		var date []byte
		if c.date != "" {
			date = []byte(c.date)
		}
		if got := expired([]byte(c.expires), date); got != c.want {
			t.Errorf("%q, %q: %v", c.expires, c.date, got)
		}
	}
}

func FuzzAccepted(f *testing.F) {
	for _, s := range []string{"gzip", "gzip;q=0.5, br", "deflate, gzip; q=", "x gzip;q=1.000,"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(_ *testing.T, v []byte) {
		Accepted(v)
		hasToken(v, "no-cache")
	})
}
