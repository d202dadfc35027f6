package tlsconf

import (
	"crypto/tls"
	"slices"
	"strconv"
	"strings"
)

// DefaultCurve is the default of ssl_ecdh_curve: the library's own choice.
const DefaultCurve = "auto"

// A group is one key exchange group OpenSSL has a name for.
type group struct {
	id   tls.CurveID
	name string // as $ssl_curve prints it
	tls  string // its name in RFC 8446 where that differs, else ""
	nist string // NIST's name, the only one compared with regard to case, or ""
}

// groups is sorted by number and never written.
var groups = [...]group{
	{1, "sect163k1", "", "K-163"},
	{2, "sect163r1", "", ""},
	{3, "sect163r2", "", "B-163"},
	{4, "sect193r1", "", ""},
	{5, "sect193r2", "", ""},
	{6, "sect233k1", "", "K-233"},
	{7, "sect233r1", "", "B-233"},
	{8, "sect239k1", "", ""},
	{9, "sect283k1", "", "K-283"},
	{10, "sect283r1", "", "B-283"},
	{11, "sect409k1", "", "K-409"},
	{12, "sect409r1", "", "B-409"},
	{13, "sect571k1", "", "K-571"},
	{14, "sect571r1", "", "B-571"},
	{15, "secp160k1", "", ""},
	{16, "secp160r1", "", ""},
	{17, "secp160r2", "", ""},
	{18, "secp192k1", "", ""},
	{19, "prime192v1", "secp192r1", "P-192"},
	{20, "secp224k1", "", ""},
	{21, "secp224r1", "", "P-224"},
	{22, "secp256k1", "", ""},
	{23, "prime256v1", "secp256r1", "P-256"},
	{24, "secp384r1", "", "P-384"},
	{25, "secp521r1", "", "P-521"},
	{26, "brainpoolP256r1", "", ""},
	{27, "brainpoolP384r1", "", ""},
	{28, "brainpoolP512r1", "", ""},
	{29, "X25519", "", ""},
	{30, "X448", "", ""},
	{256, "ffdhe2048", "", ""},
	{257, "ffdhe3072", "", ""},
	{258, "ffdhe4096", "", ""},
	{259, "ffdhe6144", "", ""},
	{260, "ffdhe8192", "", ""},
	{512, "MLKEM512", "", ""},
	{513, "MLKEM768", "", ""},
	{514, "MLKEM1024", "", ""},
	{4587, "SecP256r1MLKEM768", "", ""},
	{4588, "X25519MLKEM768", "", ""},
	{4589, "SecP384r1MLKEM1024", "", ""},
}

// Curves is an evaluated group list.
type Curves struct {
	// IDs are the groups crypto/tls implements, for
	// tls.Config.CurvePreferences; nil for "auto". crypto/tls keeps its own order
	// of preference.
	IDs []tls.CurveID
	// Unsupported are the groups of the list that OpenSSL knows and crypto/tls
	// lacks (X448, brainpool, ffdhe …). When IDs is empty and this is not, no
	// handshake could succeed: the caller should refuse the list.
	Unsupported []string
}

// ParseCurves evaluates the value of ssl_ecdh_curve: "auto", or names separated
// by colons. Of OpenSSL 3.5's syntax, `?name` (pass over if unknown), `*name`
// (send a key share) and `/` (next tuple) are understood. The *Error is worded
// as nginx's over OpenSSL 3.0.
func ParseCurves(list string) (*Curves, error) {
	c := &Curves{}
	if list == DefaultCurve {
		return c, nil
	}
	fail := func(queue ...string) (*Curves, error) {
		return nil, &Error{Op: `SSL_CTX_set1_curves_list("` + list + `") failed`, Queue: queue}
	}
	var seen []tls.CurveID
	for word := range strings.SplitSeq(strings.ReplaceAll(list, "/", ":"), ":") {
		name := strings.TrimLeft(strings.Trim(word, " \t"), "?*")
		if name == "" {
			return fail()
		}
		g := groupByName(name)
		switch {
		case g == nil && strings.Contains(word, "?"):
			continue
		case g == nil:
			return fail("error:0A080106:SSL routines::passed invalid argument:group '" + name + "' cannot be set")
		case slices.Contains(seen, g.id):
			return fail()
		}
		seen = append(seen, g.id)
		if goGroup(g.id) {
			c.IDs = append(c.IDs, g.id)
		} else {
			c.Unsupported = append(c.Unsupported, g.name)
		}
	}
	return c, nil
}

// groupByName finds a group by any of its names.
func groupByName(name string) *group {
	folded := lower(name)
	for i := range groups {
		g := &groups[i]
		if folded == lower(g.name) || folded == lower(g.tls) || name == g.nist {
			return g
		}
	}
	return nil
}

// goGroup reports whether crypto/tls implements a group.
func goGroup(id tls.CurveID) bool {
	switch id {
	case tls.CurveP256, tls.CurveP384, tls.CurveP521, tls.X25519,
		tls.X25519MLKEM768, tls.SecP256r1MLKEM768, tls.SecP384r1MLKEM1024:
		return true
	}
	return false
}

// CurveName is the value of $ssl_curve: OpenSSL's short name of the group a
// handshake used, "" for 0 (no key exchange group: RSA key exchange), 0x%04x for
// one without a name. It does not allocate for groups crypto/tls implements.
func CurveName(id tls.CurveID) string {
	if id == 0 {
		return ""
	}
	if g := groupByID(id); g != nil {
		return g.name
	}
	return string(appendHex16(nil, uint16(id)))
}

// groupByID finds a group by number.
func groupByID(id tls.CurveID) *group {
	i, ok := slices.BinarySearchFunc(groups[:], id, func(g group, id tls.CurveID) int { return int(g.id) - int(id) })
	if !ok {
		return nil
	}
	return &groups[i]
}

// AppendCurves appends the value of $ssl_curves, the groups a client offers:
// names joined by colons, 0x%04x where there is none.
func AppendCurves(dst []byte, offered []tls.CurveID) []byte {
	for i, id := range offered {
		if i > 0 {
			dst = append(dst, ':')
		}
		if g := groupByID(id); g != nil {
			dst = append(dst, g.name...)
		} else {
			dst = appendHex16(dst, uint16(id))
		}
	}
	return dst
}

// appendHex16 appends v as 0x and four lower-case digits.
func appendHex16(dst []byte, v uint16) []byte {
	dst = append(dst, "0x"...)
	for limit := uint16(0x1000); limit > 1 && v < limit; limit >>= 4 {
		dst = append(dst, '0')
	}
	return strconv.AppendUint(dst, uint64(v), 16)
}
