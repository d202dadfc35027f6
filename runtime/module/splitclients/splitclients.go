package splitclients

import (
	"math"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// Module is ngx_http_split_clients_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_split_clients_module", Register: register}
}

func register(b *httpd.Builder, m *conf.Module) {
	b.Loader.Opaque("split_clients")
	m.Block("split_clients", func(c *conf.Cmd) error { return define(b, c) })
}

// define handles `split_clients key $variable { ... }`.
func define(b *httpd.Builder, c *conf.Cmd) error {
	key, name, err := b.KeyAndVariable(c)
	if err != nil {
		return err
	}
	v := &variable{key: key, parts: read(c)}
	if _, err := b.Vars.Add(name, httpd.Var{Get: v.get, Changeable: true}, false); err != nil {
		return c.Errorf("%s", err.Error())
	}
	return nil
}

// variable is a split_clients block.
type variable struct {
	key   *script.Value
	parts parts
}

// get computes the variable.
func (v *variable) get(r *httpd.Request, _ string) ([]byte, bool) {
	return v.parts.find(murmur2(v.key.Eval(r))), true
}

// part is a share of the clients: those whose hash is below the limit and not
// below the limits before.
type part struct {
	limit uint32
	rest  bool // whatever is left
	value []byte
}

type parts []part

// find returns the value for a hash, nil where the parts do not add up to 100%
// and the hash is beyond them.
func (p parts) find(hash uint32) []byte {
	for i := range p {
		if p[i].rest || hash < p[i].limit {
			return p[i].value
		}
	}
	return nil
}

// whole is 100%, in hundredths of a percent.
const whole = 10000

// read reads the items of the block that c opens.
func read(c *conf.Cmd) (list parts) {
	sum, limit := 0, uint32(0)
	for n := range c.Items() {
		share, msg := item(n)
		if msg != "" {
			c.ItemErr(n, "%s", msg)
			return nil
		}
		p := part{value: []byte(n.Args[0].Value)}
		if sum += share; share == 0 {
			sum = whole
		}
		if p.rest = sum == whole; !p.rest {
			limit += uint32(uint64(share) * math.MaxUint32 / whole)
			p.limit = limit
		}
		list = append(list, p)
		if sum > whole {
			c.EndErr("%s", "percent total is greater than 100%")
			return nil
		}
	}
	return list
}

// item reads the share of one item, in hundredths of a percent; 0 stands for
// "*", the rest. msg is what is wrong with it.
func item(n *conf.Node) (share int, msg string) {
	key := n.Name.Value
	switch {
	case n.Err != nil:
		return 0, n.Err.Msg
	case n.IsBlock:
		return 0, `unexpected "{"`
	}
	if key != "*" {
		text, ok := strings.CutSuffix(key, "%")
		var valid bool
		if share, valid = percent(text); !ok || !valid || share == 0 {
			return 0, `invalid percent value "` + key + `"`
		}
	}
	if len(n.Args) == 0 { // nginx takes what happens to lie behind the arguments
		return 0, `no value for "` + key + `"`
	}
	return share, ""
}

// percent reads a decimal number of up to two places, times 100.
func percent(s string) (int, bool) {
	units, cents, point := strings.Cut(s, ".")
	if s == "" || point && len(cents) > 2 {
		return 0, false
	}
	digits := units + (cents + "00")[:2]
	return conf.ParseInt(digits)
}
