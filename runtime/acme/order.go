package acme

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Order is one certificate that is wanted of an issuer: what acme_certificate says. Servers
// that want the same share it.
type Order struct {
	Issuer string
	Names  []Name
	Key    Key
	ID     string // see Identify
}

// Name is an identifier in a certificate: a host name in lower case, or an address in its
// canonical form.
type Name struct {
	Value string
	IP    bool
}

// key distinguishes the order from others in a Table.
func (o *Order) key() string { return o.Issuer + "\x00" + o.ID }

// Identify sets the ID of an order whose other fields are complete: the first host name, else
// the first address, and a hash of all that the certificate has to be. It is that of nginx's
// module, which names files by it.
func (o *Order) Identify() {
	first := slices.IndexFunc(o.Names, func(n Name) bool { return !n.IP })
	o.ID = fmt.Sprintf("%s-%x", o.Names[max(first, 0)].Value, sip(o.bytes()))
}

// bytes is what nginx's module hashes: the number of names, each with its kind, then the key.
func (o *Order) bytes() []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(o.Names)))
	for _, n := range o.Names {
		b = binary.LittleEndian.AppendUint64(b, number(n.IP))
		b = append(append(b, n.Value...), 0xff)
	}
	b = binary.LittleEndian.AppendUint64(b, number(o.Key.RSA))
	return binary.LittleEndian.AppendUint32(b, uint32(o.Key.Bits))
}

func number(second bool) uint64 {
	if second {
		return 1
	}
	return 0
}

// AddName adds what acme_certificate or server_name says: a host name, an address, or a host name
// after a dot, which stands for itself and for www in front of it. The errors are in nginx's words.
func (o *Order) AddName(text string) error {
	if ip, err := netip.ParseAddr(text); err == nil && ip.Zone() == "" {
		o.Names = append(o.Names, Name{ip.String(), true})
		return nil
	}
	if err := checkName(text); err != nil {
		return fmt.Errorf("invalid server name: %w", err)
	}
	text = strings.ToLower(text)
	if host, ok := strings.CutPrefix(text, "."); ok {
		o.Names = append(o.Names, Name{Value: "www." + host}, Name{Value: host})
		return nil
	}
	o.Names = append(o.Names, Name{Value: text})
	return nil
}

// nameMarks are the characters of a host name beside letters and digits.
const nameMarks = "-_~%!$&'()+,;="

// checkName checks that text may be the name in an order.
func checkName(text string) error {
	const start, label, dot, star = 0, 1, 2, 3
	state := start
	for i := range len(text) {
		c := text[i]
		switch {
		case c <= 0x20 || c >= 0x7f:
			return fmt.Errorf("invalid character %x at position %d", c, i)
		case c == '*' && state == start:
			state = star
		case c == '.' && state != dot:
			state = dot
		case state == star || !isLabel(c):
			return errors.New("unexpected character '" + string(rune(c)) + "' at position " + strconv.Itoa(i))
		default:
			state = label
		}
	}
	if state != label {
		return errors.New("does not end with a label")
	}
	return nil
}

func isLabel(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte(nameMarks, c) >= 0
}

// ServerName is the name that a CA sends in the handshake of tls-alpn-01 (RFC 8737, and RFC
// 8738 for addresses).
func (n Name) ServerName() string {
	ip, err := netip.ParseAddr(n.Value)
	if !n.IP || err != nil {
		return n.Value
	}
	var labels []string
	for _, b := range slices.Backward(ip.AsSlice()) {
		if ip.Is4() {
			labels = append(labels, strconv.Itoa(int(b)))
		} else {
			labels = append(labels, strconv.FormatUint(uint64(b&15), 16), strconv.FormatUint(uint64(b>>4), 16))
		}
	}
	if ip.Is4() {
		return strings.Join(labels, ".") + ".in-addr.arpa"
	}
	return strings.Join(labels, ".") + ".ip6.arpa"
}
