package securelink

import "testing"

// hash is the MD5 of text in base64url.
const (
	text = "text"
	hash = "HLJR7A1WjeapKbUgxK7Y0Q"
)

func TestCheckHash(t *testing.T) {
	for _, c := range []struct {
		name, hash string
		want       bool
	}{
		{"good", hash, true},
		{"padded", hash + "==", true},
		{"something behind the padding", hash + "=x", true},
		{"too long", hash + "===", false},
		{"short", hash[:21], false},
		{"empty", "", false},
		{"other", "AAAAAAAAAAAAAAAAAAAAAA", false},
		{"the alphabet of base64", "+/AAAAAAAAAAAAAAAAAAAA", false},
		{"line feeds", hash[:11] + "\n" + hash[11:] + "\n", false},
	} {
		if got := checkHash([]byte(c.hash), []byte(text)); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

type heap struct{}

func (heap) Alloc(n int) []byte { return make([]byte, n) }

func TestCheckPath(t *testing.T) {
	const md5 = "9e107d9d372bb6826bd81d3542a419d6" // of "The quick brown fox jumps over the lazy dog"
	const link, secret = "The quick brown fox", " jumps over the lazy dog"
	for _, c := range []struct{ name, uri, want string }{
		{"good", "/p/" + md5 + "/" + link, link},
		{"upper case", "/p/9E107D9D372BB6826BD81D3542A419D6/" + link, link},
		{"other hash", "/p/00107d9d372bb6826bd81d3542a419d6/" + link, ""},
		{"other link", "/p/" + md5 + "/x", ""},
		{"no link", "/p/" + md5 + "/", ""},
		{"no hash", "/p/", ""},
		{"no prefix", "/p", ""},
		{"not hexadecimal", "/p/zz107d9d372bb6826bd81d3542a419d6/" + link, ""},
		{"empty", "", ""},
	} {
		got, ok := checkPath([]byte(c.uri), []byte(secret), heap{})
		if ok != (c.want != "") || ok && string(got) != c.want {
			t.Errorf("%s: %q, %v", c.name, got, ok)
		}
	}
}

func TestParseTime(t *testing.T) {
	for in, want := range map[string]int64{
		"1": 1, "2147483647": 2147483647, "9223372036854775807": 1<<63 - 1,
		"": 0, "0": 0, "-1": 0, "9223372036854775808": 0, "1x": 0, " 1": 0,
	} {
		got, ok := parseTime([]byte(in))
		if !ok {
			got = 0
		}
		if got != want {
			t.Errorf("parseTime(%q) = %d, want %d", in, got, want)
		}
	}
}

func TestCheckHashDoesNotAllocate(t *testing.T) {
	h, b := []byte(hash), []byte(text)
	if n := testing.AllocsPerRun(100, func() { checkHash(h, b) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzCheckPath(f *testing.F) {
	f.Add([]byte("/p/9e107d9d372bb6826bd81d3542a419d6/The quick brown fox"))
	f.Add([]byte("//"))
	f.Add([]byte("/p/9e107d9d372bb6826bd81d3542a419d6/"))
	f.Fuzz(func(t *testing.T, uri []byte) {
		link, ok := checkPath(uri, []byte("secret"), heap{})
		if ok && len(link) == 0 || !ok && link != nil {
			t.Fatalf("%q: %q, %v", uri, link, ok)
		}
		checkHash(uri, []byte("secret"))
	})
}
